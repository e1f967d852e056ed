"""One module a verb. Its imports at the top are cheap ones; what a verb works with, it imports when it runs."""

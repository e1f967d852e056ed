"""One module per verb. Its imports at the top are cheap. A verb imports what it works with when it runs."""

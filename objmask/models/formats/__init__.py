"""File formats of networks: what a file says of itself, read without running it."""

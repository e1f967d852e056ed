"""What runs networks: a module for each library."""

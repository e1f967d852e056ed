"""The things in the rendered office, one module a family."""

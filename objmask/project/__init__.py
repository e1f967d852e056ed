"""The project's files beside its modules (workflow, settings, profiles), and run folders made of them."""

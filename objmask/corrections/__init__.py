"""What people put right: objects added, dropped and named, applied whenever tracks are read."""

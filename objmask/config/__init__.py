"""What a user can set: as people write it, complete with defaults, checked before any job starts."""

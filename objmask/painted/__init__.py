"""What is painted: which objects of each frame count, and which pixels each of them has. Decided once, in one table."""

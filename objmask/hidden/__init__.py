"""What is hidden: which areas of each frame, and because of which objects. Decided once, in one table."""

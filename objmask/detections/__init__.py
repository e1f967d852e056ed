"""What a network found: validated arrays, the frames table beside them, masks as pixels, classes and their groups."""

"""Detections: checked arrays, the frames table beside them, soft masks as pixels, classes and their groups."""

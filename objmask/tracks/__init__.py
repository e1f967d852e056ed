"""Detections over time: which ones are the same object, where it was when the network missed it, how sure."""

"""How good detections are, beside annotated pictures and video: precision, pixels, privacy."""

"""Object-detection networks: what they are, how they are installed, and how frames become detections."""

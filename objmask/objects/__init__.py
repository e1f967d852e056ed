"""Objects over time: which detections are one object, where it was when the network missed it, what people changed."""

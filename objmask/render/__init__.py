"""Videos made from detections: colour masks, overlay, protected video."""

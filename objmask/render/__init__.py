"""What becomes of detections: colour masks, overlay, protected video."""

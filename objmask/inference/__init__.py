"""From a chunk of video to stored detections: frames, key frames, and the process that keeps a network loaded."""

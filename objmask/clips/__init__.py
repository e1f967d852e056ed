"""Training clips: a fixed number of small pictures a video, the input of an activity-recognition network."""

"""What the summaries of videos and the page that shows them agree on."""

FORMAT = 5
"""Of a video summary; a page refuses others."""
POINTS = 300
"""A timeline has at most so many points: more than that no screen shows side by side."""
PARTS = 10_000
"""Fractions on a timeline count such parts of the picture: two digits behind the point of a percentage."""
MANY = 20
"""Frames with at least so many objects are counted together."""
BINS = 20
"""Scores are counted in so many equal bins over 0..1."""
NEAR = 0.05
"""A score is near a threshold when it differs by at most this."""
GAP_S = 3.0
"""Where nothing is hidden for at most so long, and something is before and after, an object was likely missed."""

"""The groups and sensitive objects that the configuration has when it says nothing of them."""

from __future__ import annotations

from objmask.detections.classes import Group, Palette

PALETTE = Palette(
    (
        Group("person", ("person",), (255, 255, 255)),
        Group("screen", ("tv", "laptop"), (255, 0, 0)),
        Group("drink", ("bottle", "wine glass", "cup"), (0, 0, 255)),
        Group("phone", ("cell phone",), (0, 255, 255)),
        Group("oven", ("microwave", "oven"), (255, 255, 0)),
        Group("sink", ("sink",), (100, 150, 200)),
        Group("book", ("book",), (255, 0, 255)),
        Group("keyboard", ("keyboard",), (0, 255, 0)),
    )
)
"""`groups` of the configuration's schema."""
SENSITIVE = (
    *("person", "tv", "laptop", "toilet", "keyboard", "cell phone", "book"),
    *("face", "hand", "text"),
)
"""`sensitive_objects` there. The last three are found by models of their own."""
SCORES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
"""`evaluation.scores` there."""

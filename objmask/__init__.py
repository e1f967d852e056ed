"""Colour-coded object masks, privacy-protected video and coverage statistics from first-person office video."""

__version__ = "0.1.0"

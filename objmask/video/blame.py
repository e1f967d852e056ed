"""The errors to raise for those of FFmpeg and the operating system: they say whose fault it is, and what to do."""

from __future__ import annotations

from pathlib import Path

import av

from objmask.errors import MachineError, VideoError, is_machines

REPLACE = "replace the file or take it out of the input"


def reason(error: Exception) -> str:
    """One line from an error of FFmpeg or the operating system, without its number and path."""
    return " ".join(str(getattr(error, "strerror", None) or error or type(error).__name__).split())


def blamed(path: Path, error: Exception, what: str, remedy: str, *, else_what: str | None = None) -> VideoError:
    """The error to raise for one of FFmpeg or the operating system: the file's own, or the machine's.

    Args:
        path: the file.
        error: what was raised.
        what: what is wrong with the file.
        remedy: what to do about the file.
        else_what: what went wrong when it is the machine's fault; None: the same.
    """
    if is_machines(error):
        said = f"{path}: {else_what or what} ({reason(error)})"
        return MachineError(f"{said}; that is the machine's fault and not the file's: mend it and run again")
    return VideoError(f"{path}: {what} ({reason(error)}); {remedy}")


def unwritable(path: Path, error: Exception) -> VideoError:
    """The error to raise for one of FFmpeg or the operating system when a video is written."""
    # What a format or encoder calls invalid came from the video; all else is of the place that is written to.
    kind = VideoError if isinstance(error, av.ArgumentError | av.InvalidDataError) else MachineError
    return kind(f"{path}: cannot be written ({reason(error)})")

"""How long a video is, how long it claims to be, and whether it is truncated."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.video.scan import Scan
from objmask.video.source import OnTruncated
from objmask.video.timing import choose_rule, nominal_step, retime

_FALLBACK_RATE = Fraction(25)
_FALLBACK_TIME_BASE = Fraction(1, 90000)
_KEYFRAME_DISTANCE = 30
"""Frames between stored keyframes at least: files of keyframes only need not store them all."""
_MISSING_FRAMES, _MISSING_S = 2, Fraction(1, 10)
"""How much of the declared end may be missing before a video counts as truncated; the larger one holds."""
_STREAM_DECLARES = frozenset({"mov", "avi"})
_CONTAINER_DECLARES = frozenset({"matroska", "flv", "asf"})
"""Formats whose headers say how long they are; for others FFmpeg's duration is a guess from what it has seen."""


def times_of(stream: VideoStream, scan: Scan, warnings: list[str]) -> dict[str, Any]:
    """The fields of `VideoInfo` on times, as decoded; adds to `warnings`."""
    time_base = stream.time_base or _FALLBACK_TIME_BASE
    rate = stream.guessed_rate or stream.average_rate or _FALLBACK_RATE
    step = nominal_step(rate, time_base)
    rule = choose_rule(scan.pts)
    pts = [time for time, _ in retime(((p, None) for p in scan.pts), rule, step)]
    end = pts[-1] + (scan.last_duration or step)
    changed = sum(a != b for a, b in zip(scan.pts, pts, strict=True))
    if changed:
        warnings.append(f"times of {changed} of {len(pts)} frames {rule}: in the file they are missing or out of order")
    return {
        "time_base": time_base,
        "rate": rate,
        "packets": scan.packets,
        "frames": len(pts),
        "start_pts": pts[0],
        "end_pts": end,
        "duration_s": float((end - pts[0]) * time_base),
        "pts_rule": rule,
        "pts_changed": changed,
        "keyframes": _keyframes(pts, scan) if rule == "kept" else [],
    }


def completeness_of(
    path: Path,
    opened: tuple[InputContainer, VideoStream],
    scan: Scan,
    times: dict[str, Any],
    on_truncated: OnTruncated,
    warnings: list[str],
) -> dict[str, Any]:
    """The fields of `VideoInfo` on what the file declares, against what `times_of` found; adds to `warnings`.

    Raises:
        VideoError: the video is truncated and that is to fail.
    """
    rate, frames = times["rate"], times["frames"]
    declared_s, missing_s = _declared(*opened, scan, times["end_pts"] * times["time_base"])
    declared = opened[1].frames or (None if declared_s is None else round(declared_s * rate))
    truncated = _is_truncated(path, scan, missing_s, rate, on_truncated, warnings)
    if scan.packets != frames or declared not in (None, frames):
        warnings.append(
            f"the file declares or implies {'no number of' if declared is None else declared} frames, "
            f"has {scan.packets} packets, and {frames} decode; {frames} are used"
        )
    if scan.corrupt:
        warnings.append(f"{scan.corrupt} frames are damaged and were patched up by the decoder")
    return {
        "declared_frames": declared,
        "declared_duration_s": None if declared_s is None else float(declared_s),
        "truncated": truncated,
    }


def _keyframes(pts: list[int], scan: Scan) -> list[tuple[int, int]]:
    """Frames that container and decoder both call keyframes: seeking to anything else lands elsewhere."""
    chosen: list[tuple[int, int]] = []
    for number, time in enumerate(pts):
        seekable = time in scan.key_frames and time in scan.key_packets
        if seekable and (not chosen or number - chosen[-1][0] >= _KEYFRAME_DISTANCE):
            chosen.append((number, time))
    return chosen


def _declared(
    container: InputContainer, stream: VideoStream, scan: Scan, end_s: Fraction
) -> tuple[Fraction | None, Fraction]:
    """Declared duration of the video (s, None = unknown), missing part of its declared end (s, 0 when unknown)."""
    formats = set(container.format.name.split(","))
    if formats & _STREAM_DECLARES and stream.duration and stream.time_base:
        declared = stream.duration * stream.time_base
        return declared, (stream.start_time or 0) * stream.time_base + declared - end_s
    tag = _seconds(stream.metadata.get("DURATION", ""))
    if tag is not None:
        return tag, tag - end_s
    if not container.duration or not formats & _CONTAINER_DECLARES:
        return None, Fraction(0)
    # The longest stream sets a container's duration, and that may be the audio: compare with the end of them all.
    declared = Fraction(container.duration, av.time_base)
    return None if container.streams.audio else declared, declared - max(end_s, scan.file_end_s)


def _seconds(tag: str) -> Fraction | None:
    """Seconds from Matroska's `hh:mm:ss.fraction`."""
    try:
        hours, minutes, seconds = tag.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    except ValueError:
        return None


def _is_truncated(
    path: Path, scan: Scan, missing_s: Fraction, rate: Fraction, on_truncated: OnTruncated, warnings: list[str]
) -> bool:
    short = missing_s > max(_MISSING_FRAMES / rate, _MISSING_S)
    if short and on_truncated == "fail":
        raise VideoError(
            f"{path}: truncated, ends {float(missing_s):.2f} s before its declared end ({len(scan.pts)} frames can be "
            "read); replace the file, or set on_truncated: keep"
        )
    if short:
        warnings.append(f"TRUNCATED: ends {float(missing_s):.2f} s before its declared end; the readable part is kept")
    if scan.errors:
        warnings.append(f"DAMAGED: {len(scan.errors)} pictures are lost ({scan.errors[0]}); the readable part is kept")
    return short or bool(scan.errors)

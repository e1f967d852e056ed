"""How long a video is, how long it claims to be, and whether it is truncated."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from objmask.errors import VideoError
from objmask.video.info import PtsRule
from objmask.video.scan import Scan
from objmask.video.source import OnTruncated
from objmask.video.timing import choose_rule, first_time, nominal_step, retime

_FALLBACK_RATE = Fraction(25)
_FALLBACK_TIME_BASE = Fraction(1, 90000)
_SAME_RATE = Fraction(3, 2)
"""Rates of less than this ratio are one: clocks of milliseconds and recorders that are late now and then."""
_CLOCK_RATE = 1000
"""Frames a second that are the clock of a container, and of no camera for the office."""
_STEPS_US = (1, 10**9)
"""What a distance of frames may be as a nominal one, microseconds: numbers stay small enough for FFmpeg."""
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
    rule = choose_rule(scan.pts)
    declared = stream.guessed_rate or stream.average_rate
    rate = nominal_rate(declared, scan.pts, rule, time_base)
    step = nominal_step(rate, time_base)
    pts = [time for time, _ in retime(((p, None) for p in scan.pts), rule, step, first_time(scan.pts, step))]
    changed = sum(a != b for a, b in zip(scan.pts, pts, strict=True))
    if changed:
        by = max((abs(a - b) for a, b in zip(scan.pts, pts, strict=True) if a is not None), default=0)
        sound = (
            f", by up to {float(by * time_base):.3g} s; sound keeps its own" if rule == "repaired" and by > step else ""
        )
        warnings.append(
            f"times of {changed} of {len(pts)} frames {rule}: in the file they are missing or out of order{sound}"
        )
    shift = max(0, -pts[0])
    if shift:
        warnings.append(
            f"its times begin {float(shift * time_base):.6g} s before zero, which MP4 cannot hold: all are later by "
            f"{shift * time_base} s, in tables, pictures and sound"
        )
        pts = [time + shift for time in pts]
    # Where a clock is taken for the rate, FFmpeg takes a tick of it for a frame's duration.
    known = scan.last_duration if rate == declared or not declared or declared < _CLOCK_RATE else 0
    end = pts[-1] + (known if known > 0 else step)
    return {
        "time_base": time_base,
        "rate": rate,
        "packets": scan.packets,
        "frames": len(pts),
        "start_pts": pts[0],
        "end_pts": end,
        "duration_s": float((end - pts[0]) * time_base),
        "shift_pts": shift,
        "pts_rule": rule,
        "pts_changed": changed,
        "keyframes": _keyframes(pts, shift, scan) if rule == "kept" else [],
    }


def nominal_rate(declared: Fraction | None, pts: Sequence[int | None], rule: PtsRule, time_base: Fraction) -> Fraction:
    """Frames a second: as declared, unless the frames' own times say otherwise.

    What is declared may be the clock of the container (1000 in WebM, 90000 in MPEG) or of a recorder that leaves out
    pictures in which nothing moves.

    Args:
        declared: by the file; None or 0 when it does not.
        pts: as decoded; None = missing.
        rule: what `choose_rule` said of them.
        time_base: seconds a pts unit.
    """
    present = [p for p in pts if p is not None]
    steps = sorted(b - a for a, b in pairwise(present if rule == "repaired" else sorted(present)) if b > a)
    if not steps:
        return declared if declared and declared < _CLOCK_RATE else _FALLBACK_RATE
    low, high = _STEPS_US
    measured = Fraction(10**6, min(high, max(low, round(steps[len(steps) // 2] * time_base * 10**6))))
    return declared if declared and 1 / _SAME_RATE < declared / measured < _SAME_RATE else measured


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
    end_s = (times["end_pts"] - times["shift_pts"]) * times["time_base"]
    declared_s, missing_s = _declared(*opened, scan, end_s)
    if opened[1].frames and opened[1].frames == scan.packets + scan.discarded:
        missing_s = Fraction(0)  # all are there: with B-frames, MP4 cannot say how long the last one is to be seen
    declared = _declared_frames(*opened, scan, times, declared_s)
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


def _declared_frames(
    container: InputContainer, stream: VideoStream, scan: Scan, times: dict[str, Any], declared_s: Fraction | None
) -> int | None:
    """Frames that the file declares, or implies by a duration; None when it says nothing of them."""
    frames: int = times["frames"]
    rate: Fraction = times["rate"]
    start_s: Fraction = (times["start_pts"] - times["shift_pts"]) * times["time_base"]
    # AVI counts the ticks of its clock, and a picture may be shown for many.
    ticks = "avi" in container.format.name.split(",") and nominal_step(rate, times["time_base"]) > 1
    if stream.frames and not ticks:
        return stream.frames - scan.discarded
    # Of frames that come now and then, a duration says nothing.
    if ticks or declared_s is None or abs(times["duration_s"] * rate - frames) >= 1:
        return None
    # It ends there, need not begin at zero, and says nothing of how long the last frame is to be seen.
    span_s = declared_s if 0 <= start_s * rate < _MISSING_FRAMES else declared_s - start_s
    return max(frames, round(span_s * rate))


def _keyframes(pts: list[int], shift: int, scan: Scan) -> list[tuple[int, int]]:
    """Frames that container and decoder both call keyframes: seeking to anything else lands elsewhere."""
    chosen: list[tuple[int, int]] = []
    for number, time in enumerate(pts):
        seekable = time - shift in scan.key_frames and time - shift in scan.key_packets
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
    if scan.breaks_off and on_truncated == "fail":
        raise VideoError(
            f"{path}: truncated, breaks off within a picture or sound ({len(scan.pts)} frames can be read); replace "
            "the file, or set on_truncated: keep"
        )
    if scan.breaks_off:
        warnings.append("TRUNCATED: breaks off within a picture or sound; the readable part is kept")
    if scan.errors:
        warnings.append(f"DAMAGED: {len(scan.errors)} pictures are lost ({scan.errors[0]}); the readable part is kept")
    return short or scan.breaks_off or bool(scan.errors)

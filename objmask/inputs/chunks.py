"""Chunks: the parts of a video that go through the network on their own, and what they are called."""

from __future__ import annotations

import re

from objmask.errors import ConfigError

LIKE_A_CHUNK = re.compile(r"^\d{8}-\d{8}$")


def chunks(packets: int, chunk_frames: int) -> list[str]:
    """Names of a video's chunks, `<first frame>-<frame after the last>`; one for the whole when `chunk_frames` is 0."""
    step = chunk_frames or max(packets, 1)
    return [f"{first:08d}-{min(first + step, packets):08d}" for first in range(0, max(packets, 1), step)]


def chunk_range(name: str) -> tuple[int, int]:
    """First frame and the frame after the last one of a chunk, from its name.

    Raises:
        ConfigError: not a chunk's name.
    """
    if not LIKE_A_CHUNK.match(name):
        raise ConfigError(f"chunk '{name}': expected <first frame>-<frame after the last>, eight digits each")
    first, stop = name.split("-")
    return int(first), int(stop)

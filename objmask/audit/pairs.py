"""Protected video beside its source, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from objmask.errors import DataError
from objmask.video.info import VideoInfo
from objmask.video.reader import Frame


def pairs(
    info: VideoInfo, frames: Iterable[Frame], protected: VideoInfo, others: Iterator[Frame]
) -> Iterator[tuple[Frame, Frame]]:
    """Each frame of the source and its protected version, which has the same time.

    Args:
        info: of the source.
        frames: of the source.
        protected: of the protected video.
        others: its frames.

    Raises:
        DataError: the videos have not the same frames.
        VideoError: a video cannot be read.
    """
    for frame in frames:
        other = next(others, None)
        if other is None or other.pts * protected.time_base != frame.pts * info.time_base:
            raise DataError(f"frame {frame.number} is not in the protected video, or at another time; delete that")
        yield frame, other
    if next(others, None) is not None:
        raise DataError("the protected video has more frames than its source; delete it and run again")

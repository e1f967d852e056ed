"""One loop for every kind of video that is made from detections, and what a kind has to provide."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from objmask.detections import Detections
from objmask.errors import DataError
from objmask.pipeline import ahead
from objmask.progress import Progress
from objmask.tables import Tables, found_by_frame
from objmask.video.info import VideoInfo
from objmask.video.planes import Planes
from objmask.video.reader import Window, read_frames
from objmask.video.source import OnTruncated
from objmask.video.writer import VideoWriter

Prepared = TypeVar("Prepared")


class Renderer(Protocol[Prepared]):
    """Makes a picture from a source picture and the detections around it; holds parameters, never frames.

    Attributes:
        hold: how many frames before and after the current one it wants to see the detections of.
    """

    hold: int

    def prepare(self, found: Detections) -> Prepared:
        """What one frame's detections come to; asked for once a frame, whatever `hold` is."""
        ...

    def render(self, picture: Planes, around: Sequence[Prepared], here: int) -> Planes:
        """The new picture, `picture` left as it is; `around[here]` belongs to the frame, the rest to its neighbours."""
        ...


def render_video(
    renderer: Renderer[Prepared],
    video: Path,
    info: VideoInfo,
    tables: Tables,
    writer: VideoWriter,
    progress: Progress,
    *,
    window: Window = (None, None),
    on_truncated: OnTruncated = "fail",
) -> None:
    """Reads every frame, renders it and writes it with its time.

    Raises:
        DataError: the video's frames are not exactly those of the frames tables.
        VideoError: reading or writing fails.
    """
    table = tables[0][1]
    prepared = sliding((renderer.prepare(found) for found in found_by_frame(tables)), renderer.hold)
    frames = read_frames(video, info, window=window, on_truncated=on_truncated)
    pictures = ((frame, frame.planes()) for frame in frames)
    row = 0
    for frame, picture in ahead(pictures):
        if row == len(table) or (frame.number, frame.pts) != (int(table.number[row]), int(table.pts[row])):
            raise DataError(
                f"{video}: frame {frame.number} at pts {frame.pts} is not in its frames table; run detect again"
            )
        around, here = next(prepared)
        writer.write(renderer.render(picture, around, here), frame.pts, frame.duration_pts)
        row += 1
        progress.step()
    # One look further: detections of frames that no table knows come to light at the end.
    if row != len(table) or next(prepared, None) is not None:
        raise DataError(f"{video}: {row} frames, but {len(table)} in its frames table; run detect again")


def sliding(items: Iterable[Prepared], hold: int) -> Iterator[tuple[Sequence[Prepared], int]]:
    """For each item: the items from `hold` before to `hold` after it, and where among them it is."""
    around: deque[Prepared] = deque()
    here = 0
    source = iter(items)
    more = True
    while more or here < len(around):
        more = more and _append_next(source, around)
        if more and len(around) - here <= hold:
            continue  # not enough of what comes after is known yet
        if here < len(around):
            yield tuple(around), here
        if here == hold and around:
            around.popleft()
        else:
            here += 1


def _append_next(source: Iterator[Prepared], around: deque[Prepared]) -> bool:
    for item in source:
        around.append(item)
        return True
    return False

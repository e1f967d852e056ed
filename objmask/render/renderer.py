"""One loop for every kind of video that is made from detections, and what a kind has to provide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from objmask.detections.arrays import Detections
from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.progress import Progress
from objmask.render.hold import Hold
from objmask.streams.neighbours import sliding
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo
from objmask.video.planes import Planes
from objmask.video.reader import Window, read_frames
from objmask.video.source import OnTruncated
from objmask.video.writer import VideoWriter

Prepared = TypeVar("Prepared")


class Renderer(Protocol[Prepared]):
    """Makes a picture from a source picture and the detections around it; holds parameters, never frames.

    Attributes:
        viewed: whether it wants pictures as a BT.709 screen shows them, see `Frame.viewed_planes`.
        hold: how far before and after the current frame it wants to see the detections of others.
    """

    viewed: bool
    hold: Hold

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
    table: FrameTable,
    found: Iterable[Detections],
    writer: VideoWriter,
    progress: Progress,
    *,
    window: Window = (None, None),
    on_truncated: OnTruncated = "fail",
) -> None:
    """Reads every frame, renders it and writes it with its time.

    Args:
        renderer: what to make of a picture.
        video: the file.
        info: of the video.
        table: of its frames.
        found: detections of each frame.
        writer: of the new video.
        progress: counts frames.
        window: seconds [from, to) that are processed.
        on_truncated: as for `read_frames`.

    Raises:
        DataError: the video's frames are not exactly those of the frames tables.
        VideoError: reading or writing fails.
    """
    prepared = sliding(map(renderer.prepare, found), renderer.hold.spans(table, info.scenes(table.number)))
    frames = read_frames(video, info, window=window, on_truncated=on_truncated)
    matched = (frame for _, frame in table.matched(frames, video))
    pictures = ((frame, frame.viewed_planes() if renderer.viewed else frame.planes()) for frame in matched)
    for frame, picture in prefetch(pictures):
        around, here = next(prepared)
        writer.write(renderer.render(picture, around, here), frame.pts, frame.duration_pts)
        progress.step()
    # One look further: detections of frames that no table knows come to light at the end.
    if next(prepared, None) is not None:
        raise DataError(f"{video}: has detections for more frames than its frames table; run detect again")

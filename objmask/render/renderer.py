"""The loop that makes any kind of video from detections, and the protocol of a kind of video."""

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
    """Makes a picture from a source picture and the detections around it. It holds parameters, never frames.

    Attributes:
        viewed: whether it needs pictures as a BT.709 screen shows them, see `Frame.viewed_planes`.
        hold: how far before and after the current frame it needs the detections of other frames.
    """

    viewed: bool
    hold: Hold

    def prepare(self, found: Detections) -> Prepared:
        """Prepares the detections of one frame. It is called once per frame, whatever `hold` is."""
        ...

    def render(self, picture: Planes, around: Sequence[Prepared], here: int) -> Planes:
        """Gives the new picture and leaves `picture` unchanged. `around[here]` belongs to the frame itself."""
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
        renderer: makes the new pictures.
        video: the source file.
        info: facts about the video.
        table: the frames of the video.
        found: the detections of each frame.
        writer: writes the new video.
        progress: counts frames.
        window: the part to process, seconds [from, to).
        on_truncated: see `read_frames`.

    Raises:
        DataError: the frames of the video differ from those of the frames table.
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

"""The loop that makes any kind of video from detections, and the protocol of a kind of video."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.progress import Progress
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo
from objmask.video.planes import Planes
from objmask.video.reader import Window, read_frames
from objmask.video.source import OnTruncated
from objmask.video.writer import VideoWriter

Decided = TypeVar("Decided", contravariant=True)
AnyDecided = TypeVar("AnyDecided")


class Renderer(Protocol[Decided]):
    """Makes a picture from a source picture and what was decided about it. It holds parameters, never frames.

    Attributes:
        viewed: whether it needs pictures as a BT.709 screen shows them, see `Frame.viewed_planes`.
    """

    viewed: bool

    def render(self, picture: Planes, decided: Decided) -> Planes:
        """Gives the new picture and leaves `picture` unchanged."""
        ...


def render_video(
    renderer: Renderer[AnyDecided],
    video: Path,
    info: VideoInfo,
    table: FrameTable,
    decided: Iterable[AnyDecided],
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
        decided: what was decided about each frame, from a table.
        writer: writes the new video.
        progress: counts frames.
        window: the part to process, seconds [from, to).
        on_truncated: see `read_frames`.

    Raises:
        DataError: the frames of the video differ from those of the frames table.
        VideoError: reading or writing fails.
    """
    decisions = iter(decided)
    frames = read_frames(video, info, window=window, on_truncated=on_truncated)
    matched = (frame for _, frame in table.matched(frames, video))
    pictures = ((frame, frame.viewed_planes() if renderer.viewed else frame.planes()) for frame in matched)
    # Three stages at a time: pictures are decoded, rendered and encoded.
    rendered = ((frame, renderer.render(picture, next(decisions))) for frame, picture in prefetch(pictures))
    for frame, picture in prefetch(rendered, depth=2):
        writer.write(picture, frame.pts, frame.duration_pts)
        progress.step()
    # One look further: rows of frames that no frames table knows come to light at the end.
    if next(decisions, None) is not None:
        raise DataError(f"{video}: more is decided than its frames table has frames; run the workflow again")

"""The frames that wait for inference: upright, scaled down to what the network can use, without loss.

They lie in one intra-only file a chunk: Ut Video in NUT. On the project's clips it takes less disk than PNG, and is
written six times and read three times faster (`benchmarks/frame_store.py`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

from objmask.detections.frames_table import PICTURES, FrameTable
from objmask.errors import DataError, MachineError
from objmask.files.whole import atomic_path
from objmask.inference.key_frames import Every, read_with_keys
from objmask.models.info import ModelInfo
from objmask.progress import Progress
from objmask.streams.prefetch import prefetch
from objmask.video.blame import reason, unwritable
from objmask.video.info import VideoInfo
from objmask.video.reader import Window
from objmask.video.source import OnTruncated

Picture = npt.NDArray[np.uint8]
STORE_SUFFIX = ".nut"
JPEG_QUALITY = 95


def network_size(info: VideoInfo, models: Iterable[ModelInfo]) -> tuple[int, int]:
    """Width and height, in square pixels, that every model can make full use of; never more than the video has."""
    aspect = info.sample_aspect
    width = round(info.width * max(aspect, Fraction(1)))
    height = round(info.height / min(aspect, Fraction(1)))
    sizes = [model.frame_size(width, height) for model in models]
    return max(w for w, _ in sizes), max(h for _, h in sizes)


def extract_frames(
    video: Path,
    info: VideoInfo,
    store: Path,
    table: Path,
    size: tuple[int, int],
    progress: Progress,
    *,
    start: int = 0,
    stop: int | None = None,
    every: Every = 1,
    window: Window = (None, None),
    on_truncated: OnTruncated = "fail",
) -> None:
    """Writes the frames of a chunk that get inference, and the table of all its frames.

    Args:
        video: the file.
        info: what `probe` said of it.
        store: the NUT file to write.
        table: the frames table to write.
        size: width and height to scale to, pixels (see `network_size`).
        progress: counts frames.
        start: the chunk's first frame.
        stop: the frame after its last.
        every: frames whose number is a multiple of this get inference; or `adaptive`.
        window: seconds [from, to) that are processed.
        on_truncated: as for `read_frames`.

    Raises:
        VideoError: the video cannot be read, or the files cannot be written.
    """
    rows: list[tuple[int, int, int, bool]] = []

    def pictures() -> Iterator[Picture]:
        frames = read_with_keys(video, info, every, start=start, stop=stop, window=window, on_truncated=on_truncated)
        for frame, seen in frames:
            rows.append((frame.number, frame.pts, frame.duration_pts, seen))
            if seen:
                yield scaled(frame.rgb(size), size)
            progress.step()

    checksum = write_store(store, size, prefetch(pictures()))
    columns = np.array(rows, np.int64).reshape(-1, 4)
    FrameTable(
        columns[:, 0],
        columns[:, 1],
        columns[:, 2],
        columns[:, 3].astype(np.bool_),
        np.zeros(len(rows), np.int32),
        info.time_base,
        info.start_pts,
    ).write(table, {"video_sha256": info.identity, PICTURES: checksum})


def write_store(path: Path, size: tuple[int, int], pictures: Iterable[Picture]) -> str:
    """Writes RGB pictures, uint8 (h, w, 3), of width and height `size`, without loss; returns their checksum.

    Raises:
        VideoError: the file cannot be written.
    """
    count = checksum = 0
    try:
        with atomic_path(path) as temporary:
            temporary.touch()  # without frames it stays empty
            with av.open(str(temporary), "w", format="nut") as container:
                stream = container.add_stream("utvideo", rate=1)
                stream.width, stream.height = size
                stream.pix_fmt = "gbrp"
                for picture in pictures:
                    checksum = zlib.crc32(picture.tobytes(), checksum)
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
                    count += 1
                container.mux(stream.encode(None))
            if _pictures_in(temporary) != count:
                raise MachineError(f"{path}: does not hold the {count} frames that were written; is the disk full?")
    except (av.FFmpegError, OSError) as error:
        raise unwritable(path, error) from error
    return f"{checksum:08x}"


def _pictures_in(store: Path) -> int:
    """Whole pictures of a store, by demuxing."""
    if not store.stat().st_size:
        return 0
    with av.open(str(store)) as container:
        return sum(bool(packet.size) and not packet.is_corrupt for packet in container.demux(video=0))


def read_store(path: Path) -> Iterator[Picture]:
    """Yields the RGB pictures of a store, uint8 (h, w, 3).

    Raises:
        DataError: the file is damaged.
    """
    try:
        if not path.stat().st_size:
            return
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                yield cast(Picture, frame.to_ndarray(format="rgb24"))
    except (av.FFmpegError, OSError) as error:
        raise DataError(f"{path}: cannot be read; delete it and run again ({reason(error)})") from error


def write_images(pictures: Iterable[tuple[int, Picture]], folder: Path, kind: Literal["png", "jpg"]) -> None:
    """Writes pictures, RGB uint8 (h, w, 3), as images named by their frame number, eight digits; `folder` is made.

    Raises:
        VideoError: an image cannot be written.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if kind == "jpg" else []
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        for number, picture in prefetch(pictures):
            image = temporary / f"{number:08d}.{kind}"
            if not cv2.imwrite(str(image), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options):
                raise MachineError(f"{folder}: cannot be written; is the disk full?")


def inferred_frames(store: Path, frames: FrameTable) -> Iterator[tuple[int, Picture]]:
    """Frame numbers and pictures of a store.

    Raises:
        DataError: the store holds more or fewer pictures than the table says, or others; known after the last.
    """
    numbers = frames.number[frames.inferred].tolist()
    count = checksum = 0
    for picture in read_store(store):
        checksum = zlib.crc32(picture.tobytes(), checksum)
        if count < len(numbers):
            yield numbers[count], picture
        count += 1
    if count != len(numbers):
        raise DataError(f"{store}: holds {count} frames, its table says {len(numbers)}; delete both and run again")
    if f"{checksum:08x}" != frames.pictures:
        raise DataError(f"{store}: its pictures are not those that were extracted; delete it and run again")


def scaled(rgb: Picture, size: tuple[int, int]) -> Picture:
    """A picture in another size (width, height)."""
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    # Averaging when it gets smaller; a sample that is not square may also have to grow along one side.
    smaller = size[0] * size[1] < rgb.shape[0] * rgb.shape[1]
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)  # type: ignore[return-value]

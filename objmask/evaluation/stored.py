"""Detections of annotated pictures, made once a model and kept, so that scores and groups can be changed without it."""

from __future__ import annotations

import hashlib
import logging
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import DataError
from objmask.evaluation.annotations import Picture
from objmask.evaluation.mask_ap import found_on
from objmask.files.documents import Amount, read_document
from objmask.files.parquet import metadata_of
from objmask.files.whole import sha256_of, write_json
from objmask.inference.job import NetworkOptions
from objmask.models.info import ModelInfo
from objmask.objects.tables import Tables, found_by_frame
from objmask.progress import Progress

if TYPE_CHECKING:
    from objmask.models.detector import Detector

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """What a model found on pictures.

    Attributes:
        path: the detections file; the frames of its table are the pictures, in order.
        ms: median wall time of detection a picture, milliseconds; not a number when that is not known.
    """

    path: Path
    ms: float

    def read(self) -> Iterator[Detections]:
        """The detections of each picture.

        Raises:
            DataError: the file is damaged.
        """
        return found_by_frame(Tables(((self.path, FrameTable.read(frames_path(self.path))),)))


def digest_of(pictures: Sequence[Picture]) -> str:
    """Hex digest of the pictures' content and order, and of the sizes that they are said to have.

    With another size they are read again, which is when that is checked.

    Raises:
        DataError: one cannot be read.
    """
    digest = hashlib.sha256()
    for picture in pictures:
        try:
            digest.update(f"{sha256_of(picture.path)} {picture.height} {picture.width}\n".encode())
        except OSError as error:
            raise DataError(f"{picture.path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def stored_detections(
    network: NetworkOptions,
    pictures: Sequence[Picture],
    digest: str,
    folder: Path,
    progress: Callable[[str], Progress],
) -> Stored:
    """The detections of a model, from `folder` when they are there: made of the same pictures by the same network.

    Args:
        network: the model, and how to run it.
        pictures: what to look at, at full size.
        digest: of the pictures, from `digest_of`.
        folder: where detections are kept, `<model>.parquet`.
        progress: what counts pictures, for what is done with them.

    Raises:
        DataError: a picture is damaged.
        ModelError: the model is missing or cannot run.
    """
    info = ModelInfo.read(network.model)
    path, speed = folder / f"{info.name}.parquet", folder / f"{info.name}.json"
    made_of: dict[str, Any] = {
        "video_sha256": digest,
        "model": info.name,
        "model_digest": info.digest(),
        "settings": {"floor": network.floor, "max_per_frame": network.max_per_frame},
    }
    if _is_made_of(path, made_of):
        LOG.info("%s: detections of these pictures are kept in %s", info.name, path)
        return Stored(path, _speed(speed))
    detector = network.load()
    try:
        LOG.info("%s: %s", info.name, detector.placement)
        timed = _Timed(detector)
        with (
            progress(f"detect {info.name}") as bar,
            DetectionWriter(path, frames_path(path), {**made_of, "time_base": "1", "start_pts": 0}) as writer,
        ):
            found = found_on(timed.detect, pictures, detector.frames_at_once)
            for number, (_, some) in enumerate(bar.counted(found)):
                writer.write(number, number, 1, inferred=True, found=some)
    finally:
        detector.close()
    write_json(speed, asdict(_Speed(round(timed.ms(), 3), detector.placement)))
    return Stored(path, _speed(speed))


@dataclass(frozen=True)
class _Speed:
    """How fast detection was: `Stored.ms`, and on what."""

    ms: Amount
    placement: str


class _Timed:
    """A detector with a watch."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._ms: list[float] = []

    def detect(self, frames: Sequence[npt.NDArray[np.uint8]]) -> list[Detections]:
        start = time.perf_counter()
        found = self._detector.detect(frames)
        self._ms += [1000 * (time.perf_counter() - start) / len(frames)] * len(frames)
        return found

    def ms(self) -> float:
        """The median, which the first call, slower than the others, does not move."""
        return statistics.median(self._ms)


def _is_made_of(path: Path, made_of: dict[str, Any]) -> bool:
    try:
        metadata = [metadata_of(file) for file in (path, frames_path(path))]
    except (DataError, OSError):
        return False
    return all({key: one.get(key) for key in made_of} == made_of for one in metadata)


def _speed(path: Path) -> float:
    try:
        return read_document(path, _Speed, "it is left out").ms
    except DataError as error:
        LOG.warning("%s", error)
        return float("nan")

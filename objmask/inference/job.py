"""All that `detect` is told about one chunk, and doing it with a network that is loaded.

What only tells somebody else to do it starts without the libraries that it takes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Device, Precision

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NetworkOptions:
    """What decides how a network is loaded; see `objmask.models.load.load`.

    Attributes:
        model: folder of an installed model.
    """

    model: Path
    device: Device
    floor: float
    max_per_frame: int
    threads: int
    batch: int | None
    precision: Precision
    optimise: bool

    def load(self) -> Detector:
        """The network, ready to run."""
        from objmask.models.load import load

        options = {field.name: getattr(self, field.name) for field in fields(self)}
        return load(options.pop("model"), **options)


@dataclass(frozen=True)
class DetectJob:
    """A chunk to run a network over.

    Attributes:
        network: how it is loaded.
        store: the chunk's frames, from `extract_frames`.
        table: the chunk's frames table.
        detections: Parquet file to write.
        frames: frames table to write.
        every: what `frames` was told; kept with the result.
    """

    network: NetworkOptions
    store: Path
    table: Path
    detections: Path
    frames: Path
    every: int | str

    def run(self, detector: Detector, *, bar: bool) -> None:
        """Writes both files.

        Args:
            detector: the network, loaded with `network`.
            bar: show a bar on a terminal.
        """
        from objmask.detections.frames_table import FrameTable
        from objmask.inference.chunk import detect
        from objmask.progress import Progress

        chunk = FrameTable.read(self.table)
        settings = {"floor": self.network.floor, "max_per_frame": self.network.max_per_frame, "every": self.every}
        LOG.info("%s: %s", detector.info.name, detector.placement)
        with Progress(f"detect {self.detections.stem}", len(chunk), bar=bar) as progress:
            detect(detector, self.store, chunk, self.table, self.detections, self.frames, progress, settings)

    def to_json(self) -> dict[str, Any]:
        """A document of plain JSON types."""
        document = asdict(self)
        return {**_texts(document), "network": _texts(document["network"])}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> DetectJob:
        """The reverse of `to_json`."""
        network = {**document["network"], "model": Path(document["network"]["model"])}
        files = {name: Path(document[name]) for name in ("store", "table", "detections", "frames")}
        return cls(network=NetworkOptions(**network), every=document["every"], **files)


def _texts(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Path) else value for key, value in document.items()}

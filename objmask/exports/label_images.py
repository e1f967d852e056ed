"""Pictures of labels: PNG files with a palette, and the list of what their colours mean."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
from PIL import Image

from objmask.detections.classes import Palette
from objmask.exports.instances import ExportedFrame
from objmask.exports.labelmap import LABELMAP, labelmap
from objmask.files.whole import atomic_path

Labels = npt.NDArray[np.uint8]


def write_masks_png(frames: Iterable[ExportedFrame], palette: Palette, out: Path) -> None:
    """Writes a folder of palette PNGs, whose pixels are group indices, and `labelmap.txt`.

    Raises:
        OSError: a file cannot be written.
    """
    with atomic_path(out) as folder:
        folder.mkdir()
        (folder / LABELMAP).write_text(labelmap(palette), encoding="utf-8")
        for frame in frames:
            with (folder / f"{frame.name}.png").open("wb") as stream:
                write_png(frame.labels, palette.colours, stream)


def write_png(labels: Labels, colours: npt.NDArray[np.uint8], stream: IO[bytes]) -> None:
    """Writes a PNG with a palette, 8 bits a pixel; equal pixels give equal bytes.

    Args:
        labels: (h, w) uint8, indices of colours.
        colours: (n, 3) uint8 RGB, n <= 256.
        stream: to write to.

    Raises:
        OSError: it cannot be written.
    """
    picture = Image.fromarray(labels, "P")
    picture.putpalette(colours.tobytes())
    picture.save(stream, "PNG", bits=8)

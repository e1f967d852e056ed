"""Which network of a folder finds palms and which the landmarks of a hand, told from the shapes of their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from objmask.errors import ModelError
from objmask.models.formats.read import read_network_file
from objmask.models.tensors import NetworkFile, Tensor

PALMS_SIDE, HAND_SIDE = 192, 224
"""Of the pictures that the two networks take, pixels."""
GRIDS = ((8, 2), (16, 6))
"""Of the anchors of the network that finds palms: stride in pixels of its input, and anchors a cell."""
LANDMARKS = 21
"""Of a hand, three numbers each."""

_ANCHORS = sum((PALMS_SIDE // stride) ** 2 * count for stride, count in GRIDS)
_PALM_NUMBERS = 18
"""Of an anchor: centre and size of the box, seven landmarks."""
_SHAPES: Mapping[str, tuple[list[tuple[int, ...]], list[tuple[int, ...]]]] = {
    "palms": ([(1, PALMS_SIDE, PALMS_SIDE, 3)], [(1, _ANCHORS, 1), (1, _ANCHORS, _PALM_NUMBERS)]),
    "hand": ([(1, HAND_SIDE, HAND_SIDE, 3)], [(1, 1), (1, 1), (1, 3 * LANDMARKS), (1, 3 * LANDMARKS)]),
}
"""Of inputs and of outputs, sorted."""
_FOR = {"palms": "palms (palm_detection*.tflite)", "hand": "the landmarks of a hand (hand_landmark*.tflite)"}


@dataclass(frozen=True)
class Networks:
    """The two files.

    Attributes:
        palms: finds palms in a picture.
        hand: finds the landmarks of a hand in a picture of it.
    """

    palms: Path
    hand: Path

    @classmethod
    def of(cls, folder: Path) -> Networks:
        """Looks into a folder.

        Raises:
            ModelError: it lacks one of them or has several, or a file is damaged.
        """
        kinds = {file: _kind(read_network_file(file)) for file in _files(folder)}
        for kind, what in _FOR.items():
            count = list(kinds.values()).count(kind)
            if count != 1:
                raise ModelError(
                    f"{folder}: has {count or 'no'} networks for {what}, expected one; give a folder with both of "
                    "MediaPipe's files"
                )
        return cls(**{kind: file for file, kind in kinds.items() if kind})

    @staticmethod
    def any_in(folder: Path) -> bool:
        """Whether a folder holds any of them; a damaged file is none."""
        return folder.is_dir() and any(map(_is_one, _files(folder)))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".tflite" and file.is_file())


def _is_one(file: Path) -> bool:
    try:
        return bool(_kind(read_network_file(file)))
    except ModelError:
        return False


def _kind(file: NetworkFile) -> str:
    """Of which of the two a file is; empty: of none."""

    def shapes(tensors: tuple[Tensor, ...]) -> list[tuple[int, ...]]:
        return sorted(tensor.shape for tensor in tensors if tensor.dtype == "float32")

    told = (shapes(file.inputs), shapes(file.outputs))
    return next((kind for kind, expected in _SHAPES.items() if told == expected), "")

"""Which network of a folder finds palms and which the points of a hand, told from their tensors, not their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objmask.errors import ModelError
from objmask.models.formats.read import read_network_file
from objmask.models.tensors import Tensor

PALMS_SIDE, HAND_SIDE = 192, 224
"""Of the pictures that they take, pixels."""
GRIDS = ((8, 2), (16, 6))
"""Pixels a cell and anchors a cell of the network of palms."""
LANDMARKS = 21
"""Points of a hand."""

_PREDICTIONS = sum((PALMS_SIDE // stride) ** 2 * count for stride, count in GRIDS)
_PALMS = ((1, PALMS_SIDE, PALMS_SIDE, 3), [(1, _PREDICTIONS, 1), (1, _PREDICTIONS, 18)])
_HAND = ((1, HAND_SIDE, HAND_SIDE, 3), [(1, 1), (1, 1), (1, 3 * LANDMARKS), (1, 3 * LANDMARKS)])


@dataclass(frozen=True)
class PalmsFolder:
    """The two files.

    Attributes:
        palms: finds palms in a picture.
        hand: finds the points of a hand in a picture of it.
    """

    palms: Path
    hand: Path

    @classmethod
    def of(cls, folder: Path) -> PalmsFolder:
        """Looks into a folder.

        Raises:
            ModelError: it lacks one of them, or has several, or a file is damaged.
        """
        found: dict[str, list[Path]] = {"palms": [], "hand": []}
        for file in tflite_files(folder):
            kind = _kind(file)
            if kind:
                found[kind].append(file)
        for kind, does in (("palms", "detects palms"), ("hand", "finds the landmarks of a hand")):
            if len(found[kind]) != 1:
                names = f"{len(found[kind])} networks" if found[kind] else "no network"
                raise ModelError(
                    f"{folder}: holds {names} that {does}; give a folder with one palm_detection*.tflite and one "
                    "hand_landmark*.tflite of MediaPipe"
                )
        return cls(found["palms"][0], found["hand"][0])


def tflite_files(folder: Path) -> list[Path]:
    """The TensorFlow Lite files of a folder, sorted."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() == ".tflite" and file.is_file())


def is_of_hands(file: Path) -> bool:
    """Whether a file is one of the two; False where it is damaged, which whoever opens it says."""
    try:
        return bool(_kind(file))
    except ModelError:
        return False


def _kind(file: Path) -> str:
    told = read_network_file(file)
    seen = (_shapes(told.inputs), _shapes(told.outputs))
    return next((kind for kind, (taken, given) in (("palms", _PALMS), ("hand", _HAND)) if seen == ([taken], given)), "")


def _shapes(tensors: tuple[Tensor, ...]) -> list[tuple[int, ...]]:
    return sorted(tensor.shape for tensor in tensors)

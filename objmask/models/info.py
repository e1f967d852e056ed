"""What is known of a model without opening it: `ModelInfo`, kept as `model.json` beside the network's file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from objmask.errors import DataError, ModelError
from objmask.files.documents import Count, Sha256, Share, Size, read_document, typed
from objmask.files.whole import write_json

FAMILIES = tuple(sorted(path.stem for path in Path(__file__).parent.joinpath("families").glob("[a-z]*.py")))
"""Names of the families: a module of `objmask.models.families` each."""
MODEL_JSON = "model.json"
_ABOUT = frozenset({"source", "licence", "citation", "archive", "note"})


@dataclass(frozen=True)
class ModelInfo:
    """A model: what it detects, what it takes, where it came from.

    Attributes:
        name: what the config and the results call it; only letters, digits and `._-`.
        family: which detector runs it.
        file: its file, or folder, inside the model folder.
        sha256: hex digest of that file or folder (`objmask.files.whole.sha256_of`).
        source: where it came from.
        classes: names of the objects it can detect; the identity of a class.
        class_ids: name to the network's own number, such as a label map's id or the index of an output.
        input_height: height of the network's input in pixels; 0: any.
        input_width: width of the network's input in pixels; 0: any.
        batch: frames the network takes at a time.
        short_side: a network without a fixed input scales frames to this short side in pixels; 0: not known.
        long_side: and to at most this long side in pixels; 0: not known.
        score_cut: the network itself drops detections below this score (0..1).
        masks: whether it gives masks; False: boxes only, or shapes around things, which are hidden but never painted or
            counted unless asked.
        tiles: pictures are also looked at in so many overlapping parts a side; 1: only as a whole.
        licence: of the weights.
        citation: how to cite it.
        archive: checksum of the archive that it came in, `sha256:…` or `sha384:…`; empty: none.
        note: what to know before trusting it; empty: nothing.
    """

    name: str
    family: str
    file: str
    sha256: Sha256
    source: str
    classes: tuple[str, ...]
    class_ids: Mapping[str, int]
    input_height: Count
    input_width: Count
    batch: Size = 1
    short_side: Count = 0
    long_side: Count = 0
    score_cut: Share = 0.0
    masks: bool = True
    tiles: Size = 1
    licence: str = "unknown"
    citation: str = ""
    archive: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family: expected one of {FAMILIES}, got {self.family!r}")
        if not self.classes or set(self.classes) != set(self.class_ids) or len(set(self.classes)) != len(self.classes):
            raise ValueError("classes: expected at least one, without repeats, each with an id")
        if min(self.input_height, self.input_width, self.short_side, self.long_side) < 0 or self.batch < 1:
            raise ValueError("sizes must be at least 0 and batch at least 1")
        if not 0 <= self.score_cut <= 1:
            raise ValueError(f"score_cut: expected 0..1, got {self.score_cut}")

    def frame_size(self, width: int, height: int) -> tuple[int, int]:
        """The `(width, height)` to scale frames *down* to before detection, in pixels; never larger than they are.

        More would be thrown away by the network's own resizing: a fixed input holds the frame within its height and
        width, any other network scales to `short_side`, or to `long_side` where that is less. Of parts of a frame each
        is as large as that.

        Raises:
            ValueError: a side is under one pixel.
        """
        if width < 1 or height < 1:
            raise ValueError(f"frame size: expected at least 1x1, got {width}x{height}")
        scale = 1.0
        if self.input_height and self.input_width:
            scale = min(scale, self.input_width / width, self.input_height / height)
        if self.short_side:
            scale = min(scale, self.short_side / min(width, height))
        if self.long_side:
            scale = min(scale, self.long_side / max(width, height))
        scale = min(1.0, scale * self.tiles)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def to_json(self) -> dict[str, Any]:
        """A document of plain JSON types."""
        return {**asdict(self), "classes": list(self.classes), "class_ids": dict(self.class_ids)}

    def digest(self) -> str:
        """Hex digest of everything that decides what the model finds; where it came from and its licence do not."""
        content = {key: value for key, value in self.to_json().items() if key not in _ABOUT}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ModelInfo:
        """The reverse of `to_json`.

        Raises:
            ValueError: a field is missing, unknown, of another type or impossible.
        """
        return typed(document, cls)

    @classmethod
    def read(cls, folder: Path) -> ModelInfo:
        """Reads `model.json` of a model folder (or that file itself).

        Raises:
            ModelError: there is none, or it is damaged.
        """
        path = folder / MODEL_JSON if folder.is_dir() else folder
        if path.name != MODEL_JSON or not path.exists():
            raise ModelError(
                f"{folder}: not the folder of an installed model; make one: "
                "`python -m objmask model --source=<file or name> --out=<folder>`"
            )
        try:
            return read_document(path, cls, "install the model again with `python -m objmask model`")
        except DataError as error:
            raise ModelError(str(error)) from error

    def write(self, folder: Path) -> None:
        """Writes `model.json` into a model folder, atomically."""
        write_json(folder / MODEL_JSON, self.to_json())

"""The networks that objmask knows by name: the Mask R-CNNs of the TensorFlow zoo, and the one it brings along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import yaml

from objmask.errors import ModelError
from objmask.hints import did_you_mean
from objmask.models.coco import COCO_IDS
from objmask.models.info import ModelInfo

TABLE = Path(__file__).with_name("zoo.yaml")
_SUFFIX = re.compile(r"_(\d{4}_\d{2}_\d{2}|[gt]pu-\d+)$")
CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}")


@dataclass(frozen=True)
class ZooModel:
    """A network with a name: an archive to download, or a folder that comes with objmask.

    Attributes:
        name: the archive's name without suffix.
        licence: of the weights.
        citation: how to cite it.
        path: the archive, below the base address; empty: it comes with objmask.
        folder: its folder beside this module; empty: it is an archive.
        size_bytes: of the archive; 0: not published.
        checksum: of the archive, `sha256:…` or `sha384:…`; empty: not published.
        short_side: as in `ModelInfo`.
        long_side: as in `ModelInfo`.
        score_cut: as in `ModelInfo`.
        mask_ap: mask average precision on COCO, 0..100; None: not published.
        speed: of one frame, and where that was measured.
        note: as in `ModelInfo`.
        family: as in `ModelInfo`.
    """

    name: str
    licence: str
    citation: str
    path: str = ""
    folder: str = ""
    size_bytes: int = 0
    checksum: str = ""
    short_side: int = 0
    long_side: int = 0
    score_cut: float = 0.0
    mask_ap: float | None = None
    speed: str = ""
    note: str = ""
    family: str = "tf_detection"

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.folder) or (self.checksum and not CHECKSUM.fullmatch(self.checksum)):
            raise ValueError(f"{self.name}: expected a path or a folder, and a checksum sha256:… or sha384:…")

    @property
    def archive(self) -> str:
        """File name of the archive."""
        return PurePosixPath(self.path).name

    @property
    def built_in(self) -> Path:
        """The folder of a network that comes with objmask."""
        return Path(__file__).parent / self.folder

    def info(self, name: str) -> ModelInfo:
        """What is known before the archive is there; `file` and `sha256` are the archive's, not the network's."""
        return ModelInfo(
            name=name,
            family=self.family,
            file=self.archive,
            sha256=self.checksum.partition(":")[2],
            source=self.name,
            classes=tuple(COCO_IDS),
            class_ids=COCO_IDS,
            input_height=0,
            input_width=0,
            short_side=self.short_side,
            long_side=self.long_side,
            score_cut=self.score_cut,
            licence=self.licence,
            citation=self.citation,
            archive=self.checksum,
            note=self.note,
        )


@dataclass(frozen=True)
class Zoo:
    """All of them.

    Attributes:
        base: where the archives lie, ending in a slash.
        models: in the order in which they are listed.
    """

    base: str
    models: tuple[ZooModel, ...]

    def find(self, name: str) -> ZooModel | None:
        """The network that a name means, with or without the date or device at its end; None: no such name."""
        return next((m for m in self.models if name in (m.name, _SUFFIX.sub("", m.name))), None)

    def hint(self, name: str) -> str:
        """What to write instead of a name that is none."""
        names = [model.name for model in self.models]
        near = did_you_mean(name, [*names, *(_SUFFIX.sub("", n) for n in names)], closeness=0.75)
        return near or f"the names known are {', '.join(names)}"

    def address(self, model: ZooModel) -> str:
        """Where the publisher keeps an archive."""
        return self.base + model.path

    @classmethod
    def read(cls, path: Path = TABLE) -> Zoo:
        """Reads a table.

        Raises:
            ValueError: an entry contradicts itself.
        """
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(document["base"], tuple(ZooModel(name, **entry) for name, entry in document["models"].items()))


@cache
def the_zoo() -> Zoo:
    """objmask's own table.

    Raises:
        ModelError: somebody edited it, and it cannot be understood.
    """
    try:
        return Zoo.read(TABLE)
    except (ValueError, TypeError, LookupError, AttributeError, yaml.YAMLError) as error:
        raise ModelError(f"{TABLE}: cannot be understood ({error}); mend it") from error

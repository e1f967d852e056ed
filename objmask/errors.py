"""The errors a user can cause. The command line turns each into one line and exit code 1."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

_MACHINES = frozenset(
    {
        *(errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EINTR, errno.ENOLCK),
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENODEV),
        *(errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNABORTED, errno.EHOSTDOWN, errno.EHOSTUNREACH),
        *(errno.ENETDOWN, errno.ENETUNREACH, errno.ENOTCONN, errno.EPIPE, errno.EREMOTEIO, errno.ESHUTDOWN),
    }
)
"""Memory, open files, room, disks, networks: what ends a step today may let it pass tomorrow, with the same file."""

_PLACES = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""A file that is not there or may not be read: so it is for everybody who asks, until its place changes."""

_BREAKS = re.compile(r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, colours it, or turns the order of letters round."""


def one_line(text: str) -> str:
    """A text as it can be shown: what a file's name, a server or a library says of itself may hold anything."""
    return printable(_BREAKS.sub(" ", text))


def printable(text: str) -> str:
    """A text of several lines as it can be shown."""
    return "\n".join(_CONTROLS.sub(lambda found: ascii(found[0])[1:-1], line) for line in text.split("\n"))


def first_line(error: BaseException) -> str:
    """What a library's error says, as part of one line: its first one, not endless; its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


class ObjmaskError(Exception):
    """Something the user can mend; each argument is one line that says what is wrong and what to do."""

    @property
    def lines(self) -> list[str]:
        """What is wrong, each as it can be shown."""
        return [one_line(str(line)) for line in self.args]

    def __str__(self) -> str:
        return "; ".join(self.lines)


class ConfigError(ObjmaskError):
    """The configuration asks for something impossible or unknown."""


class VideoError(ObjmaskError):
    """A video cannot be read or written because of what it is: its bytes and the settings decide that, anywhere."""


class MachineError(VideoError):
    """A video could not be read or written, by no fault of its own."""


def is_machines(error: BaseException | None) -> bool:
    """Whether an error is of the machine, and so no fault of the file being worked on; the one place that decides.

    Args:
        error: of Python, the operating system or FFmpeg, which numbers its errors like the system; or what was raised
            from one of these. None: there is none.
    """
    causes = list(_causes(error))
    return bool(_MACHINES & {_number(one) for one in causes}) or any(
        isinstance(one, MemoryError | MachineError) for one in causes
    )


def is_of_bytes(error: BaseException) -> bool:
    """Whether a video's bytes are at fault, so that a step fails with them each time: no machine, no missing file."""
    places = _PLACES & {_number(one) for one in _causes(error)}
    return isinstance(error, VideoError) and not places and not is_machines(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _number(error: BaseException) -> int | None:
    return getattr(error, "errno", None)


class ModelError(ObjmaskError):
    """A model file is missing, damaged, or not a network that objmask can run."""


class DataError(ObjmaskError):
    """An intermediate file contradicts the video or another file it belongs to."""

"""The errors a user can cause. The command line turns each into one line and exit code 1."""

import re

_BREAKS = re.compile(r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, colours it, or turns the order of letters round."""


def one_line(text: str) -> str:
    """A text as it can be shown: what a file's name, a server or a library says of itself may hold anything."""
    return printable(_BREAKS.sub(" ", text))


def printable(text: str) -> str:
    """A text of several lines as it can be shown."""
    return "\n".join(_CONTROLS.sub(lambda found: ascii(found[0])[1:-1], line) for line in text.split("\n"))


class ObjmaskError(Exception):
    """Something the user can mend; the message is one line that says what is wrong and what to do."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ConfigError(ObjmaskError):
    """The configuration asks for something impossible or unknown."""


class VideoError(ObjmaskError):
    """A video cannot be read, or cannot be written."""


class ModelError(ObjmaskError):
    """A model file is missing, damaged, or not an instance-segmentation network that objmask can run."""


class DataError(ObjmaskError):
    """An intermediate file contradicts the video or another file it belongs to."""

"""The errors a user can cause. The command line turns each into one line and exit code 1."""


class ObjmaskError(Exception):
    """Something the user can mend; the message is one line that says what is wrong and what to do."""

    def __str__(self) -> str:
        # A file's name, or what a library says of it, may hold line breaks.
        return " ".join(super().__str__().splitlines())


class ConfigError(ObjmaskError):
    """The configuration asks for something impossible or unknown."""


class VideoError(ObjmaskError):
    """A video cannot be read, or cannot be written."""


class ModelError(ObjmaskError):
    """A model file is missing, damaged, or not an instance-segmentation network that objmask can run."""


class DataError(ObjmaskError):
    """An intermediate file contradicts the video or another file it belongs to."""

"""What the workflow says to the people who run it, through Snakemake: one line for each thing, and no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from objmask.errors import ObjmaskError, one_line


class InputError(WorkflowError):  # type: ignore[misc]
    """What the user can mend: shown by its message, without the lines of the workflow that it came through."""

    # On the way out of a `with` contextlib sets it again, which has to come to nothing.
    __traceback__ = property(lambda error: None, lambda error, trace: None)

    def __init__(self, error: BaseException) -> None:
        super().__init__("\n".join(getattr(error, "lines", [one_line(str(error))])))


@contextmanager
def refusing() -> Iterator[None]:
    """Ends the workflow with what goes wrong inside.

    Raises:
        InputError: for an `ObjmaskError` or an `OSError`.
    """
    try:
        yield
    except (ObjmaskError, OSError) as error:
        raise InputError(error) from None


def say(line: str, level: str = "warning") -> None:
    """Shows one line; where its text comes from may be anything."""
    getattr(logger, level)(one_line(f"objmask: {line}"))

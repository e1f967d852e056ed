"""TensorFlow without its chatter: `from objmask.models.quiet_tensorflow import tf`.

Imported, it says on standard error which instructions it knows and that there is no GPU, twice, whatever log level is
set (https://github.com/tensorflow/tensorflow/issues/100442). Later it advises which of its functions to use instead of
others. What goes wrong it also raises, and objmask then says so in a line. With TF_CPP_MIN_LOG_LEVEL=0 everything is
shown.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# Read once, by the import. Level 3 also hides the errors that a machine without a GPU causes.
_LEVEL = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_STANDARD_ERROR = 2


@contextmanager
def _unless_it_fails() -> Iterator[None]:
    """Holds back what is written to standard error, libraries' own writing included, and shows it on an error."""
    with tempfile.TemporaryFile() as held:
        kept = os.dup(_STANDARD_ERROR)
        sys.stderr.flush()
        os.dup2(held.fileno(), _STANDARD_ERROR)
        try:
            yield
        except BaseException:
            held.seek(0)
            with os.fdopen(os.dup(kept), "wb") as shown:
                shutil.copyfileobj(held, shown)
            raise
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)


if _LEVEL == "0":
    import tensorflow as tf
else:
    with _unless_it_fails():
        import tensorflow as tf
    tf.get_logger().setLevel(logging.ERROR)

__all__ = ["tf"]

"""Numbers of a network that are none: NaN or infinite. Compared with a threshold they would read as "nothing found"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from objmask.errors import ModelError


def refuse_non_finite(model: str, outputs: Mapping[str, npt.NDArray[Any]]) -> None:
    """Checks what a network gave, before anything is compared with it.

    Args:
        model: its name.
        outputs: tensors by their names.

    Raises:
        ModelError: one holds a number that is none.
    """
    for name, values in outputs.items():
        # A sum is finite only when all its terms are, and takes a third of the time of looking at each.
        if not math.isfinite(float(values.sum(dtype=np.float64))) and not np.isfinite(values).all():
            raise ModelError(
                f"{model}: {name} of the network holds numbers that are none (NaN or infinite): its file is damaged, "
                "or 16 bits are too few for it; install it again, or set detect.precision: float32"
            )

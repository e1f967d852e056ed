"""A model is tried on one picture when it is installed: a damaged one is found then, and not by what it does not find.

It is tried in a process of its own. What reads networks trusts them, and a damaged file can end the process.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from objmask.errors import ModelError

_LONG_SIDE, _SHORT_SIDE = 320, 240
_MOST_S = 3600
"""The largest networks take a minute; what takes so much longer never ends."""
_REFUSED = 3
"""Exit code of the process that found a model wrong and says why."""


def try_out(folder: Path) -> None:
    """Runs the model that was put into `folder`, on one picture, with every score counting.

    Raises:
        ModelError: it cannot be opened, fails, or gives numbers that are none.
    """
    command = [sys.executable, "-m", "objmask.models.try_out", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_MOST_S, check=False)  # noqa: S603 - this very program
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{folder}: does not come to an end with one picture; download or export it again") from error
    said = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == _REFUSED and said:
        raise ModelError(said)
    if done.returncode:
        raise ModelError(f"{folder}: {_how(done)} when it is run; it is damaged: download or export it again")


def picture(width: int = _LONG_SIDE, height: int = _SHORT_SIDE) -> npt.NDArray[np.uint8]:
    """RGB of structure at every scale, the same each time: gradients, edges, noise, black and white."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    rgb = np.stack([255 * x / width, 255 * y / height, 127 + 127 * np.sin(x / 7) * np.cos(y / 11)], 2).astype(np.uint8)
    rgb[: height // 4] = np.random.default_rng(0).integers(0, 256, (height // 4, width, 3), np.uint8)
    cv2.rectangle(rgb, (width // 3, height // 3), (2 * width // 3, 3 * height // 4), (255, 255, 255), -1)
    cv2.circle(rgb, (width // 2, height // 2), height // 8, (0, 0, 0), -1)
    return rgb


def _how(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode < 0:
        return f"its process ends by {signal.Signals(-done.returncode).name}"
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it fails"]
    return f"it fails ({lines[-1][:200]})"


def _main(folder: Path) -> int:
    from objmask.models.load import load

    try:
        detector = load(folder, device="cpu", floor=0.0, threads=1)
        width, height = detector.info.frame_size(_LONG_SIDE, _SHORT_SIDE)
        try:
            detector.refuse_nan()
            detector.detect([picture(width, height)])
        finally:
            detector.close()
    except ModelError as error:
        print(error)
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))

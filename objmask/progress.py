"""How far a long verb is: a bar on a terminal, a line in the log now and then."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from tqdm import tqdm

LOG = logging.getLogger(__name__)
_LINE_EVERY_S = 10.0
T = TypeVar("T")


class Progress:
    """Counts frames, or something else.

    Args:
        what: e.g. `detect typing/clip`.
        total: frames to come.
        unit: what is counted.
        bar: show a bar when standard error is a terminal; without it a line every ten seconds is logged.
    """

    def __init__(self, what: str, total: int, *, unit: str = "frames", bar: bool = True) -> None:
        self._what, self._total, self._unit, self._done = what, total, unit, 0
        self._bar = tqdm(desc=what, total=total, unit=f" {unit}", disable=not (bar and sys.stderr.isatty()))
        self._start = self._last_line = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
        if kind is None:
            took_s = time.monotonic() - self._start
            rate = self._done / max(took_s, 1e-9)
            LOG.info("%s: %d %s in %.1f s, %.1f %s/s", self._what, self._done, self._unit, took_s, rate, self._unit)

    def counted(self, items: Iterable[T]) -> Iterator[T]:
        """`items`, each counted when the next one is asked for."""
        for item in items:
            yield item
            self.step()

    def reach(self, done: int) -> None:
        """Counts up to `done` frames in all."""
        self.step(done - self._done)

    def step(self, frames: int = 1) -> None:
        """Counts `frames` more as done."""
        self._done += frames
        self._bar.update(frames)
        now = time.monotonic()
        if now - self._last_line >= _LINE_EVERY_S:
            self._last_line = now
            rate = self._done / max(now - self._start, 1e-9)
            known = rate > 0 and self._total >= self._done
            left = tqdm.format_interval((self._total - self._done) / rate) if known else "?"
            LOG.info(
                "%s: %d/%d %s, %.1f %s/s, %s left",
                *(self._what, self._done, self._total, self._unit, rate, self._unit, left),
            )

"""Pictures side by side: a network for each CPU thread, of one thread itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol

from objmask.detections.arrays import Detections
from objmask.models.detector import Picture, check_frames
from objmask.models.graph import Opened
from objmask.models.info import ModelInfo

_FRAMES_A_THREAD = 16
"""So many frames a thread at once leave no thread idle for long at the end of a batch."""


class Reader(Protocol):
    """A network and what goes before and after it, for one thread at a time.

    Attributes:
        batch: frames a run of the network.
    """

    batch: int

    def read(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of at most `batch` frames, each in order of falling score; frames may differ in size.

        Raises:
            ModelError: the network cannot be run, or gives numbers that are none.
        """
        ...


class SideBySide:
    """Runs a network on several frames side by side. See `Detector`.

    Several networks of one thread give more frames a second than one with several threads, hide the work before and
    after the network, and make the results independent of `threads`. Hand `detect` many frames at a time.
    """

    def __init__(self, info: ModelInfo, opened: Opened, threads: int, reader: Callable[[], Reader]) -> None:
        """Makes the readers.

        Args:
            info: what the model is.
            opened: its file.
            threads: how many readers.
            reader: makes one.
        """
        self.info, self.runtime, self.placement = info, opened.runtime, opened.placement
        self.refuse_nan = opened.refuse_nan
        self._readers = [reader() for _ in range(threads)]
        self._idle: SimpleQueue[Reader] = SimpleQueue()
        for one in self._readers:
            self._idle.put(one)
        self._batch = self._readers[0].batch
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="network")
        self.frames_at_once = _FRAMES_A_THREAD * threads * self._batch

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of each frame; frames may differ in size. See `Detector.detect`."""
        check_frames(frames)
        groups = [frames[start : start + self._batch] for start in range(0, len(frames), self._batch)]
        return [found for part in self._pool.map(self._read, groups) for found in part]

    def _read(self, frames: Sequence[Picture]) -> list[Detections]:
        reader = self._idle.get()
        try:
            return reader.read(frames)
        finally:
            self._idle.put(reader)

    def close(self) -> None:
        """Stops the threads and frees the networks."""
        self._pool.shutdown()
        self._readers.clear()
        self._idle = SimpleQueue()

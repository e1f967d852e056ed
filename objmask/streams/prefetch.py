"""Overlapping work: while one stage computes, the stage before it runs ahead in a thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread, current_thread
from typing import TypeVar

T = TypeVar("T")
_LOOK_S = 0.1


def prefetch(items: Iterable[T], depth: int = 4) -> Iterator[T]:
    """Yields `items`, made up to `depth` items ahead in a thread of its own.

    What `items` raises is raised here, in its place. When the consumer stops early, the thread ends and closes `items`.
    """
    queue: Queue[tuple[T | None, BaseException | None, bool]] = Queue(depth)
    stopped = Event()

    def put(entry: tuple[T | None, BaseException | None, bool]) -> None:
        while not stopped.is_set():
            try:
                return queue.put(entry, timeout=_LOOK_S)
            except Full:
                continue

    def work() -> None:
        source = None
        try:
            source = iter(items)
            for item in source:
                put((item, None, False))
                if stopped.is_set():
                    return
            put((None, None, True))
        except BaseException as error:
            put((None, error, True))
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            try:
                item, error, last = queue.get(timeout=_LOOK_S)
            except Empty:
                continue
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        # The garbage collector runs in any thread, so what nobody closed may end in this one.
        if thread is not current_thread():
            thread.join()

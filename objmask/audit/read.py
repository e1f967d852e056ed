"""Reads a protected video beside its source, in a frame now and then."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from objmask.audit.pairs import pairs
from objmask.audit.reader import TextReader
from objmask.audit.words import FORMAT, ReadFrame, Word, Words, apart, box_of, every, is_word, letters_in_common
from objmask.files.whole import write_json
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import Frame


def read(
    info: VideoInfo,
    frames: Iterator[Frame],
    protected: VideoInfo,
    others: Iterator[Frame],
    step_s: float,
    threads: int,
    out: Path,
    progress: Progress,
) -> None:
    """Writes what can be read in a protected video as in its source, see `Words`.

    Args:
        info: of the source.
        frames: of the source, those that are in the protected video.
        protected: of the protected video.
        others: its frames.
        step_s: a frame is read each time that so much has passed, and the last one; seconds.
        threads: frames that are read side by side.
        out: file to write.
        progress: counts frames.

    Raises:
        DataError: the videos have not the same frames.
        VideoError: a video cannot be read.
        ModelError: the reader cannot be started.
        OSError: the file cannot be written.
    """
    reader = TextReader()

    def timed() -> Iterator[tuple[float, tuple[Frame, Frame]]]:
        for pair in pairs(info, frames, protected, others):
            progress.step()
            yield float(pair[0].pts * info.time_base), pair

    chosen, found = every(timed(), step_s), list[ReadFrame]()
    with ThreadPoolExecutor(threads, thread_name_prefix="reader") as pool:
        while some := list(islice(chosen, threads)):  # so that few pictures are in memory
            found += pool.map(partial(_read, reader), some)
    write_json(out, asdict(Words(FORMAT, protected.sha256, reader.name, tuple(found))))


def _read(reader: TextReader, pair: tuple[Frame, Frame]) -> ReadFrame:
    """What is read in a frame of the source and at its place in the protected one, and the other way round.

    What is hidden in part is found in the protected frame, what is hard to find in the source.
    """
    before, after = (frame.rgb() for frame in pair)
    height, width = before.shape[:2]
    after = np.ascontiguousarray(after[:height, :width])  # without what an encoder adds to odd sizes
    lines, others = reader.lines(before), reader.lines(after)
    places = [
        *zip(lines, reader.texts(after, lines), strict=True),
        *zip(others, reader.texts(before, others), strict=True),
    ]
    counts = [letters_in_common(line.text, text) for line, text in places]
    words = [
        Word(box_of(line.corners, height, width), round(line.score, 4), count)
        for (line, _), count in zip(places, counts, strict=True)
        if count
    ]
    return ReadFrame(pair[0].number, sum(is_word(line.text) for line in lines), apart(words))

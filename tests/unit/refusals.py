"""What every table of rows by frame refuses with one line. The tests of a table inherit these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import rewrite

from objmask.detections.frames_table import frames_path
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.video.info import VideoInfo


class RefusesWhatIsWrong:
    """Tests of a table with the rows of three frames: two, none, and one.

    The module has a fixture `good`, the path of such a table, named `a.parquet`.

    Attributes:
        verb: writes the table.
        facts: of the video.
        read: reads all of the table.
    """

    verb: ClassVar[str]
    facts: ClassVar[VideoInfo]
    read: ClassVar[Callable[[Path, VideoInfo], object]]

    def refused(self, path: Path, message: str, facts: VideoInfo | None = None) -> None:
        refused(lambda: type(self).read(path, facts or self.facts), message)

    @pytest.mark.parametrize("which", ["rows", "frames"])
    @pytest.mark.parametrize("key", ["video_sha256", "size", "no size"])
    def test_of_another_video_or_size(self, good: Path, which: str, key: str) -> None:
        width, height = self.facts.width, self.facts.height
        changes, message = {
            "video_sha256": ({key: "w" * 64}, "is of another video, or of an earlier version of it"),
            "size": ({key: [width, height]}, f"is not of {width} x {height} pixels"),
            "no size": ({"size": None}, f"is not of {width} x {height} pixels"),
        }[key]
        path = good if which == "rows" else frames_path(good)
        rewrite(pq.read_table(path), path, {**metadata_of(path), **changes})  # type: ignore[dict-item]
        self.refused(good, rf"a\.parquet: {message}; run {self.verb} again")

    def test_a_video_that_was_changed_since(self, good: Path) -> None:
        # Of 63 x 47 pixels there are as many blocks as of 64 x 48.
        smaller = replace(self.facts, height=self.facts.height - 1, width=self.facts.width - 1)
        for facts in (replace(self.facts, sha256="w" * 64), smaller):
            self.refused(good, f"run {self.verb} again", facts)

    @pytest.mark.parametrize("rows", [[0, 1], [0, 2], [1, 2], [], [0, 1, 2, 2], [0, 0, 1, 2]], ids=str)
    def test_a_row_that_is_missing_or_too_many(self, good: Path, rows: list[int]) -> None:
        """Above all a missing one: what it hid would be shown."""
        rewrite(pq.read_table(good).take(pa.array(rows, pa.int64())), good)
        self.refused(good, rf"a\.parquet: rows of frame \d are missing .*run {self.verb} again")

    def test_rows_of_a_frame_that_is_not_in_its_table(self, good: Path) -> None:
        rewrite(changed(good, {"frame": 9}), good)
        self.refused(good, f"run {self.verb} again")

    @pytest.mark.parametrize("which", ["rows", "frames"])
    @pytest.mark.parametrize("how", ["gone", "empty", "cut", "the other"])
    def test_a_file_that_is_not_there_or_not_whole(self, good: Path, which: str, how: str) -> None:
        pair = (good, frames_path(good))
        path, other = pair if which == "rows" else pair[::-1]
        content = {"gone": None, "empty": b"", "cut": path.read_bytes()[:-30], "the other": other.read_bytes()}[how]
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        self.refused(good, r"a\.(frames\.)?parquet: .*")

    @pytest.mark.parametrize("which", ["rows", "frames"])
    def test_a_flipped_bit_anywhere(self, good: Path, which: str) -> None:
        path = good if which == "rows" else frames_path(good)
        before, rng = path.read_bytes(), np.random.default_rng(0)
        for place in [*range(0, len(before), 97), *range(len(before) - 12, len(before))]:
            path.write_bytes(before[:place] + bytes([before[place] ^ 1 << int(rng.integers(8))]) + before[place + 1 :])
            self.refused(good, r"a\.(frames\.)?parquet: damaged")


def changed(path: Path, columns: Mapping[str, Any]) -> pa.Table:
    """The rows with some values of the last one changed."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[-1].update(columns)
    return pa.Table.from_pylist(rows, schema=table.schema)


def refused(read: Callable[[], object], message: str) -> None:
    """Fails unless reading is refused with one line."""
    with pytest.raises(DataError, match=message) as caught:
        read()
    assert "\n" not in str(caught.value)

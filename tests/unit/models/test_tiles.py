"""Pictures in parts: every pixel is in one, objects are found once, and small ones are found at all."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objmask.detections.arrays import WHOLE_BOX, Detections
from objmask.errors import ModelError
from objmask.models.info import ModelInfo
from objmask.models.tiles import Part, Tiled, joined, parts_of

INFO = ModelInfo("dots", "yolo", "none", "0" * 64, "tests", ("dot", "edge"), {"dot": 0, "edge": 1}, 0, 0)
SHARE = 20
"""The detector below sees dots from a twentieth of a picture's longer side on, as networks of a fixed input do."""


class Dots:
    """Finds white rectangles that are large enough in its picture."""

    info, runtime, placement, frames_at_once = INFO, "numpy", "here", 32

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def detect(self, frames: list[np.ndarray]) -> list[Detections]:
        assert len({frame.shape for frame in frames}) == 1
        self.seen += [frame.shape for frame in frames]
        return [self._one(frame) for frame in frames]

    def _one(self, frame: np.ndarray) -> Detections:
        rows, columns = np.flatnonzero(frame[..., 0].any(1)), np.flatnonzero(frame[..., 0].any(0))
        height, width = frame.shape[:2]
        if not len(rows) or max(np.ptp(rows), np.ptp(columns)) + 1 < max(height, width) / SHARE:
            return Detections.empty()
        box = [[rows[0] / height, columns[0] / width, (rows[-1] + 1) / height, (columns[-1] + 1) / width]]
        return Detections(np.array([0.5], np.float32), ("dot",), np.array(box, np.float32), (WHOLE_BOX,))

    def refuse_nan(self) -> None:
        """Nothing to check."""

    def close(self) -> None:
        """Nothing to free."""


def found_in(frame: np.ndarray, tiles: int) -> list[tuple[int, ...]]:
    (found,) = Tiled(Dots(), tiles, 100).detect([frame])
    height, width = frame.shape[:2]
    return [tuple(np.rint(box * [height, width, height, width]).astype(int)) for box in found.boxes]


@given(st.integers(33, 900), st.integers(33, 900), st.integers(1, 8))
def test_parts_cover_every_pixel_and_overlap(height, width, tiles):
    try:
        whole, *parts = parts_of(height, width, tiles)
    except ModelError:
        assert tiles > 1
        return
    assert whole == Part(0, 0, height, width)
    assert len(parts) == tiles**2
    for axis, length in (("top", height), ("left", width)):
        ends = {"top": "bottom", "left": "right"}
        spans = sorted({(getattr(part, axis), getattr(part, ends[axis])) for part in parts})
        assert spans[0][0] == 0
        assert spans[-1][1] == length
        assert len({stop - start for start, stop in spans}) == 1
        for (_, stop), (start, _) in pairwise(spans):
            assert stop - start >= 0.19 * (spans[0][1] - spans[0][0]) - 2


def test_small_things_are_found_in_parts_only():
    frame = np.zeros((400, 600, 3), np.uint8)
    frame[300:318, 420:440] = 255
    assert found_in(frame, 1) == []
    assert found_in(frame, 2) == [(300, 420, 318, 440)]


@pytest.mark.parametrize("tiles", [2, 3])
@given(st.data())
def test_an_object_is_found_once_wherever_it_lies(tiles, data):
    height, width = data.draw(st.integers(10, 200)), data.draw(st.integers(31, 300))
    top, left = data.draw(st.integers(0, 400 - height)), data.draw(st.integers(0, 600 - width))
    frame = np.zeros((400, 600, 3), np.uint8)
    frame[top : top + height, left : left + width] = 255
    assert found_in(frame, tiles) == [(top, left, top + height, left + width)]


def test_pictures_of_several_sizes_go_together():
    detector = Dots()
    frames = [
        np.full((80, 120, 3), 255, np.uint8),
        np.zeros((60, 90, 3), np.uint8),
        np.full((80, 120, 3), 255, np.uint8),
    ]
    found = Tiled(detector, 2, 100).detect(frames)
    assert [len(one) for one in found] == [1, 0, 1]
    assert len(detector.seen) == 3 * 5


def test_parts_too_small_to_show_anything_are_refused():
    with pytest.raises(ModelError, match=r"tiles: 8 a side of a picture of 100x90 would be .* lower tiles"):
        Tiled(Dots(), 8, 100).detect([np.zeros((90, 100, 3), np.uint8)])


def test_other_classes_and_the_limit():
    part = Part(0, 0, 100, 100)
    boxes = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.52], [0.1, 0.1, 0.5, 0.5]], np.float32)
    some = Detections(np.array([0.9, 0.8, 0.7], np.float32), ("dot", "dot", "edge"), boxes, (WHOLE_BOX,) * 3)
    assert joined([(part, some)], 100, 100, 100).classes == ("dot", "edge")
    assert joined([(part, some)], 100, 100, 1).classes == ("dot",)
    assert len(joined([(part, Detections.empty())], 100, 100, 1)) == 0


def test_a_model_in_parts_keeps_larger_frames(tmp_path: Path):
    fixed = ModelInfo("m", "yolo", "x", "0", "x", ("cup",), {"cup": 0}, 640, 640)
    assert fixed.frame_size(3840, 2160) == (640, 360)
    parts = ModelInfo("m", "yolo", "x", "0", "x", ("cup",), {"cup": 0}, 640, 640, tiles=3)
    assert parts.frame_size(3840, 2160) == (1920, 1080)
    assert parts.frame_size(800, 600) == (800, 600)
    assert fixed.digest() != parts.digest()

"""Documents between steps: what is wrong with one is told in one line that names the file and the field."""

from __future__ import annotations

import json
import math

import pytest
from clips import make

from objmask.errors import DataError, ModelError
from objmask.files.documents import typed
from objmask.files.whole import parse_json, read_json, write_json
from objmask.models.info import ModelInfo
from objmask.video.info import VideoInfo
from objmask.video.probe import probe

MODEL = ModelInfo("net", "yolo", "model.tflite", "0" * 64, "here", ("cup",), {"cup": 0}, 640, 640)


@pytest.fixture(scope="module")
def info(tmp_path_factory):
    return probe(make(tmp_path_factory.mktemp("clip") / "a.mp4"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", "64"),
        ("width", 64.0),
        ("width", True),
        ("width", 0),
        ("height", -1),
        ("frames", 1 << 63),
        ("packets", -1),
        ("sha256", "0" * 63),
        ("sha256", "x" * 64),
        ("rotation", 45),
        ("rate", "0"),
        ("rate", "1/0"),
        ("rate", "quick"),
        ("time_base", "-1/25"),
        ("duration_s", -0.5),
        ("keyframes", [[1]]),
        ("keyframes", [[0, 0.5]]),
        ("color_range", "both"),
        ("end_pts", -1),
        ("warnings", "all is well"),
        ("truncated", "no"),
    ],
)
def test_an_impossible_field_of_a_probe_is_named(tmp_path, info, field, value):
    path = tmp_path / "a.json"
    write_json(path, {**info.to_json(), field: value})
    with pytest.raises(DataError, match=rf"a\.json: {field}.*; run probe again") as caught:
        VideoInfo.read(path)
    assert "\n" not in str(caught.value)


def test_a_missing_or_unknown_field_is_named(tmp_path, info):
    path = tmp_path / "a.json"
    for change, field in (({"new": 1}, "new"), ({"width": None}, "width")):
        write_json(path, {**info.to_json(), **change})
        with pytest.raises(DataError, match=rf"a\.json: {field}: "):
            VideoInfo.read(path)
    document = info.to_json()
    del document["frames"]
    write_json(path, document)
    with pytest.raises(DataError, match=r"a\.json: frames: .*run probe again"):
        VideoInfo.read(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch", 0),
        ("input_width", -1),
        ("score_cut", 1.5),
        ("classes", []),
        ("class_ids", {"cup": "0"}),
        ("family", "x"),
    ],
)
def test_an_impossible_field_of_a_model_is_an_error_of_the_model(tmp_path, field, value):
    MODEL.write(tmp_path)
    assert ModelInfo.read(tmp_path) == MODEL
    write_json(tmp_path / "model.json", {**MODEL.to_json(), field: value})
    with pytest.raises(ModelError, match=rf"model\.json: .*{field}.*install the model again") as caught:
        ModelInfo.read(tmp_path)
    assert "\n" not in str(caught.value)


def read_or_refused(path):
    """What a document says; None: it is refused."""
    try:
        return read_json(path)
    except DataError as error:
        return None if "\n" not in str(error) else str(error)


def test_every_flipped_bit_of_a_document_is_noticed_or_nothing(tmp_path):
    path = tmp_path / "model.json"
    MODEL.write(tmp_path)
    before, document = path.read_bytes(), read_json(path)
    ends = []
    for place in range(len(before)):
        for bit in range(8):
            path.write_bytes(before[:place] + bytes([before[place] ^ 1 << bit]) + before[place + 1 :])
            ends.append(read_or_refused(path))
    assert all(end in (None, document) for end in ends)
    # Blanks that have become others change nothing.
    assert ends.count(None) > 0.8 * len(ends)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "[1e999]", '{"a": -1e400}', "{", "", "[" * 100_000])
def test_numbers_that_are_none_are_no_json(text):
    with pytest.raises(ValueError, match=r"."):
        parse_json(text)


def test_numbers_that_are_none_are_of_no_type(info):
    with pytest.raises(ValueError, match=r"."):
        typed({**info.to_json(), "duration_s": math.nan}, VideoInfo)
    assert parse_json(json.dumps({"a": [1e308, -0.0, 5e-324]})) == {"a": [1e308, 0.0, 5e-324]}

"""Videos that are turned further than their files say: every picture, its size, its samples and its fields."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from clips import REGULAR, make

from objmask.cli import main
from objmask.video import VideoInfo, probe, read_frames

TAGS = [{}, {"rotation": 90}, {"rotation": 180}, {"hflip": True}, {"rotation": 90, "hflip": True}]


def first(path, info):
    return next(read_frames(path, info))


@pytest.mark.parametrize("stored", TAGS, ids=str)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_what_is_shown_is_turned_clockwise(tmp_path, stored, degrees):
    """On top of what the file says, mirrored or not."""
    path = make(tmp_path / "a.mp4", codec="ffv1", size=(34, 18), pts=REGULAR[:2], aspect=Fraction(4, 3), **stored)
    before, after = probe(path), probe(path, rotate=degrees)
    assert after == before.turned(degrees)
    assert (after.rotate, after.mirrored, after.sha256) == (degrees, before.mirrored, before.sha256)
    one, other = first(path, before), first(path, after)
    for name in ("y", "u", "v"):
        turned = np.rot90(getattr(one.planes(), name), -degrees // 90)
        np.testing.assert_array_equal(getattr(other.planes(), name), turned)
    np.testing.assert_array_equal(other.rgb(), np.rot90(one.rgb(), -degrees // 90))
    assert other.rgb().shape == (after.height, after.width, 3)
    on_its_side = degrees in (90, 270)
    assert after.sample_aspect == (1 / before.sample_aspect if on_its_side else before.sample_aspect)


def test_turns_add_up(tmp_path):
    info = probe(make(tmp_path / "a.mp4", aspect=Fraction(4, 3), rotation=90, hflip=True))
    assert info.turned(90).turned(270) == info
    assert info.turned(180).turned(270) == info.turned(90)


@pytest.mark.parametrize(("rotation", "degrees", "turned"), [(0, 90, True), (0, 180, True), (270, 270, False)])
def test_fields_are_lost_as_by_a_tag(tmp_path, rotation, degrees, turned):
    """And kept where tag and setting come to nothing: the lines are those of the camera."""
    made = make(tmp_path / "a.mp4", options={"flags": "+ildct+ilme"}, rotation=rotation)
    info = probe(made, rotate=degrees)
    assert info.field_order
    assert info.written_fields == (None if turned else info.field_order)
    [warning] = [one for one in info.warnings if "interlaced" in one]
    assert ("all outputs too, as it is turned" in warning) == turned


def test_tables_of_another_turn_are_another_video_s(tmp_path):
    """By 180 degrees the size stays: only this tells that boxes lie elsewhere."""
    info = probe(make(tmp_path / "a.mp4"))
    assert info.identity == info.sha256
    assert len({info.turned(degrees).identity for degrees in (0, 90, 180, 270)}) == 4


def test_the_verb_writes_it_down(tmp_path, capsys):
    video = make(tmp_path / "a.mp4", rotation=90)
    assert main(["probe", f"--video={video}", "--rotate=180", f"--out={tmp_path}/p.json"]) == 0
    info = VideoInfo.read(tmp_path / "p.json")
    assert (info.rotation, info.rotate) == (90, 180)
    with pytest.raises(SystemExit):
        main(["probe", f"--video={video}", "--rotate=45", f"--out={tmp_path}/q.json"])
    assert "--rotate" in capsys.readouterr().err

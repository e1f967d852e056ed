"""Frames in which nothing at all was hidden: known answers, and when it is time to say so."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from builders import found
from hypothesis import given
from hypothesis import strategies as st
from scenes import hidden_areas, info, noise
from test_hold import table

from objmask.config.hiding import HiddenLook, Hiding
from objmask.errors import DataError
from objmask.files.whole import write_json
from objmask.hidden.causes import hides_objects
from objmask.hidden.unhidden import LONG_S, MUCH, Unhidden, tenths, worst_first
from objmask.render.privacy import Privacy

MS = Fraction(1, 1000)


def counted(hides: str, step_ms: int = 100) -> Unhidden:
    """Of frames of equal length, `#` hides and `.` does not."""
    pts = [i * step_ms for i in range(len(hides))]
    frames = table(pts, MS, first=5)
    frames.duration_pts[:] = step_ms
    return Unhidden.of(frames, [one == "#" for one in hides])


@pytest.mark.parametrize(
    ("hides", "step_ms", "without", "first", "stretch", "part"),
    [
        ("####", 100, 0, -1, (0, 0), ""),
        ("....", 100, 4, 5, (0, 0.4), "all"),
        (".", 40, 1, 5, (0, 0.04), "all"),
        ("#..####", 100, 2, 6, (0.1, 0.3), ""),
        ("#.##..#####", 100, 3, 9, (0.4, 0.6), ""),
        ("##..#..###", 100, 4, 7, (0.2, 0.4), ""),  # of equal ones the first
        ("#.#.", 100, 2, 6, (0.1, 0.2), "part"),  # half of the frames, however short
        ("#" * 30 + "." * 19, 100, 19, 35, (3.0, 4.9), ""),
        ("#" * 30 + "." * 20, 100, 20, 35, (3.0, 5.0), "part"),  # two seconds
        ("#" * 9 + ".", 2000, 1, 14, (18, 20), "part"),
    ],
)
def test_known_answers(hides, step_ms, without, first, stretch, part) -> None:
    one = counted(hides, step_ms)
    assert (one.frames, one.without, one.first) == (len(hides), without, first)
    assert (one.from_s, one.to_s) == pytest.approx(stretch)
    assert one.part == part


@given(st.text("#.", max_size=60), st.integers(1, 3000))
def test_any_frames(hides: str, step_ms: int) -> None:
    one = counted(hides, step_ms)
    runs = [len(run) for run in hides.split("#")]
    assert one.without == hides.count(".")
    assert one.longest_s == pytest.approx(max(runs) * step_ms / 1000)
    assert Unhidden(**json.loads(json.dumps(one.to_json()))) == one
    # Never a word less than: everything, long, or much.
    due = bool(hides) and (one.longest_s >= LONG_S or one.without >= MUCH * len(hides)) and one.without > 0
    assert bool(one.part) == due
    assert (one.part == "all") == (bool(hides) and set(hides) == {"."})


@pytest.mark.parametrize(
    ("hides", "said"),
    [
        ("." * 12, "nothing at all is hidden in any of its 12 frames"),
        ("#" + "." * 61, "in 61 of 62 frames (98 %), the longest stretch from 0:00.1 to 0:06.2"),
        ("#" * 1000 + "." * 20 + "#" * 9000, "in 20 of 10020 frames (1 %), the longest stretch from 1:40.0 to 1:42.0"),
        ("#" + "." * 100_000, "in 100000 of 100001 frames (99 %), the longest stretch from 0:00.1 to 2:46:40.1"),
    ],
)
def test_what_is_said(hides: str, said: str) -> None:
    assert said in counted(hides).sentence()
    assert "upright" in counted(hides).sentence()


def test_tenths_are_rounded_down_and_carry() -> None:
    assert [tenths(s) for s in (0, 0.09, 0.3, 59.99, 60, 3599.96, 3661.25)] == [
        *("0:00.0", "0:00.0", "0:00.3", "0:59.9", "1:00.0", "59:59.9", "1:01:01.2")
    ]


def test_worst_first_and_only_what_is_to_be_looked_at() -> None:
    found = [("short", counted("##.###")), ("half", counted("#.")), ("none", counted("..")), ("also", counted("..."))]
    assert [name for name, _ in worst_first(found)] == ["also", "none", "half"]


@pytest.mark.parametrize("zones", [(), (((0.0, 0.0), (0.5, 0.0), (0.5, 0.5)),)], ids=["", "zone"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_protect_hides_beside_zones_is_what_counts(zones, whole: bool) -> None:
    when = "no_detection" if whole else "never"
    settings = Hiding(objects=frozenset({"person"}), grow=0.0, hold=0, zones=zones, whole_frame_when=when)
    privacy, picture = Privacy(HiddenLook(style="solid")), noise(64, 48)
    alone = settings.model_copy(update={"whole_frame_when": "never"})
    bare = Privacy(HiddenLook(style="solid")).render(picture, hidden_areas(found(), alone, info(64, 48)))
    person, cup, faint = (("person", 0.9), ("cup", 0.9), ("person", 0.05))
    decided = []
    for kind in (person, cup, faint, None, person):
        areas = hidden_areas(found(*([(*kind, (0.6, 0.6, 0.9, 0.9))] if kind else [])), settings, info(64, 48))
        decided.append(hides_objects(areas))
        assert decided[-1] == (not np.array_equal(privacy.render(picture, areas).y, bare.y))
    assert decided == privacy.hides == [whole or hidden for hidden in (True, False, False, False, True)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": -1}, {"frames": "62"}, {"frames": True}, {"without": 63}, {"without": 1.0}, {"without": 0},
        {"first": -1}, {"from_s": float("nan")}, {"to_s": float("inf")}, {"to_s": -1}, {"from_s": None}, {"more": 1},
        {"frames": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_document_is_refused(tmp_path: Path, wrong: dict) -> None:
    path = tmp_path / "a.json"
    write_json(path, counted("#.....").to_json())
    assert Unhidden.read(path).without == 5
    path.write_text(path.read_text().replace("5", "4", 1))
    with pytest.raises(DataError, match=r"a\.json: .*run hide again"):
        Unhidden.read(path)
    with pytest.raises(DataError, match=next(iter(wrong)) + "|expected|finite|number"):  # noqa: PT012
        write_json(path, {**counted("#.....").to_json(), **wrong})
        Unhidden.read(path)

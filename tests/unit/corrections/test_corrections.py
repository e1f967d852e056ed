"""What corrections make of a video's rows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from builders import found, random_detections, same, write_detections

from objmask.corrections.corrections import Corrections
from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.errors import ConfigError
from objmask.objects.effects import uncovered, without_effect
from objmask.objects.tables import Tables, found_by_frame, objects_by_frame, read_tables

PERSON, CUP = ("person", 0.9, (0.0, 0.0, 0.5, 0.5)), ("cup", 0.4, (0.5, 0.5, 1.0, 1.0))
STEP_S = 1001 / 30000


def corrections(*entries):
    return Corrections.from_entries(entries)


def tracked(*items, numbers):
    return replace(found(*items), track_ids=numbers)


@pytest.fixture
def stored(tmp_path):
    """Ten frames of a person (track 0) and a cup (track 1), as tables with corrections."""
    path = tmp_path / "a.parquet"
    write_detections(path, [tracked(PERSON, CUP, numbers=(0, 1))] * 10)
    return lambda *entries: read_tables([path], "v" * 64, json.dumps(entries))


def numbers(tables):
    return [one.track_ids for one in found_by_frame(tables)]


def test_without_entries_everything_stays(stored):
    assert numbers(stored()) == [(0, 1)] * 10
    assert all(same(a, b) for a, b in zip(found_by_frame(stored()), objects_by_frame(stored()), strict=True))


def test_a_dropped_track_is_gone_and_nothing_else(stored):
    for read in (found_by_frame, objects_by_frame):
        for before, after in zip(read(stored()), read(stored({"drop": {"track": 0}})), strict=True):
            assert same(after, before.take([1]))


def test_a_span_includes_both_of_its_ends(stored):
    times = stored()[0][1].time_s
    span = {"from_s": round(times[3], 3), "to_s": round(times[5], 3)}
    assert [len(one) for one in numbers(stored({"drop": {"track": 0, **span}}))] == [2, 2, 2, 1, 1, 1, 2, 2, 2, 2]
    assert numbers(stored({"drop": {"track": 0, "from_s": round(times[9], 3)}}))[8:] == [(0, 1), (1,)]


@pytest.mark.parametrize(
    "guard",
    [{"class": "cup"}, {"box": [0.5, 0.5, 1, 1]}, {"from_s": 100}, {"model": "other"}, {"to_s": 0, "from_s": 0}],
)
def test_all_that_an_entry_says_must_fit(stored, guard):
    changed = numbers(stored({"drop": {"track": 0, **guard}}))
    assert changed.count((1,)) == (1 if "to_s" in guard else 0)


def test_what_is_at_least_half_in_a_box_is_in_it(stored):
    assert numbers(stored({"drop": {"class": "person", "box": [0, 0, 0.5, 0.25]}}))[0] == (1,)
    assert numbers(stored({"drop": {"class": "person", "box": [0, 0, 0.5, 0.24]}}))[0] == (0, 1)


def test_a_new_class_is_all_that_relabel_changes(stored):
    for read in (found_by_frame, objects_by_frame):
        for before, after in zip(
            read(stored()), read(stored({"relabel": {"track": 1, "class": "laptop"}})), strict=True
        ):
            assert after.classes == ("person", "laptop")
            assert after.found_as == ("person", "laptop")
            assert same(replace(after, classes=before.classes, found_as=before.found_as), before)


def test_confirmed_rows_count_as_sure_and_stay_what_they_are(stored):
    for before, after in zip(
        found_by_frame(stored()), found_by_frame(stored({"confirm": {"track": 1, "class": "cup"}})), strict=True
    ):
        assert after.scores.tolist() == [before.scores[0], 1]
        assert after.found_scores == (before.found_scores[0], 1)
        assert same(replace(after, scores=before.scores, found_scores=before.found_scores), before)


def test_entries_look_at_what_was_found_and_not_at_each_other(stored):
    entries = [
        {"relabel": {"track": 0, "class": "cup"}},
        {"relabel": {"track": 0, "class": "tv"}},
        {"drop": {"class": "cup"}},
        {"add": {"class": "cup", "from_s": 0, "to_s": 0, "box": [0, 0, 1, 1]}},
    ]
    first, second, *_ = found_by_frame(stored(*entries))
    assert (first.classes, first.sources) == (("tv", "cup"), ("detected", "manual"))
    assert second.classes == ("tv",)
    assert next(iter(found_by_frame(stored(*entries[2:], *entries[:2])))).classes == ("tv", "cup")


def test_what_is_added_is_sure_and_of_no_track(stored):
    tables = stored({"add": {"class": "person", "from_s": 0.1, "to_s": 0.2, "box": [0.2, 0.3, 0.4, 0.6]}})
    for read in (found_by_frame, objects_by_frame):
        added = [one.take(i for i in range(len(one)) if one.sources[i] == "manual") for one in read(tables)]
        assert [len(one) for one in added] == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
        [one] = [one for one in added if len(one)][:1]
        assert (one.classes, one.scores.tolist(), one.track_ids) == (("person",), [1.0], (-1,))
        assert np.allclose(one.boxes, [[0.2, 0.3, 0.4, 0.6]])


def added(entry, time_s, size=(101, 201)):
    """The pixels of an added object."""
    [one] = corrections({"add": {"class": "x", "from_s": 0, "to_s": 1, **entry}}).added_at(time_s)
    pixels = np.zeros(size, bool)
    patch = paste(one.masks[0], one.boxes[0], *size, 0.5)
    pixels[patch.rows, patch.columns] = patch.mask
    return pixels


def test_a_box_moves_evenly_to_where_it_ends():
    entry = {"box": [0, 0, 0.2, 0.2], "to_box": [0.8, 0.4, 1, 1]}
    for time_s, box in ((0, [0, 0, 20, 40]), (0.5, [40, 40, 60, 120]), (1, [80, 80, 100, 200])):
        rows, columns = np.nonzero(added(entry, time_s))
        edges = [rows.min(), columns.min(), rows.max(), columns.max()]
        assert np.allclose(edges, box, atol=1)


def test_a_polygon_is_filled_and_no_more():
    triangle = added({"polygon": [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]]}, 0)
    y, x = np.mgrid[:101, :201] / np.array([100, 200])[:, None, None]
    assert triangle[(x > 0.11) & (y > 0.11) & (x + y < 0.99)].all()
    assert not triangle[(x < 0.09) | (y < 0.09) | (x + y > 1.01)].any()


def test_a_hollow_polygon_stays_hollow_and_one_that_turns_over_stays_there():
    ring = [[0, 0], [1, 0], [1, 1], [0.6, 1], [0.6, 0.3], [0.4, 0.3], [0.4, 1], [0, 1]]
    pixels = added({"polygon": ring}, 0)
    assert not pixels[60, 100]
    assert pixels[60, 20]
    assert pixels[60, 180]
    turned = {"polygon": [[0.2, 0.2], [0.4, 0.2], [0.3, 0.4]], "to_polygon": [[0.4, 0.4], [0.2, 0.4], [0.3, 0.2]]}
    assert added(turned, 0.25).any()


@pytest.mark.parametrize("box", [[0, 0, 1, 1], [0, 0, 0.0001, 0.0001], [0.9999, 0.9999, 1, 1], [0.5, 0, 0.5001, 1]])
def test_boxes_at_the_border_and_thinner_than_a_pixel(box):
    [one] = corrections({"add": {"class": "x", "from_s": 0, "to_s": 0, "box": box}}).added_at(0)
    assert np.allclose(one.boxes[0], box, atol=1e-4)


@pytest.mark.parametrize("polygon", [[[0, 0], [0, 0.5], [0, 1]], [[1, 1], [1, 1], [1, 1]], [[0, 1], [0.5, 1], [1, 1]]])
def test_a_polygon_without_area_is_still_an_object(polygon):
    [one] = corrections({"add": {"class": "x", "from_s": 0, "to_s": 0, "polygon": polygon}}).added_at(0)
    assert one.masks[0].max() == 255


def test_frames_without_anything(tmp_path):
    write_detections(tmp_path / "a.parquet", [Detections.empty()])
    tables = read_tables([tmp_path / "a.parquet"], "v" * 64, '[{"drop": {"track": 3}}]')
    assert [len(one) for one in found_by_frame(tables)] == [0]
    write_detections(tmp_path / "b.parquet", [])
    tables = read_tables([tmp_path / "b.parquet"], "v" * 64, '[{"drop": {"track": 3}}]')
    assert list(objects_by_frame(tables)) == []


def test_several_models(tmp_path):
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for name, path in zip("ab", files, strict=True):
        write_detections(path, [tracked(PERSON, numbers=(0,))] * 2, model=name)
    entry = {"drop": {"track": 0}}
    with pytest.raises(ConfigError, match="say `model`"):
        read_tables(files, "v" * 64, json.dumps([entry]))
    entry["drop"]["model"] = "b"
    add = {"add": {"class": "cup", "from_s": 0, "to_s": 0, "box": [0, 0, 1, 1]}}
    tables = read_tables(files, "v" * 64, json.dumps([entry, add]))
    assert [one.classes for one in found_by_frame(tables)] == [("person", "cup"), ("person",)]
    assert list(without_effect(read_tables(files[:1], "v" * 64, json.dumps([entry])))) == []


def test_random_rows_keep_everything_that_no_entry_names(tmp_path):
    rng = np.random.default_rng(5)
    frames = [random_detections(rng, 12) for _ in range(20)]
    table = write_detections(tmp_path / "a.parquet", frames)
    plain = Tables(((tmp_path / "a.parquet", table),))
    entry = {"drop": {"track": 2, "from_s": 0.1, "to_s": 0.4}}
    for row, (before, after) in enumerate(
        zip(found_by_frame(plain), found_by_frame(replace(plain, corrections=corrections(entry))), strict=True)
    ):
        inside = 3 <= row <= 12
        kept = [i for i in range(12) if not (inside and before.track_ids[i] == 2)]
        assert same(after, before.take(kept))


def test_what_drops_show_is_said(stored):
    tables = stored(
        {"drop": {"track": 0, "from_s": 0.1}}, {"drop": {"track": 1}}, {"relabel": {"track": 0, "class": "cup"}}
    )
    first, second = uncovered(tables, {"person"}, 0.1)
    said = "shows what was hidden: track 0 (person)"
    assert first == f"correction 3 (relabel track 0 to cup) {said}, 0.000 s to 0.300 s, 10 frames"
    assert second == f"correction 1 (drop track 0) {said}, 0.100 s to 0.300 s, 7 frames"
    assert list(uncovered(stored({"relabel": {"track": 0, "class": "tv"}}), {"person", "tv"}, 0.1)) == []
    assert list(uncovered(stored({"drop": {"track": 1}}), {"person", "cup"}, 0.5)) == []


def test_what_meets_nothing_is_said(stored):
    entries = [
        {"drop": {"track": 7}},
        {"drop": {"track": 0}},
        {"add": {"class": "cup", "from_s": 5, "to_s": 6, "box": [0, 0, 1, 1]}},
    ]
    first, second = without_effect(stored(*entries))
    assert first.startswith("correction 1 (drop track 7) meets nothing")
    assert second == "correction 3 (add cup) is in no frame: 5 s to 6 s"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("{}", "expected a list"),
        ("[1]", "entry 1"),
        ('[{"drop": {"track": 1}}, {}]', "entry 2"),
        ('[{"drop": {"track": 1}, "add": {}}]', "entry 1"),
        ('[{"erase": {"track": 1}}]', "'erase' is unknown"),
        ('[{"drop": {}}]', "say which"),
        ('[{"drop": {"tracks": 1}}]', "'tracks' is unknown"),
        ('[{"drop": {"track": 1, "was": "cup"}}]', "'was' is unknown"),
        ('[{"relabel": {"track": 1}}]', "what it is"),
        ('[{"relabel": {"class": "cup"}}]', "say which"),
        ('[{"drop": {"track": 1, "from_s": 2, "to_s": 1}}]', "is after"),
        ('[{"drop": {"track": 1, "from_s": NaN}}]', "NaN is not a finite number"),
        ('[{"drop": {"track": 1, "box": [0, 0, 0, 1]}}]', "a box is"),
        ('[{"drop": {"track": 1, "box": [0, 0, NaN, 1]}}]', "NaN is not a finite number"),
        ('[{"add": {"class": "cup", "box": [0, 0, 1, 1]}}]', "from_s and to_s"),
        ('[{"add": {"class": "cup", "from_s": 0, "to_s": 1}}]', "say where"),
        ('[{"add": {"class": "cup", "from_s": 0, "to_s": 1, "box": [0, 0, 1, 2]}}]', "a box is"),
        ('[{"add": {"class": "cup", "from_s": 0, "to_s": 1, "box": [0,0,1,1], "to_polygon": []}}]', "goes with"),
        ('[{"add": {"class": "cup", "from_s": 0, "to_s": 1, "polygon": [[0, 0], [1, 1]]}}]', "at least three"),
        ('[{"add": {"class": "cup", "from_s": 0, "to_s": 1, "polygon": [[0, 0], [1], [1, 1]]}}]', "entry 1"),
        (
            '[{"add": {"class": "cup", "from_s": 0, "to_s": 1, "polygon": [[0,0],[1,0],[1,1]], '
            '"to_polygon": [[0,0],[1,0],[1,1],[0,1]]}}]',
            "as many corners",
        ),
    ],
)
def test_entries_that_are_none(text, message):
    with pytest.raises(ConfigError, match=message):
        Corrections.from_json(text)

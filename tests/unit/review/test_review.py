"""Which moments are listed, in which order, and what is suggested."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import yaml
from builders import HOSTILE, METADATA, found
from clips import make

from objmask.cli import main
from objmask.corrections.corrections import Corrections
from objmask.corrections.read import read_corrections
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.errors import DataError
from objmask.files.whole import sha256_of, write_json
from objmask.project.place import CORRECTIONS_SCHEMA as SCHEMA
from objmask.report.page import policy
from objmask.review.moment import Suggestion, quoted, rounded
from objmask.review.results import review, tracked_videos

MIDDLE, EDGE = (0.4, 0.4, 0.6, 0.6), (0.0, 0.4, 0.6, 0.6)
LENGTH = 20


def row(name="person", score=0.9, box=MIDDLE, track=0, **more):
    return replace(found((name, score, box)), track_ids=(track,), **more)


def frames_with(*rows, at):
    """Twenty frames with the same rows in some of them."""
    return [Detections.concatenate(rows) if k in at else Detections.empty() for k in range(LENGTH)]


@pytest.fixture
def results(tmp_path):
    """Makes results of a video with given tracks."""

    def make_results(frames, name="desk/one", model="demo", **provenance):
        place = tmp_path / "videos" / f"{name}.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        video = make(place)
        out = tmp_path / "results"
        assert main(["probe", f"--video={video}", f"--out={out / 'probe' / name}.json"]) == 0
        path = out / "tracks" / model / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        sha256 = sha256_of(video)
        metadata = {**METADATA, "video_sha256": sha256, "model": model}
        with DetectionWriter(path, frames_path(path), metadata) as writer:
            for number, one in enumerate(frames):
                writer.write(number, number * 1001, 1001, inferred=True, found=one)
        if provenance:
            settings = {"hiding": '{"objects": ["person", "tv"], "score": 0.1}', "corrections": None, **provenance}
            write_json(out / "provenance/hidden" / f"{name}.json", {"settings": settings, "models": {model: {}}})
        return out

    return make_results


def moments(out, *names, corrections=None):
    return review(out, tracked_videos(out, names, corrections))


def kinds(out, **more):
    return [moment.kind for moment in moments(out, **more)]


def test_a_steady_track_needs_no_look(results):
    assert kinds(results(frames_with(row(), at=range(LENGTH)))) == []


def test_nothing_found(results):
    assert kinds(results([Detections.empty()] * LENGTH)) == []
    assert main(["review", f"--results={results([Detections.empty()] * LENGTH)}"]) == 0


def test_a_gap(results):
    [gap] = moments(results(frames_with(row(), at=[*range(6), *range(9, LENGTH)])))
    assert (gap.kind, gap.frame, gap.track, gap.name) == ("gap", 7, 0, "person")
    assert "missed in 3 frames, 0.133 s" in gap.what
    ((_, entry), _) = gap.entries
    assert entry["add"]["box"] == entry["add"]["to_box"] == pytest.approx(MIDDLE, abs=0.0011)
    assert (entry["add"]["from_s"], entry["add"]["to_s"]) == (0.167, 0.3)


def test_the_longest_gaps_of_a_track_are_the_ones_that_are_listed(results):
    out = results(frames_with(row(), at=[0, 2, 4, 7, 8, 12, 14, 19]))
    assert sorted(m.what.split(",")[0] for m in moments(out)) == [
        "missed in 2 frames",
        "missed in 3 frames",
        "missed in 4 frames",
    ]


def test_ends_amid_the_picture_but_not_at_its_edge(results):
    assert kinds(results(frames_with(row(), at=range(5, 12)))) == ["begins", "ends"]
    assert kinds(results(frames_with(row(box=EDGE), at=range(5, 12)))) == []
    assert kinds(results(frames_with(row(), at=range(12)))) == ["ends"]


def test_what_scores_just_too_little(results):
    [weak] = moments(results(frames_with(row(score=0.08), at=[4, 5])))
    assert (weak.kind, next(iter(weak.entries[0][1]))) == ("weak", "confirm")
    assert kinds(results(frames_with(row(score=0.04), at=[4, 5]))) == []


LARGE = (0.0, 0.0, 0.8, 1.0)


def test_what_is_large_and_not_sure_enough_is_not_hidden(results):
    [weak] = moments(results(frames_with(row(score=0.25, box=LARGE), at=range(LENGTH))))
    assert (weak.kind, weak.what) == ("weak", "found 20 times, never above 0.25: not hidden")
    assert weak.worth == pytest.approx(0.9)
    assert next(iter(weak.entries[0][1])) == "confirm"
    assert kinds(results(frames_with(row(score=0.31, box=LARGE), at=range(LENGTH)))) == []


def test_a_large_object_that_is_hidden_in_some_frames_only(results):
    sure, weak = (frames_with(row(score=score, box=LARGE), at=range(LENGTH)) for score in (0.5, 0.2))
    [found_weak] = moments(results([*sure[:15], *weak[15:]]))
    assert (found_weak.kind, found_weak.frame) == ("weak", 15)
    assert found_weak.what == "not hidden in 5 of 20 frames: too large for how sure the network is"


def test_what_is_found_once(results):
    assert kinds(results(frames_with(row(), at=[7]))) == ["single"]
    assert kinds(results(frames_with(row(score=0.06), at=[7]))) == ["weak"]


def test_doubts_about_the_class_count_where_they_decide_what_is_hidden(results):
    [doubt] = moments(results(frames_with(row("cup", found_as=("book",)), at=range(LENGTH))))
    assert (doubt.kind, doubt.what) == ("class", "taken for book in 20 of 20 frames")
    assert doubt.entries[0][1]["relabel"] == {"track": 0, "model": "demo", "class": "book", "was": "cup"}
    assert kinds(results(frames_with(row("tv", found_as=("laptop",)), at=range(LENGTH)))) == []
    assert kinds(results(frames_with(row("cup", found_as=("bottle",)), at=[3]))) == []


def test_carried_rows_are_no_finds(results):
    frames = [row() if k in (3, 4, 5, 9) else row(carried=(k - 5,)) for k in range(LENGTH)]
    assert [m.what for m in moments(results(frames)) if m.kind == "gap"] == [
        "missed in 3 frames, 0.133 s: masks are carried across"
    ]


def test_the_worst_come_first_over_all_videos(results):
    results(frames_with(row(score=0.3), at=[3]), name="desk/one")
    out = results(frames_with(row(), at=[*range(3), *range(15, LENGTH)]), name="desk/two")
    listed = moments(out)
    assert [(m.video, m.kind) for m in listed] == [("desk/two", "gap"), ("desk/one", "single")]
    assert [m.worth for m in listed] == sorted((m.worth for m in listed), reverse=True)
    assert [m.video for m in moments(out, "desk/one")] == ["desk/one"]


def test_what_is_sensitive_is_what_protected_video_hid(results):
    frames = frames_with(row("book"), at=[3])
    assert kinds(results(frames)) == ["single"]
    assert kinds(results(frames, hiding='{"objects": ["person"]}')) == []
    assert kinds(results(frames, hiding='{"objects": ["book"]}', hiding_score="0.95")) == ["weak"]


def test_every_suggestion_is_taken_and_settles_its_moment(results, tmp_path):
    frames = frames_with(row(), row(score=0.09, box=(0.1, 0.1, 0.2, 0.2), track=1), at=[3, 4, 5, 9, 10])
    frames[7] = row("cup", 0.8, (0.7, 0.7, 0.9, 0.9), 2, found_as=("tv",))
    frames[12] = row("tv", 0.8, (0.1, 0.7, 0.2, 0.9), 3)
    out = results(frames)
    listed = moments(out)
    assert {m.kind for m in listed} == {"gap", "begins", "ends", "weak", "class", "single"}
    for moment in listed:
        for when, entry in moment.entries:
            assert when
            left = moments(out, corrections={"desk/one": [dict(entry)]})
            assert (moment.kind, moment.track) not in {(m.kind, m.track) for m in left if m.frame == moment.frame}, (
                entry
            )
    path = tmp_path / "all.yaml"
    path.write_text("\n".join(m.yaml for m in listed), encoding="utf-8")
    assert len(read_corrections(path, SCHEMA, ["desk/one"])["desk/one"]) == len(listed)


def test_corrections_of_the_last_run_are_known(results):
    entry = json.dumps([{"drop": {"track": 0}}])
    assert kinds(results(frames_with(row(), at=[3]), corrections=entry)) == []
    assert kinds(results(frames_with(row(), at=[3]), corrections=entry), corrections={}) == ["single"]


def test_an_audit_comes_first(results):
    out = results(frames_with(row(), at=[3]))
    leak = {"frame": 8, "time_s": 0.267, "box": [0.1, 0.1, 0.3, 0.3], "class": "tv", "score": 0.4, "leak": True}
    stretch = {"first": {"frame": 7, "time_s": 0.234}, "last": {"frame": 9, "time_s": 0.3}, "why": ["found again"]}
    doubt = {**leak, "leak": False, "score": 0.05}
    write_json(out / "audit/desk/one.json", {"moments": [leak, {**leak, **stretch}, doubt]})
    listed = moments(out)
    assert [m.kind for m in listed] == ["leak", "leak", "single", "seen"]
    adds = [m.entries[0][1]["add"] for m in listed if m.kind == "leak"]
    assert [(add["class"], add["from_s"], add["to_s"]) for add in adds] == [("tv", 0.167, 0.367), ("tv", 0.134, 0.4)]
    assert listed[1].what == "the audit counts it as a leak: found again"
    assert kinds(out, corrections={"desk/one": [listed[1].entries[0][1]]}) == ["single"]
    assert kinds(out, corrections={"desk/one": [listed[1].entries[1][1]]}) == ["single"]
    elsewhere = {**listed[1].entries[1][1]["allow"], "box": [0.5, 0.5, 1, 1]}
    assert kinds(out, corrections={"desk/one": [{"allow": elsewhere}]}) == ["leak", "leak", "single", "seen"]
    write_json(out / "audit/desk/one.json", {"moments": [{**leak, "kind": "<b>"}]})
    assert [m.kind for m in moments(out)] == ["<b>", "single"]


def test_a_damaged_audit_is_no_audit_without_moments(results):
    out = results(frames_with(row(), at=[3]))
    audit = out / "audit/desk/one.json"
    leak = {"frame": 8, "time_s": 0.267, "box": [0, 0, 0, 1], "class": "tv", "score": 0.4, "leak": True}
    for damaged in ({"moments": [leak]}, {"moments": [{"frame": 1}, 3]}, {"moments": 3}, {}):
        write_json(audit, damaged)
        with pytest.raises(DataError, match=r"one\.json: .*run audit again"):
            moments(out)
    for damaged in ("{", "[]", '{"moments": 3}', "null"):
        audit.write_text(damaged)
        with pytest.raises(DataError, match=r"one\.json: .*run audit again"):
            moments(out)


def test_a_table_and_what_to_copy(results, capsys):
    out = results(frames_with(row(), at=[3]), name="it's <b>")
    results(frames_with(row(), at=[4]), name="two")
    assert main(["review", f"--results={out}", "--limit=1"]) == 0
    text = capsys.readouterr().out
    assert "it's <b>  0:00.100  3" in text
    assert "single: person, found in one frame only" in text
    assert '"it\'s <b>":' in text
    assert text.endswith("2 moments to look at, the worst 1 of them here\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--results=none"], "none/tracks: has none; run the workflow first"),
        (["--video=desk/two"], "has none of desk/two"),
        (["--raw-pictures"], "goes with --html"),
        (["--corrections=none.yaml"], "none.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_reviewed(results, capsys, arguments, said):
    out = results(frames_with(row(), at=[3]))
    assert main(["review", f"--results={out}", *arguments]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["desk/one", "1", "1.5", "yes", "null", "a: b", "#", "*x", "<script>", "2024-01-01", *HOSTILE]
)
def test_names_come_back_from_yaml(name):
    moment = Suggestion(1, "gap", "x", name, 0, 1, MIDDLE, name, 0.5, entries=(("so", {"drop": {"class": name}}),))
    assert yaml.safe_load(moment.yaml) == {name: [{"drop": {"class": name}}]}
    assert len(quoted(name).splitlines()) == 1


def test_times():
    assert Suggestion(1, "gap", "x", "v", 0, 3599.9996, MIDDLE, "cup", 0.5).time == "60:00.000"


def test_rounded_boxes_cover_what_they_covered():
    assert rounded((0.12345, 0.0, 0.12346, 1.0)) == [0.123, 0.0, 0.124, 1.0]
    Corrections.from_entries([{"add": {"class": "x", "from_s": 0, "to_s": 0, "box": rounded((0.9999, 0, 1, 1))}}])


def test_the_page_shows_protected_video_takes_names_for_text_and_runs_nothing(results, tmp_path):
    out = results(frames_with(row(), at=[3, 7]), name="a</pre><script>alert(1)</script>")
    page = tmp_path / "review.html"
    assert main(["review", f"--results={out}", f"--html={page}"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "no picture" in text
    assert policy([]).replace("'", "&#39;") in text
    assert "script-src ;" in text
    shown = out / "protected/a</pre><script>alert(1)</script>.mp4"
    shown.parent.mkdir(parents=True)
    shown.write_bytes((tmp_path / "videos/a</pre><script>alert(1)</script>.mp4").read_bytes())
    assert main(["review", f"--results={out}", f"--html={page}"]) == 0
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r'<img src="data:image/webp;base64,', text)) == len(moments(out))
    first = page.read_bytes()
    assert main(["review", f"--results={out}", f"--html={page}"]) == 0
    assert page.read_bytes() == first
    (out / "protected").rename(out / "unaudited")  # kept back by an audit
    assert main(["review", f"--results={out}", f"--html={page}"]) == 0
    assert page.read_bytes() == first


def test_raw_pictures_are_asked_for_and_said(results, tmp_path, monkeypatch):
    out = results(frames_with(row(), at=[3, 19]))
    page = tmp_path / "review.html"
    ask = ["review", f"--results={out}", f"--html={page}", "--raw-pictures"]
    assert main(ask) == 1
    video = tmp_path / "videos/desk/one.mp4"
    state = video.stat()
    entry = {"size": state.st_size, "mtime_ns": state.st_mtime_ns, "sha256": sha256_of(video), "packets": 20}
    write_json(out / "index.json", {"videos/desk/one.mp4": {**entry, "unreadable": ""}})
    monkeypatch.chdir("/")
    assert main(ask) == 0
    assert "Not for sharing" in page.read_text(encoding="utf-8")

"""The verbs one after the other, as the workflow or a user by hand calls them; detection by a detector of the tests."""

import csv
import json
import os

import numpy as np
import pyarrow.parquet as pq
import pytest
from builders import HOSTILE, BrightRectangles, found, rewrite, write_detections
from clips import make

from objmask.cli import main
from objmask.coverage.summary import VideoCoverage
from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.files.csv_tables import read_rows
from objmask.files.parquet import metadata_of
from objmask.files.whole import sha256_of
from objmask.inference.chunk import detect
from objmask.models.info import ModelInfo
from objmask.progress import Progress
from objmask.verbs.options import whole
from objmask.video import probe

GROUPS = {
    "drink": {"objects": ["cup"], "colour": [0, 0, 255], "sensitive": False},
    "person": {"objects": ["person"], "colour": [255, 255, 255], "sensitive": True},
}


def run(verb, *flags, **options):
    """Calls a verb as the workflow does, `--flag=value`; returns the exit code."""
    arguments = [f"--{flag}" for flag in flags]
    for name, values in options.items():
        for value in values if isinstance(values, list) else [values]:
            arguments.append(f"--{name.replace('_', '-')}={value}")
    return main([verb, *arguments])


@pytest.fixture
def model(tmp_path):
    """The folder of an installed model, which says what size of frames it wants."""
    info = ModelInfo("bright", "yolo", "x", "0" * 64, "tests", ("cup",), {"cup": 0}, 32, 32)
    (tmp_path / "model").mkdir()
    info.write(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def probed(tmp_path):
    """A video of 20 frames and its probe."""
    video = make(tmp_path / "a.mp4")
    assert run("probe", video=video, out=tmp_path / "p.json") == 0
    return {"video": video, "probe": tmp_path / "p.json"}


@pytest.fixture
def detected(tmp_path, probed):
    """The same with a cup that fills the left half of every frame."""
    sha256 = sha256_of(probed["video"])
    write_detections(tmp_path / "d.parquet", [found(("cup", 0.9, (0, 0, 1, 0.5)))] * 20, video_sha256=sha256)
    return {**probed, "detections": tmp_path / "d.parquet"}


def paint(detected, groups=GROUPS, **more):
    """Paints; what the verbs need that read it."""
    given = {"probe": detected["probe"], "groups": json.dumps(groups)}
    out = detected["probe"].parent / "painted/a.parquet"
    assert run("paint", **given, detections=detected["detections"], out=out, **more) == 0
    return {**given, "painted": out}


def hide(detected, objects='["cup"]', **more):
    """Hides; what `protect` needs."""
    out = detected["probe"].parent / "hidden/a.parquet"
    assert run("hide", **without_video(detected), objects=objects, out=out, **more) == 0
    return {"video": detected["video"], "probe": detected["probe"], "hidden": out}


def without_video(options):
    return {key: value for key, value in options.items() if key != "video"}


@pytest.mark.parametrize("name", [HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[5]])
def test_from_a_video_to_tables(tmp_path, model, name):
    (tmp_path / "in").mkdir()
    video = make(tmp_path / "in" / f"{name}.mp4")
    out = tmp_path / name
    assert run("probe", video=video, out=out / "p.json", log=out / "log" / "p.log") == 0
    parts = []
    for chunk in ("00000000-00000007", "00000007-00000020"):
        store, table = out / f"{chunk}.nut", out / f"{chunk}.parquet"
        part = out / "parts" / f"{chunk}.parquet"
        extra = {"video": video, "probe": out / "p.json", "model": model, "chunk": chunk}
        assert run("frames", **extra, out=store, table=table) == 0
        assert run("images", **extra, kind="jpg", out=out / chunk) == 0
        chunk_table = FrameTable.read(table)
        with Progress("detect", len(chunk_table)) as bar:
            detect(BrightRectangles(), store, chunk_table, table, part, frames_path(part), bar, {})
        parts.append(part)
    assert sorted(os.listdir(out / "00000007-00000020"))[0] == "00000007.jpg"
    gathered = {"out": out / "d.parquet", "out_frames": out / "d.frames.parquet"}
    assert run("gather", probe=out / "p.json", part=parts, **gathered) == 0
    assert len(FrameTable.read(out / "d.frames.parquet")) == 20
    assert (
        run(
            "coverage",
            **paint({"probe": out / "p.json", "detections": out / "d.parquet"}),
            out=out / "coverage" / f"{name}.csv",
        )
        == 0
    )
    with (tmp_path / "videos.tsv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter="\t", lineterminator="\n").writerows(
            [("name", "label", "subject", "excluded"), (name, "x", "", ""), ("b", "x", "", "b.mp4: cannot be opened")]
        )
    summary = {"coverage": out / "coverage", "videos": tmp_path / "videos.tsv", "out": tmp_path / "summary"}
    assert run("summary", **summary) == 0
    with (tmp_path / "summary/coverage_by_video.csv").open(newline="", encoding="utf-8") as stream:
        assert [row["video"] for row in read_rows(stream)] == [name, name]
    assert "b.mp4: cannot be opened" in (tmp_path / "summary/excluded.csv").read_text()


@pytest.mark.parametrize("verb", ["masks", "overlay", "protect"])
def test_videos_have_the_frames_and_times_of_their_source(tmp_path, detected, verb):
    options = hide(detected) if verb == "protect" else paint(detected)
    more = {"video": detected["video"]} if verb == "overlay" else {}
    assert run(verb, **options, **more, out=tmp_path / "out.mp4") == 0
    before, after = probe(detected["video"]), probe(tmp_path / "out.mp4")
    assert (after.frames, after.duration_s) == (before.frames, before.duration_s)
    assert (after.width, after.height) == (before.width, before.height)


def test_lossless_masks(tmp_path, detected):
    assert run("masks", "lossless", **paint(detected), out=tmp_path / "out.mp4") == 0
    assert probe(tmp_path / "out.mp4").codec == "ffv1"


def test_a_window_reaches_every_step(tmp_path, probed, model):
    window = {"start_s": 0.1, "end_s": 0.3}
    for chunk in ("00000000-00000010", "00000010-00000020"):
        options = {"chunk": chunk, "model": model, "out": tmp_path / f"{chunk}.nut", "table": tmp_path / f"{chunk}.t"}
        assert run("frames", **probed, **window, **options) == 0
    numbers = [
        n for chunk in ("00000000-00000010", "00000010-00000020")
        for n in FrameTable.read(tmp_path / f"{chunk}.t").number.tolist()
    ]  # fmt: skip
    assert numbers == [3, 4, 5, 6, 7, 8]


def test_every_reaches_the_frames(tmp_path, probed, model):
    assert run("frames", **probed, model=model, every=6, out=tmp_path / "s.nut", table=tmp_path / "t.parquet") == 0
    assert np.flatnonzero(FrameTable.read(tmp_path / "t.parquet").inferred).tolist() == [0, 6, 12, 18, 19]


def test_without_a_window_every_frame_must_be_there(tmp_path, capsys, detected):
    sha256 = json.loads(detected["probe"].read_text())["sha256"]
    write_detections(tmp_path / "d.parquet", [found(("cup", 0.9, (0, 0, 1, 0.5)))] * 19, video_sha256=sha256)
    options = {"probe": detected["probe"], "part": tmp_path / "d.parquet", "out": tmp_path / "g.parquet"}
    tables = {"out_frames": tmp_path / "g.frames.parquet"}
    assert "19 frames" in fails(capsys, "gather", **options, **tables)
    assert not (tmp_path / "g.parquet").exists()
    assert run("gather", **options, **tables, end_s=0.62) == 0


def test_index_prints_a_line_a_video(tmp_path, capsys):
    make(tmp_path / "a b.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"")
    assert run("index", videos=tmp_path, out=tmp_path / "index.json") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "a b  20 frames" in lines[0]
    assert "bad.mp4" in lines[1]


def test_models_lists_what_can_be_named(capsys):
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert "yolo" in text
    assert "cell phone" in text


def fails(capsys, verb, *flags, **options):
    assert run(verb, *flags, **options) == 1
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if " frames in " not in line]
    assert len(lines) == 1, err
    assert lines[0].startswith("objmask: ")
    return lines[0]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"objects": "person"}, "--objects"),
        ({"objects": '"person"'}, "--objects"),
        ({"objects": "3"}, "--objects"),
        ({"objects": '{"person": 1}'}, "--objects"),
        ({"objects": '[["person"]]'}, "--objects"),
        ({"zones": "x"}, "--zones"),
        ({"zones": "3"}, "--zones"),
        ({"zones": "[[1, 2, 3]]"}, "--zones"),
        ({"zones": "[[[0, 0], [1, 1]]]"}, "--zones"),
        ({"zones": "[[[0, 0], [1, 1], [0, 2]]]"}, "--zones"),
        ({"zones": '[[[0, 0], [1, "a"], [0, 1]]]'}, "--zones"),
        ({"zones": "[[[0, 0], [1, NaN], [0, 1]]]"}, "--zones"),
    ],
)
def test_hide_takes_no_json_that_would_hide_nothing(tmp_path, capsys, detected, options, named):
    given = without_video(detected)
    line = fails(capsys, "hide", **{**given, "objects": "[]", "out": tmp_path / "h.parquet", **options})
    assert named in line
    assert not (tmp_path / "h.parquet").exists()


def test_protect_hides_the_named_objects_and_zones(tmp_path, detected):
    zone = "[[[0.75, 0], [1, 0], [1, 1], [0.75, 1]]]"
    for out, options in (("none", {"objects": "[]"}), ("cup", {"objects": '["cup"]', "zones": zone})):
        hidden = hide(detected, **options)
        assert run("protect", **hidden, style="solid", quality=1, out=tmp_path / f"{out}.mp4") == 0
    from objmask.video import read_frames

    plain, hidden = (next(read_frames(p, probe(p))).rgb() for p in (tmp_path / "none.mp4", tmp_path / "cup.mp4"))
    changed = np.abs(plain.astype(int) - hidden).max(2) > 16
    assert changed[:, :30].mean() > 0.8
    assert changed[:, 50:].mean() > 0.8
    assert not changed[:, 40:46].any()


def test_hide_refuses_frames_that_nothing_looked_at(tmp_path, capsys, detected):
    path = frames_path(detected["detections"])
    table = FrameTable.read(path)
    inferred = table.inferred.copy()
    inferred[7] = False
    type(table)(
        table.number, table.pts, table.duration_pts, inferred, table.detections, table.time_base, table.start_pts
    ).write(path, {"video_sha256": sha256_of(detected["video"])})
    line = fails(capsys, "hide", **without_video(detected), objects='["cup"]', out=tmp_path / "h.parquet")
    assert "frame" in line
    assert "7" in line
    assert not (tmp_path / "h.parquet").exists()


@pytest.mark.parametrize("groups", ["x", "[]", '{"a": {"objects": "cup", "colour": [0, 0, 255], "sensitive": true}}'])
@pytest.mark.parametrize("verb", ["paint", "masks", "coverage"])
def test_groups_that_are_none(tmp_path, capsys, detected, verb, groups):
    given = without_video(detected) if verb == "paint" else paint(detected)
    assert "groups" in fails(capsys, verb, **{**given, "groups": groups, "out": tmp_path / "o.mp4"})


@pytest.mark.parametrize("verb", ["masks", "coverage"])
def test_what_was_painted_with_other_groups_is_refused(tmp_path, capsys, detected, verb):
    """It says nothing of these; only colours may differ."""
    given, out = paint(detected), tmp_path / "o.mp4"
    others = [{"drink": GROUPS["drink"]}, {**GROUPS, "drink": {**GROUPS["drink"], "objects": ["cup", "bottle"]}}]
    for groups in others:
        line = fails(capsys, verb, **{**given, "groups": json.dumps(groups), "out": out})
        assert "painted/a.parquet: was decided with other groups; run paint again with these" in line
        assert not out.exists()
    recoloured = {**GROUPS, "drink": {**GROUPS["drink"], "colour": [0, 255, 0]}}
    assert run(verb, **{**given, "groups": json.dumps(recoloured), "out": out}) == 0


def test_tables_of_another_video_are_refused(tmp_path, capsys, detected):
    painted, hidden = paint(detected), hide(detected)
    other = tmp_path / "q.json"
    assert run("probe", video=make(tmp_path / "b.mp4", size=(64, 64)), out=other) == 0
    assert "run paint again" in fails(capsys, "coverage", **{**painted, "probe": other, "out": tmp_path / "o.csv"})
    of_other = {**hidden, "probe": other, "video": tmp_path / "b.mp4", "out": tmp_path / "o.mp4"}
    assert "run hide again" in fails(capsys, "protect", **of_other)


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("frames", {"every": 0}),
        ("frames", {"every": "x"}),
        ("frames", {"start_s": -1}),
        ("frames", {"end_s": "inf"}),
        ("frames", {"end_s": "nan"}),
        ("detect", {"floor": 1.5}),
        ("detect", {"floor": "nan"}),
        ("detect", {"max_per_frame": 0}),
        ("detect", {"device": "cuda"}),
        ("protect", {"quality": 52}),
        ("paint", {"score": -0.1}),
        ("paint", {"threshold": "50%"}),
    ],
)
def test_numbers_out_of_range_are_a_wrong_call(capsys, verb, options):
    with pytest.raises(SystemExit) as end:
        run(verb, **options)
    assert end.value.code == 2
    flag = "--" + next(iter(options)).replace("_", "-")
    assert f"argument {flag}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "name", "value"),
    [("protect", "strength", 9), ("protect", "strength", 0), ("hide", "grow", 2), ("hide", "score", "nan")],
)
def test_what_is_hidden_and_how_is_checked_before_anything_is_read(tmp_path, capsys, verb, name, value):
    places = {"protect": ("video", "probe", "hidden", "out"), "hide": ("probe", "detections", "out")}
    line = fails(capsys, verb, **dict.fromkeys(places[verb], tmp_path / "none"), **{name: value})
    assert name in line
    assert "none" not in line


def test_whole_numbers_keep_their_bounds():
    assert [whole(0)("0"), whole(1, 8)("8"), whole(1)("12345")] == [0, 8, 12345]


def test_a_chunk_of_another_form(tmp_path, capsys, probed, model):
    options = {**probed, "model": model, "out": tmp_path / "s.nut", "table": tmp_path / "t.parquet"}
    assert "eight digits" in fails(capsys, "frames", **options, chunk="0-10")


def test_detections_of_two_models_that_saw_other_frames(tmp_path, capsys, detected):
    sha256 = sha256_of(detected["video"])
    write_detections(tmp_path / "e.parquet", [found(("cup", 0.9, (0, 0, 1, 0.5)))] * 19, video_sha256=sha256)
    both = {"probe": detected["probe"], "detections": [detected["detections"], tmp_path / "e.parquet"]}
    for verb, more in (("paint", {"groups": json.dumps(GROUPS)}), ("hide", {"objects": "[]"})):
        assert "e.parquet" in fails(capsys, verb, **both, **more, out=tmp_path / "p.parquet")


def test_a_swapped_detections_file_is_one_line(tmp_path, capsys, detected):
    path = frames_path(detected["detections"])
    path.rename(tmp_path / "x.parquet")
    rewrite(pq.read_table(detected["detections"]), path)
    fails(capsys, "paint", **without_video(detected), groups=json.dumps(GROUPS), out=tmp_path / "p.parquet")


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "name\tlabel\nx\ty\n"])
def test_a_table_of_videos_of_another_form(tmp_path, capsys, text):
    (tmp_path / "v.tsv").write_text(text)
    line = fails(capsys, "summary", coverage=tmp_path, videos=tmp_path / "v.tsv", out=tmp_path / "s")
    assert "v.tsv" in line
    assert "excluded" in line


def test_a_summary_of_a_video_without_coverage(tmp_path, capsys):
    (tmp_path / "v.tsv").write_text("name\tlabel\tsubject\texcluded\ntyping/a\ttyping\t\t\n")
    line = fails(capsys, "summary", coverage=tmp_path, videos=tmp_path / "v.tsv", out=tmp_path / "s")
    assert "typing/a.csv" in line


def test_the_same_detections_again(tmp_path, detected):
    """Reading leaves the files as they were."""
    before = detected["detections"].read_bytes()
    list(read_detections(detected["detections"], range(20)))
    table = paint(detected)["painted"].read_bytes()
    assert paint(detected)["painted"].read_bytes() == table
    assert detected["detections"].read_bytes() == before


def test_protect_refuses_a_file_that_is_not_the_probed_one(tmp_path, capsys, detected):
    hidden = hide(detected)
    with detected["video"].open("ab") as stream:
        stream.write(b"x")
    assert "not the file that was probed" in fails(capsys, "protect", **hidden, out=tmp_path / "out.mp4")


def test_frames_that_nothing_looked_at_are_blank_in_coverage_and_left_out_of_the_mean(tmp_path, detected):
    path = detected["detections"]
    cup = found(("cup", 0.9, (0, 0, 1, 0.5)))
    metadata = {**metadata_of(path), "time_base": "1/30000", "start_pts": 0}
    del metadata["format_version"]
    with DetectionWriter(path, frames_path(path), metadata) as writer:
        for n in range(20):
            seen = n % 5 == 0
            writer.write(n, n * 1001, 1001, inferred=seen, found=cup if seen else Detections.empty())
    assert run("coverage", **paint(detected), out=tmp_path / "c.csv") == 0
    rows = [line.split(",") for line in (tmp_path / "c.csv").read_text().splitlines()[1:]]
    assert len(rows) == 20 * len(GROUPS)
    assert all((not any(row[3:])) == (int(row[0]) % 5 > 0) for row in rows)
    video = VideoCoverage.read(tmp_path / "c.csv", "a", "x", "")
    assert video.frames == 4
    assert video.present.tolist() == [float(name == "drink") for name in video.groups]

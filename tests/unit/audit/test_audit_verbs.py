"""The verbs: a protected video with objects left out in single frames, its audit, and whether it is let through."""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from builders import found, write_detections
from test_detail import textured

from objmask.audit.audit import per_1000
from objmask.audit.turns import Turn, Turns
from objmask.cli import main
from objmask.detections.arrays import Detections
from objmask.files.whole import read_json, sha256_of, write_json

FRAMES, WIDTH, HEIGHT = 24, 160, 120
PTS = [1001 * k for k in range(FRAMES)]
LEFT, RIGHT = ("person", 0.9, (0.2, 0.1, 0.8, 0.4)), ("person", 0.8, (0.2, 0.6, 0.8, 0.9))
OBJECTS = '["person"]'
SHOWN = 11
"""The frame in which an object is not hidden."""


def make(path: Path) -> Path:
    """A video of textures that drift."""
    wide = textured(WIDTH + FRAMES, HEIGHT)
    with av.open(str(path), "w", container_options={"video_track_timescale": "30000"}) as out:
        stream = out.add_stream("libx264", 30, options={"crf": "14", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 30000)
        for k, pts in enumerate(PTS):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, k : k + WIDTH]), "gray8")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = pts, Fraction(1, 30000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def run(verb: str, **options: Any) -> int:
    return main([verb, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())])


class Folder:
    """A video, what was found in it, and its protected version, which misses one object in one frame."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.video, self.unhidden = make(path / "a.mp4"), path / "unhidden.json"
        assert run("probe", video=self.video, out=path / "p.json") == 0
        both, left = found(LEFT, RIGHT), found(LEFT)
        write_detections(path / "d.parquet", [both] * FRAMES, video_sha256=sha256_of(self.video))
        missed = [left if k == SHOWN else both for k in range(FRAMES)]
        write_detections(path / "missed.parquet", missed, video_sha256=sha256_of(self.video))
        self.protected = self.protect("missed.parquet")

    def protect(self, detections: str, corrections: str | None = None, **more: Any) -> Path:
        out = self.path / f"{detections}.mp4"
        hidden = self.hide(detections, self.unhidden, **({"corrections": corrections} if corrections else {}))
        given = {"video": self.video, "probe": self.path / "p.json", "hidden": hidden}
        assert run("protect", **given, out=out, **more) == 0
        return out

    def hide(self, detections: str, unhidden: Path, **more: Any) -> Path:
        out = self.path / f"hidden/{detections}"
        given = {"probe": self.path / "p.json", "detections": self.path / detections, "objects": OBJECTS, "hold": 0}
        assert run("hide", **given, out=out, out_unhidden=unhidden, **more) == 0
        return out

    def audit(
        self, detections: str, again: dict[int, Detections], protected: Path | None = None, code: int = 0, **more: Any
    ) -> dict[str, Any]:
        protected = protected or self.protected
        assert run("probe", video=protected, out=self.path / "q.json") == 0
        frames = [again.get(k, Detections.empty()) for k in range(FRAMES)]
        write_detections(self.path / "again.parquet", frames, video_sha256=sha256_of(protected))
        given = {"video": self.video, "probe": self.path / "p.json", "detections": self.path / detections}
        seen = {"protected": protected, "protected_probe": self.path / "q.json", "again": self.path / "again.parquet"}
        seen["unhidden"] = self.unhidden
        out = self.path / "audit/desk/a.json"
        out.unlink(missing_ok=True)
        assert run("audit", **given, **seen, out=out, **{"objects": OBJECTS, **more}) == code
        return json.loads(out.read_text()) if not code else {}

    def release(self, **more: Any) -> int:
        given = {"protected": self.protected, "audit": self.path / "audit/desk/a.json"}
        return run("release", **given, quarantine=self.path / "q/a.mp4", out=self.path / "out/a.mp4", **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("audit"))


def test_an_object_that_is_shown_in_one_frame_is_found(folder):
    document = folder.audit("d.parquet", {})
    [moment] = document["moments"]
    assert (moment["frame"], moment["frames"], moment["class"]) == (SHOWN, 1, "person")
    assert moment["time_s"] == pytest.approx(SHOWN * 1001 / 30000, abs=1e-3)
    assert moment["box"] == pytest.approx(RIGHT[2], abs=1e-3)
    assert moment["why"] == ["uncovered"]
    assert moment["leak"]
    assert moment["picture"]
    summary = document["summary"]
    assert (summary["frames"], summary["leaking_frames"], summary["longest_run_frames"]) == (FRAMES, 1, 1)
    assert summary["leaking_per_1000"] == pytest.approx(1000 / FRAMES, abs=1e-3)
    assert summary["longest_run_s"] == pytest.approx(1001 / 30000, abs=1e-3)
    assert 0 < summary["other_lost"] < 0.3


def test_one_that_the_first_pass_missed_is_found_by_the_second(folder):
    assert folder.audit("missed.parquet", {})["moments"] == []
    document = folder.audit("missed.parquet", {SHOWN: found(RIGHT), 3: found(RIGHT), 5: found(("cup", 0.9, RIGHT[2]))})
    [moment] = document["moments"]
    assert (moment["frame"], moment["why"]) == (SHOWN, ["found"])
    assert document["summary"]["silhouettes"] == 1


def test_what_was_dropped_or_allowed_by_hand_may_be_seen(folder):
    """And nothing else: another class there, the same elsewhere or at another time."""
    open_right = {SHOWN: found(RIGHT, ("tv", 0.9, RIGHT[2])), SHOWN + 9: found(RIGHT)}
    protected = folder.protect("d.parquet", corrections='[{"drop": {"class": "person", "box": [0, 0.5, 1, 1]}}]')

    def audit(*entries: dict[str, Any]) -> dict[str, Any]:
        objects = '["person", "tv"]'
        return folder.audit("d.parquet", open_right, protected, objects=objects, corrections=json.dumps(entries))

    dropped = audit({"drop": {"class": "person", "box": [0, 0.5, 1, 1]}})
    assert [(m["class"], m["frame"], m["why"]) for m in dropped["moments"]] == [("tv", SHOWN, ["found"])]
    assert (dropped["summary"]["allowed"], dropped["summary"]["leaking_frames"]) == (2, 1)
    renamed = audit({"relabel": {"was": "person", "class": "cup", "box": [0, 0.5, 1, 1]}})
    assert (renamed["summary"]["allowed"], renamed["summary"]["leaking_frames"]) == (2, 1)
    kept = audit({"relabel": {"was": "person", "class": "tv", "box": [0, 0.5, 1, 1]}})
    assert (kept["summary"]["allowed"], kept["summary"]["leaking_frames"]) == (0, FRAMES)

    place = {"class": "tv", "from_s": 0, "to_s": 1, "box": [0.1, 0.5, 0.9, 1]}
    drop = {"drop": {"class": "person", "box": [0, 0.5, 1, 1]}}
    assert audit(drop, {"allow": place})["moments"] == []
    for other in ({"box": [0.1, 0, 0.9, 0.5]}, {"from_s": 0.5}, {"class": "person"}):
        assert len(audit(drop, {"allow": {**place, **other}})["moments"]) == 1
    # What was found in the source is to be hidden, whatever may be seen of what is found again.
    uncovered = audit({"allow": {**place, "class": "person"}})
    assert uncovered["summary"]["leaking_frames"] == FRAMES


def test_what_is_found_below_the_bar_is_only_to_be_looked_at(folder):
    weak = {SHOWN: found(("person", 0.08, RIGHT[2]))}
    summary = folder.audit("missed.parquet", weak)["summary"]
    assert (summary["leaking_frames"], summary["review_frames"], summary["longest_run_frames"]) == (0, 1, 0)
    assert folder.audit("missed.parquet", weak, leak_score=0.08)["summary"]["leaking_frames"] == 1
    assert folder.audit("missed.parquet", weak, floor=0.09)["moments"] == []


@pytest.mark.parametrize("style", ["solid", "pixelate", "blur"])
def test_well_protected_video_has_no_leaks(folder, style):
    protected = folder.protect("d.parquet", style=style)
    everywhere = dict.fromkeys(range(FRAMES), found(LEFT, RIGHT))
    document = folder.audit("d.parquet", everywhere, protected)
    assert document["moments"] == []
    assert document["summary"]["silhouettes"] == 2 * FRAMES


def test_the_file_is_the_same_each_time_and_pictures_can_be_left_out(folder):
    first = folder.audit("d.parquet", {})
    assert folder.audit("d.parquet", {}) == first
    [moment] = folder.audit("d.parquet", {}, thumbnails=0)["moments"]
    assert moment["picture"] is None


def test_a_window_has_its_own_frames(folder):
    seconds = {"start_s": 0.3, "end_s": 0.6}
    rows = [k for k, pts in enumerate(PTS) if 0.3 <= pts / 30000 < 0.6]
    given = {"video": folder.video, "probe": folder.path / "p.json"}
    assert len(rows) == 9
    from objmask.detections.arrays import DetectionWriter
    from objmask.detections.frames_table import FrameTable, frames_path

    whole, part = folder.path / "missed.parquet", folder.path / "part.parquet"
    table = FrameTable.read(frames_path(whole))
    metadata = {"time_base": "1/30000", "start_pts": 0, "video_sha256": sha256_of(folder.video), "model": "m"}
    with DetectionWriter(part, frames_path(part), metadata) as writer:
        for k in rows:
            one = found(LEFT) if k == SHOWN else found(LEFT, RIGHT)
            writer.write(k, int(table.pts[k]), 1001, inferred=True, found=one)
    out, unhidden = folder.path / "part.mp4", folder.path / "part_unhidden.json"
    assert run("protect", **given, hidden=folder.hide(part.name, unhidden), out=out, **seconds) == 0
    assert run("probe", video=out, out=folder.path / "q.json") == 0
    again = [found(RIGHT) if k == SHOWN else Detections.empty() for k in rows]
    write_detections(folder.path / "again.parquet", again, video_sha256=sha256_of(out))
    seen = {"protected": out, "protected_probe": folder.path / "q.json", "again": folder.path / "again.parquet"}
    seen["unhidden"] = unhidden
    audited = folder.path / "part.json"
    assert run("audit", **given, **seen, detections=part, objects=OBJECTS, out=audited, **seconds) == 0
    [moment] = json.loads(audited.read_text())["moments"]
    assert moment["frame"] == SHOWN


def test_another_video_s_protected_one_is_refused(folder, tmp_path, capsys):
    with av.open(str(folder.protected)) as source, av.open(str(tmp_path / "short.mp4"), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts < 10 * 1001:
                packet.stream = stream
                out.mux(packet)
    folder.audit("d.parquet", {}, tmp_path / "short.mp4", code=1)
    assert "frame 10 is not in the protected video" in capsys.readouterr().err.strip().splitlines()[-1]


def test_video_is_let_through_or_kept_back(folder, capsys):
    folder.audit("d.parquet", {})
    out, kept = folder.path / "out/a.mp4", folder.path / "q/a.mp4"
    assert folder.release() == 0
    assert out.read_bytes() == folder.protected.read_bytes()
    assert folder.release(fail_over=41) == 1
    assert "41.667 of 1,000 frames leak, above audit.fail_over 41" in capsys.readouterr().err.splitlines()[-1]
    assert kept.read_bytes() == folder.protected.read_bytes()
    assert not out.exists()
    assert folder.release(fail_over=42) == 0
    assert out.exists()
    assert not kept.exists()


def test_a_video_in_which_nothing_is_hidden_is_let_through_or_kept_back(folder, tmp_path, capsys):
    """Not one of its frames leaks: nothing was found, and nothing is found again."""
    none = folder.path / "none.parquet"
    write_detections(none, [Detections.empty()] * FRAMES, video_sha256=sha256_of(folder.video))
    before, folder.protected = folder.protected, folder.protect("none.parquet")
    sides = tuple(
        Turn(degrees, n, n, {"person": n} if n else {}) for degrees, n in ((0, 0), (90, 1), (180, 0), (270, 7))
    )
    write_json(tmp_path / "turns.json", Turns(8, 180, sides).to_json())
    document = folder.audit("none.parquet", {}, turns=tmp_path / "turns.json")
    assert document["summary"]["leaking_frames"] == 0
    assert Turns.in_audit(document) == Turns(8, 180, sides)
    assert document["unhidden"]["without"] == FRAMES
    out, kept = folder.path / "out/a.mp4", folder.path / "q/a.mp4"
    assert folder.release(fail_over=0) == 0
    assert out.exists()
    capsys.readouterr()
    assert folder.release(fail_over=0, nothing_hidden="fail") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"objmask: {kept}: is kept back (privacy.nothing_hidden: fail): nothing at all is hidden")
    assert kept.read_bytes() == folder.protected.read_bytes()
    assert not out.exists()
    videos = tmp_path / "v.tsv"
    videos.write_text("name\tlabel\tsubject\texcluded\ndesk/a\t\t\t\n")
    assert run("audit-summary", audits=folder.path / "audit", videos=videos, out=tmp_path / "audit.csv") == 0
    with (tmp_path / "audit.csv").open(newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["nothing_hidden"], row["unhidden_frames"], row["rotate"]) == ("all", str(FRAMES), "90")
    folder.protected = before


def test_what_was_hidden_of_other_frames_is_refused(folder, tmp_path, capsys):
    folder.protect("missed.parquet")
    write_json(folder.unhidden, {**read_json(folder.unhidden), "frames": FRAMES + 1})
    folder.audit("d.parquet", {}, code=1)
    assert f"in {FRAMES + 1} frames of {FRAMES}" in capsys.readouterr().err
    folder.protect("missed.parquet")


@pytest.mark.parametrize("figure", [None, "0", "NaN", True, False, [], -1, -0.001, {"a": 0}])
def test_only_a_finite_number_lets_a_video_through(folder, capsys, figure):
    folder.audit("d.parquet", {})
    audit = folder.path / "audit/desk/a.json"
    document = read_json(audit)
    write_json(audit, {**document, "summary": {**document["summary"], "leaking_per_1000": figure}})
    for more in ({}, {"fail_over": 1000}, {"fail_over": 0}):
        assert folder.release(**more) == 1
        assert "leaking_per_1000" in capsys.readouterr().err.splitlines()[-1]
        assert not (folder.path / "out/a.mp4").exists()
    text = audit.read_text()
    for said in ("NaN", "Infinity", "-Infinity", "1e999"):
        audit.write_text(re.sub(r'("leaking_per_1000": ).*?(,\n|\n)', rf"\g<1>{said}\g<2>", text, count=1))
        assert folder.release(fail_over=1000) == 1
    assert not (folder.path / "out/a.mp4").exists()


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "1e9"])
def test_a_limit_that_is_none_is_refused(folder, limit):
    folder.audit("d.parquet", {})
    with pytest.raises(SystemExit) as caught:
        folder.release(fail_over=limit)
    assert caught.value.code == 2


def test_one_leaking_frame_of_a_day_is_not_none():
    assert [per_1000(count, 24 * 3600 * 60) for count in (0, 1, 5184)] == [0, 0.001, 1]
    assert [per_1000(count, 24) for count in (1, 6, 24)] == [41.667, 250, 1000]


def test_the_audit_of_another_file_lets_nothing_through(folder, capsys):
    folder.audit("d.parquet", {}, folder.protect("d.parquet"))
    (folder.path / "out/a.mp4").unlink(missing_ok=True)
    assert folder.release() == 1
    assert "is of another version" in capsys.readouterr().err
    (folder.path / "audit/desk/a.json").write_text("[]")
    assert folder.release() == 1
    assert "run audit again" in capsys.readouterr().err
    assert not (folder.path / "out/a.mp4").exists()


def test_the_table_lists_the_worst_video_first(folder, tmp_path, capsys):
    folder.audit("d.parquet", {})
    leaking = (folder.path / "audit/desk/a.json").read_text()
    folder.audit("missed.parquet", {})
    clean = (folder.path / "audit/desk/a.json").read_text()
    name = "desk/'<b>,\"🎬"
    for video, text in (("a", clean), (name, leaking)):
        path = tmp_path / f"audits/{video}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (tmp_path / "v.tsv").open("w", newline="") as stream:
        rows = csv.writer(stream, delimiter="\t")
        rows.writerows([("name", "label", "subject", "excluded"), ("a", "x", "", ""), (name, "desk", "1", "")])
        rows.writerow(("gone", "", "", "unreadable"))
    given = {"audits": tmp_path / "audits", "videos": tmp_path / "v.tsv", "out": tmp_path / "audit.csv"}
    assert run("audit-summary", **given) == 0
    with (tmp_path / "audit.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["video"] for row in table] == [name, "a"]
    assert table[0]["leaking_frames"] == "1"
    (tmp_path / "audits/a.json").unlink()
    assert run("audit-summary", **given) == 1
    assert "run audit again" in capsys.readouterr().err

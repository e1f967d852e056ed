"""The verb `read` and what the audit makes of it: the real reader, and protected versions of a video with words."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from builders import write_detections

from objmask.cli import main
from objmask.detections.arrays import Detections
from objmask.files.whole import read_json, sha256_of

FRAMES, WIDTH, HEIGHT = 12, 320, 180
LEFT, RIGHT = "Budget", "Salary"
LEFT_BOX, RIGHT_BOX = (0.3, 0.03, 0.65, 0.47), (0.3, 0.53, 0.65, 0.97)
Hide = dict[int, list[tuple[float, float, float, float]]]
BOTH: Hide = {k: [LEFT_BOX, RIGHT_BOX] for k in range(FRAMES)}


def pixels(box: tuple[float, float, float, float]) -> tuple[slice, slice]:
    top, left, bottom, right = (round(side * of) for side, of in zip(box, (HEIGHT, WIDTH) * 2, strict=True))
    return slice(top, bottom), slice(left, right)


def film(path: Path, hide: Hide | None = None) -> Path:
    """Two words on a wall with structure; what is to be hidden in a frame is grey."""
    wall = np.random.default_rng(1).integers(190, 230, (HEIGHT, WIDTH, 1), np.uint8).repeat(3, 2)
    for word, box in ((LEFT, LEFT_BOX), (RIGHT, RIGHT_BOX)):
        rows, columns = pixels(box)
        place = (columns.start + 8, rows.stop - 22)
        cv2.putText(wall, word, place, cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 2, cv2.LINE_AA)
    with av.open(str(path), "w", container_options={"video_track_timescale": "30000"}) as out:
        stream = out.add_stream("libx264", 30, options={"crf": "12", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 30000)
        for k in range(FRAMES):
            picture = wall.copy()
            for box in (hide or {}).get(k, []):
                picture[pixels(box)] = 128
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = 1001 * k, Fraction(1, 30000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


class Folder:
    """A video, and what can be read in protected versions of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.video = film(path / "a.mp4")
        assert main(["probe", f"--video={self.video}", f"--out={path / 'a.json'}"]) == 0
        write_detections(path / "d.parquet", [Detections.empty()] * FRAMES, video_sha256=sha256_of(self.video))
        self.read_in("open", {}, 1)
        self.read_in("hidden", BOTH, 1)
        # The word on the right is shown from shortly before a frame that is read.
        self.read_in("end", {k: boxes if k < 9 else boxes[:1] for k, boxes in BOTH.items()}, 0.16)

    def of(self, name: str) -> tuple[Path, Path, Path]:
        return self.path / f"{name}.mp4", self.path / f"{name}.probe.json", self.path / f"{name}.words.json"

    def read_in(self, name: str, hide: Hide, step_s: float) -> None:
        protected, probe, words = self.of(name)
        film(protected, hide)
        assert main(["probe", f"--video={protected}", f"--out={probe}"]) == 0
        arguments = [*self.read(name), f"--read-every-s={step_s}", "--threads=2", f"--log={words}.log"]
        if name == "open":
            command = [sys.executable, "-m", "objmask", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            self.said = done.stdout + done.stderr
        else:
            assert main(arguments) == 0

    def read(self, name: str) -> list[str]:
        """The command line."""
        protected, probe, words = self.of(name)
        both = [f"--video={self.video}", f"--probe={self.path / 'a.json'}", f"--protected={protected}"]
        return ["read", *both, f"--protected-probe={probe}", f"--out={words}"]

    def words(self, name: str) -> dict[int, list[dict[str, Any]]]:
        return {one["frame"]: one["words"] for one in read_json(self.of(name)[2])["frames"]}

    def audit(self, name: str, *more: str, words: str | None = None, code: int = 0) -> dict[str, Any]:
        protected, probe, read = self.of(name)
        out, again, unhidden = (self.path / f"{name}.{kind}" for kind in ("audit", "parquet", "unhidden"))
        write_detections(again, [Detections.empty()] * FRAMES, video_sha256=sha256_of(protected))
        hide = [f"--probe={self.path / 'a.json'}", f"--detections={self.path / 'd.parquet'}", '--objects=["text"]']
        assert main(["hide", *hide, f"--out={self.path / 'h.parquet'}", f"--out-unhidden={unhidden}"]) == 0
        seen = [f"--protected={protected}", f"--protected-probe={probe}", f"--again={again}", f"--unhidden={unhidden}"]
        seen.append(f"--words={self.of(words)[2] if words else read}")
        assert main(["audit", f"--video={self.video}", *hide, *seen, *more, f"--out={out}"]) == code
        return read_json(out) if not code else {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("the reader asks for an address"))
        return Folder(tmp_path_factory.mktemp("read"))


def test_what_can_be_read_in_both_is_told_by_place_and_length(folder: Folder) -> None:
    shown = folder.words("open")
    assert list(shown) == [0, 11]
    for words in shown.values():
        assert sorted(word["length"] for word in words) == [len(LEFT), len(RIGHT)]
        for word, box in zip(sorted(words, key=lambda one: one["box"][1]), (LEFT_BOX, RIGHT_BOX), strict=True):
            ymin, xmin, ymax, xmax = word["box"]
            assert box[0] < ymin < ymax < box[2]
            assert box[1] < xmin < xmax < box[3]
            assert word["score"] >= 0.5
    document = read_json(folder.of("open")[2])
    assert document["protected_sha256"] == sha256_of(folder.of("open")[0])
    assert document["reader"].startswith("rapidocr 3")
    assert {one["lines"] for one in document["frames"]} <= {1, 2}


def test_what_is_hidden_cannot_be_read(folder: Folder) -> None:
    assert not any(folder.words("hidden").values())
    end = folder.words("end")
    assert [(frame, [word["box"][1] > 0.5 for word in words]) for frame, words in end.items()] == [
        *((0, []), (5, [])),
        *((10, [True]), (11, [True])),
    ]


def test_no_word_is_written_anywhere(folder: Folder) -> None:
    folder.audit("open")
    files = [path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.suffix != ".mp4"]
    assert "read open" in Path(f"{folder.of('open')[2]}.log").read_text()
    for word in (LEFT, RIGHT):
        assert word.lower() not in folder.said.lower()
        assert not any(word.lower().encode() in one.lower() for one in files)


def test_words_are_leaks_for_as_long_as_they_are_shown(folder: Folder) -> None:
    document = folder.audit("open")
    summary = document["summary"]
    assert (summary["leaking_frames"], summary["read_frames"], summary["words"]) == (FRAMES, 2, 4)
    assert document["models"][-1].startswith("rapidocr 3")
    assert [(m["class"], m["why"], m["leak"], m["length"]) for m in document["moments"]] == [
        ("text", ["read"], True, len(LEFT))
    ] * 2
    assert {m["frames"] for m in document["moments"]} == {FRAMES}
    assert all(m["shown"] > 0.5 and m["picture"] for m in document["moments"])

    assert folder.audit("hidden")["summary"]["leaking_frames"] == 0
    [moment] = folder.audit("end")["moments"]
    # Frame 10 was read, and stands for those nearest to it: 8 to 10. In frame 8 nothing is shown.
    assert (moment["first"]["frame"], moment["last"]["frame"]) == (9, 11)


def test_words_that_may_be_seen_are_no_leaks(folder: Folder) -> None:
    place = {"class": "text", "from_s": 0, "to_s": 2, "box": [0, 0, 1, 0.5]}
    document = folder.audit("open", f"--corrections={json.dumps([{'allow': place}])}")
    [moment] = document["moments"]
    assert moment["box"][1] > 0.5
    assert document["summary"]["allowed"] == FRAMES
    assert document["summary"]["words"] == 2


def test_what_was_read_in_another_video_is_refused(folder: Folder, capsys: Any) -> None:
    folder.audit("open", words="hidden", code=1)
    assert "words were read in another version of the protected video; run read again" in capsys.readouterr().err


def test_a_reader_without_its_networks_is_a_line(folder: Folder, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("rapidocr.__file__", str(tmp_path / "__init__.py"))
    assert main([*folder.read("open"), f"--out={tmp_path / 'w.json'}"]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].endswith("missing; install rapidocr again")
    assert not (tmp_path / "w.json").exists()

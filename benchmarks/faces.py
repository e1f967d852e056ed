"""Which faces does each network find, which stay visible without it, and how fast is it beside deface?

    python -m benchmarks.faces [ASSETS] [--centerface=MODEL] [--blazeface=MODEL] [--beside=PYTHON] [--rounds=5]
                               [--part=visible|beside] [--sheet=PICTURE]

Visible: the office clips and `kitchen_hands`, hidden with YOLO 640 alone, and with each network for faces added. A
network that was not used for hiding says where faces are; one counts as visible when more than half of its ellipse is
shown. `--sheet` makes a picture of those that stay visible with faces added.

Beside: whole processes, in turn, of `objmask video` with CenterFace alone and of deface 1.5.0, which is the same
network in its own environment: PYTHON is the interpreter of one with deface, onnx and onnxruntime. deface looks at
pictures in full size; objmask is measured at that size, and at its own. A face is missed that the other network sees in
the source, and sees in its place in the result.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from benchmarks import measure
from objmask.detections.arrays import Detections, read_detections
from objmask.detections.boxes import Box, iou_of_two
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.detections.masks import paste
from objmask.evaluation.hiding import pixels_of
from objmask.hidden.table import HiddenTable
from objmask.models.detector import Detector
from objmask.models.load import load
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

VISIBLE = 0.5
SAME = 0.3
"""Intersection over union from which a face in the result is the one in the source."""
FULL_SIZES = {measure.FPVO: 640, measure.CUPS: 1280}
"""Longer side of the two clips that are measured beside deface, pixels."""


@dataclass(frozen=True)
class Eyes:
    """A network that finds things.

    Attributes:
        name: of it.
        source: as `objmask model` takes it.
        score: from which its finds are hidden.
        sure: from which they are faces, where it judges.
        tiles: parts a side in which it looks too.
    """

    name: str
    source: str
    score: float
    sure: float = 1.0
    tiles: int = 1

    def installed(self) -> Path:
        """Its folder."""
        folder = measure.work() / "models" / self.name
        if not folder.exists():
            measure.verb(
                "model", f"--source={self.source}", f"--name={self.name}", f"--tiles={self.tiles}", f"--out={folder}"
            )
        return folder

    def tracks(self, video: Path) -> tuple[Path, Path]:
        """What it finds in a video, and that with the gaps filled."""
        folder = measure.work() / "faces" / self.name / video.stem
        found, tracks = folder / "found.parquet", folder / "tracks.parquet"
        if not tracks.exists():
            store, table = folder / "frames.nut", folder / "frames.parquet"
            read = (f"--video={video}", f"--probe={measure.probe(video)}")
            measure.verb("frames", *read, f"--model={self.installed()}", f"--out={store}", f"--table={table}")
            stored = (f"--model={self.installed()}", f"--frames={store}", f"--table={table}")
            measure.verb("detect", *stored, "--threads=2", *measure.found(found))
            measure.verb("track", *read, f"--detections={found}", *measure.found(tracks))
            store.unlink()
        return found, tracks

    def faces(self, video: Path) -> list[Detections]:
        """The faces of each frame that it is sure of."""
        found = self.tracks(video)[0]
        numbers = FrameTable.read(frames_path(found)).number.tolist()
        return [one.select(score=self.sure, classes=["face"]) for one in read_detections(found, numbers)]


def main() -> None:
    """Prints both parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("assets", nargs="?")
    parser.add_argument("--centerface", default="centerface")
    parser.add_argument("--blazeface", default="blazeface")
    parser.add_argument("--beside", default=os.environ.get("OBJMASK_BENCH_DEFACE"), metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--part", choices=("visible", "beside"))
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    sys.argv[1:] = [options.assets] if options.assets else []
    coco = Eyes("yolo", str(measure.assets() / "models" / measure.NHWC), score=0.1)
    center = Eyes("centerface", options.centerface, score=0.2, sure=0.5)
    blaze = Eyes("blazeface", options.blazeface, score=0.5, sure=0.5, tiles=2)
    if options.part != "beside":
        visible(coco, center, blaze, options.sheet)
    if options.part != "visible" and options.beside:
        for clip in FULL_SIZES:
            beside(clip, center, blaze, options.beside, options.rounds)


def visible(coco: Eyes, center: Eyes, blaze: Eyes, sheet: Path | None) -> None:
    """Prints how many faces stay visible, and how many each network finds."""
    videos = [*measure.office_videos(), measure.assets().parent / "cases/kitchen_hands.mp4"]
    rows, finds, shown = [], [], list[npt.NDArray[np.uint8]]()
    for video in videos:
        frames = len(center.faces(video))
        for judge, other in ((blaze, center), (center, blaze)):
            faces = judge.faces(video)
            alone, added = Hidden(video, [coco]), Hidden(video, [coco, other])
            before, after = alone.visible(faces), added.visible(faces)
            counts = [sum(map(len, faces)), len(before), len(after)]
            per_1000 = [n * 1000 / frames for n in counts[1:]]
            rows.append([video.stem, frames, judge.name, *counts, *per_1000, alone.share, added.share - alone.share])
            shown += pictures(video, faces, after) if sheet else []
        finds.append(
            [video.stem, frames]
            + [sum(len(one.select(score=eyes.score)) for one in _all(eyes, video)) for eyes in (center, blaze)]
        )
    names = ["faces found by the judge", "visible, YOLO alone", "visible, the other network added"]
    names += ["per 1,000 frames, YOLO alone", "the other added", "share hidden, YOLO alone", "more, the other added"]
    measure.table(["video", "frames", "judge", *names], [*rows, *_totals(rows)])
    measure.table(
        ["video", "frames", f"{center.name}, from {center.score}", f"{blaze.name}, from {blaze.score}"], finds
    )
    if sheet:
        cv2.imwrite(str(sheet), _tiled(shown))


def _totals(rows: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    for judge in dict.fromkeys(row[2] for row in rows):
        some = [row for row in rows if row[2] == judge]
        sums = [sum(row[i] for row in some) for i in (1, 3, 4, 5)]
        shares = [sum(row[i] * row[1] for row in some) / sums[0] for i in (8, 9)]
        yield ["all", sums[0], judge, *sums[1:], *(n * 1000 / sums[0] for n in sums[2:]), *shares]


def _all(eyes: Eyes, video: Path) -> Iterator[Detections]:
    found = eyes.tracks(video)[0]
    return read_detections(found, FrameTable.read(frames_path(found)).number.tolist())


class Hidden:
    """What is hidden of a video with some networks."""

    def __init__(self, video: Path, eyes: Sequence[Eyes]) -> None:
        """Hides it, by the defaults and the networks' own scores."""
        out = measure.work() / "faces" / "hidden" / "+".join(one.name for one in eyes) / f"{video.stem}.parquet"
        if not out.exists():
            hiding = {"objects": measure.sensitive(), "models": {one.name: {"score": one.score} for one in eyes}}
            probe = f"--probe={measure.probe(video)}"
            tracks = [str(one.tracks(video)[1]) for one in eyes]
            measure.verb("hide", probe, "--detections", *tracks, f"--hiding={json.dumps(hiding)}", f"--out={out}")
        self._info = VideoInfo.read(measure.probe(video))
        self._table = HiddenTable.read(out, self._info)
        self.share = 0.0

    def visible(self, faces: Sequence[Detections]) -> list[tuple[int, int]]:
        """Frame and index of the faces of which more than half is shown; sums up what is hidden on the way."""
        shown, shares = [], []
        for frame, (areas, found) in enumerate(zip(self._table.areas(), faces, strict=True)):
            hidden = pixels_of([area.patch for area in areas], self._info)
            shares.append(float(hidden.mean()))
            for i in range(len(found)):
                patch = paste(found.masks[i], found.boxes[i], self._info.height, self._info.width, 0.5)
                covered = hidden[patch.rows, patch.columns][patch.mask]
                if covered.size and 1 - covered.mean() > VISIBLE:
                    shown.append((frame, i))
        self.share = float(np.mean(shares))
        return shown


def pictures(
    video: Path, faces: Sequence[Detections], shown: Sequence[tuple[int, int]], most: int = 6
) -> list[npt.NDArray[np.uint8]]:
    """Some of the faces that are visible, with what is around them, 160 pixels a side."""
    some = dict(shown[:: max(1, len(shown) // most)][:most])
    out = []
    for number, frame in enumerate(read_frames(video, VideoInfo.read(measure.probe(video)))):
        if number in some:
            rgb = frame.rgb()
            height, width = rgb.shape[:2]
            box = faces[number].boxes[some[number]] * [height, width, height, width]
            reach = int(max(box[2] - box[0], box[3] - box[1]))
            wide = cv2.copyMakeBorder(rgb, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
            y, x = int((box[0] + box[2]) / 2), int((box[1] + box[3]) / 2)
            cut = cv2.resize(wide[y : y + 2 * reach, x : x + 2 * reach], (160, 160)).astype(np.uint8)
            text = f"{video.stem[:12]} {number} {faces[number].scores[some[number]]:.2f}"
            out.append(cv2.putText(cut, text, (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.3, (255, 255, 0)).astype(np.uint8))
    return out


def _tiled(pictures: Sequence[npt.NDArray[np.uint8]], columns: int = 10) -> npt.NDArray[np.uint8]:
    rows = max(1, -(-len(pictures) // columns))
    out = np.zeros((rows * 160, columns * 160, 3), np.uint8)
    for i, one in enumerate(pictures):
        out[i // columns * 160 :, i % columns * 160 :][:160, :160] = one
    return out[..., ::-1]


@dataclass
class Rival:
    """Something that protects a clip.

    Attributes:
        name: of it.
        command: that does it.
        result: the protected video.
    """

    name: str
    command: list[str]
    result: Path
    folder: Path = field(default_factory=Path)

    def run(self) -> None:
        """Does it, from nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        done = subprocess.run(self.command, cwd=measure.ROOT, capture_output=True, text=True, check=False)
        if done.returncode or not self.result.exists():
            sys.exit(f"{self.name}: {done.stderr[-2000:]}")


def beside(clip: str, center: Eyes, judge: Eyes, python: str, rounds: int) -> None:
    """Prints frames a second of objmask and of deface, and the faces that they miss."""
    video = measure.office(clip)
    frames = len(center.faces(video))
    rivals = [*_ours(video, center, FULL_SIZES[clip]), *_deface(video, python)]
    times = measure.interleaved({one.name: one.run for one in rivals}, rounds)
    print(f"{video.stem}, {frames} frames, whole processes, {rounds} rounds:\n")
    measure.rates(times, frames, "deface")
    detector = load(judge.installed(), device="cpu", floor=judge.sure)
    source = faces_of(video, detector)
    rows = [["source", sum(map(len, source)), ""]]
    for one in rivals:
        result = faces_of(one.result, detector)
        missed = sum(
            any(iou_of_two(box, other) > SAME for other in after)
            for before, after in zip(source, result, strict=True)
            for box in before
        )
        rows.append([one.name, sum(map(len, result)), missed])
    measure.table(["what", f"faces that {judge.name} sees", "of the source's, still there"], rows)


def _ours(video: Path, center: Eyes, full_size: int) -> Iterator[Rival]:
    for size in dict.fromkeys((full_size, 640)):
        folder = measure.work() / "beside" / f"objmask{size}"
        settings = folder.with_suffix(".yaml")
        settings.parent.mkdir(parents=True, exist_ok=True)
        source = center.installed() / "model.onnx"
        model = {"model": str(source), "score": center.score, "size": size}
        settings.write_text(yaml.safe_dump({"models": {"faces": model}}))
        command = [sys.executable, "-m", "objmask", "video", str(video), "--outputs=protected"]
        command += [f"--settings={settings}", f"--out={folder / 'run'}"]
        yield Rival(
            f"objmask, size {size}", command, folder / "run/results/protected" / f"{video.stem}.mp4", folder=folder
        )


def _deface(video: Path, python: str) -> Iterator[Rival]:
    folder = measure.work() / "beside" / "deface"
    result = folder / f"{video.stem}.mp4"
    command = [str(Path(python).with_name("deface")), str(video), f"--output={result}", f"--thresh={0.2}"]
    yield Rival("deface", command, result, folder=folder)


def faces_of(video: Path, detector: Detector) -> list[list[Box]]:
    """Boxes of the faces in each frame of a video, normalised."""
    capture = cv2.VideoCapture(str(video))
    found: list[list[Box]] = []
    while True:
        there, bgr = capture.read()
        if not there:
            return found
        (faces,) = detector.detect([np.ascontiguousarray(bgr[..., ::-1])])
        found.append([tuple(box) for box in faces.boxes.tolist()])


if __name__ == "__main__":
    main()

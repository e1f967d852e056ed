"""Which hands do MediaPipe's networks find, which stay visible without them, what do they hide for nothing, how fast?

    python -m benchmarks.hands [ASSETS] [--palms=MODEL] [--score=0.2] [--clips=40] [--part=visible|overblur|speed]

Visible: the office clips and two cases, hidden with YOLO 640 alone, and with the hands added. There is no other network
for hands to judge by: a hand that the networks themselves are sure of (0.5) in a frame counts as visible when more than
half of it is shown. Two figures beside it: frames with a hand, and the share of the picture that hands add.

Over-blur: the clips of `benchmarks/motion.py`, whose truth is known: what of the picture that is no sensitive object is
hidden, without hands and with them. Speed: processor time a frame of one network thread, whole pictures and in parts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np

from benchmarks import measure
from benchmarks.faces import Eyes, Hidden
from benchmarks.motion import DEFAULT_TRACKS, MovingClip, moving_clips, tracked
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, read_detections
from objmask.detections.classes import Palette
from objmask.detections.counting import Counting
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.evaluation.temporal import Temporal, TemporalSettings
from objmask.models.detector import Detector, Picture
from objmask.models.load import load
from objmask.models.tiles import Tiled
from objmask.objects.tables import read_tables
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

SURE = 0.5
CASES = ("kitchen_hands.mp4", "blocks.mp4")
SCORES = (0.1, 0.15, 0.2, 0.3, 0.5)


def main() -> None:
    """Prints all parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("assets", nargs="?")
    parser.add_argument("--palms", default="palms")
    parser.add_argument("--score", type=float, default=0.2)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--part", choices=("visible", "overblur", "speed"))
    options = parser.parse_args()
    sys.argv[1:] = [options.assets] if options.assets else []
    palms = Eyes("palms", options.palms, score=options.score)
    if options.part in (None, "visible"):
        visible(palms)
    if options.part in (None, "overblur"):
        overblur(palms, options.clips)
    if options.part in (None, "speed"):
        speed(palms)


def videos() -> list[Path]:
    """The office clips, and those of the cases that show hands from above."""
    return [*measure.office_videos(), *(measure.assets().parent / "cases" / name for name in CASES)]


def visible(palms: Eyes) -> None:
    """Prints how many hands are found, and how many of them COCO's objects leave visible."""
    coco = Eyes("yolo", str(measure.assets() / "models" / measure.NHWC), score=0.1)
    rows = []
    for video in videos():
        found = list(_found(palms, video))
        sure = [one.select(score=SURE) for one in found]
        alone, added = Hidden(video, [coco]), Hidden(video, [coco, palms])
        before, after = len(alone.visible(sure)), len(added.visible(sure))
        with_hands = [sum(bool(len(one.select(score=score))) for one in found) for score in SCORES]
        shares = [alone.share, added.share - alone.share]
        rows.append([video.stem, len(found), *with_hands, sum(map(len, sure)), before, after, *shares])
    columns = ["video", "frames", *(f"with a hand, from {score}" for score in SCORES), f"hands from {SURE}"]
    columns += ["visible, YOLO alone", "visible, hands added", "share hidden, YOLO alone", "more, hands added"]
    measure.table(columns, rows)


def _found(eyes: Eyes, video: Path) -> Iterator[Detections]:
    found = eyes.tracks(video)[0]
    return read_detections(found, FrameTable.read(frames_path(found)).number.tolist())


def overblur(palms: Eyes, count: int) -> None:
    """Prints over-blur and leaks on clips whose truth is known, with hands from some scores up and without."""
    clips = list(moving_clips(count))
    figures = {score: _judged(clips, palms, score) for score in (None, *SCORES)}
    print(f"{len(clips)} clips of moving pictures, {sum(clip.info.frames for clip in clips)} frames:\n")
    measure.table(
        ["", "over-blur", "more, hands added", "leaked frames per 1,000"],
        [
            [
                f"hands from {score}" if score else "YOLO alone",
                one["over_blur"],
                one["over_blur"] - figures[None]["over_blur"],
                one["leaked_per_1000"],
            ]
            for score, one in figures.items()
        ],
    )


def _judged(clips: Sequence[MovingClip], palms: Eyes, score: float | None) -> dict[str, float]:
    models = {} if score is None else {palms.name: Counting(score=score)}
    hiding = Hiding(objects=frozenset(measure.sensitive()), models=models)
    temporal = Temporal(TemporalSettings(hiding, Palette.from_json(measure.groups()), 0.3, 0.5, True))
    for clip in clips:
        files = [tracked(clip, DEFAULT_TRACKS), *([palms.tracks(clip.video)[1]] if score is not None else [])]
        tables = read_tables(files, clip.info.sha256)
        temporal.add(clip.info, tables, clip.ground_truth, repeat(None, clip.info.frames))
    return temporal.figures()


def speed(palms: Eyes) -> None:
    """Prints processor time a frame, and hands found, of whole pictures and of parts too."""
    rows = []
    for video in videos():
        pictures = _pictures(video, 24)
        for tiles in (1, 2):
            network = load(palms.installed(), device="cpu", threads=1)
            detector: Detector = Tiled(network, tiles, 100) if tiles > 1 else network
            info = replace(network.info, tiles=tiles)
            shown = [_scaled(one, info.frame_size(one.shape[1], one.shape[0])) for one in pictures]
            start = time.process_time()
            found = detector.detect(shown)
            ms = (time.process_time() - start) * 1000 / len(shown)
            hands = [sum(len(one.select(score=score)) for one in found) for score in (palms.score, SURE)]
            rows.append([video.stem, tiles, len(shown), *hands, ms])
            detector.close()
    columns = ["video", "tiles", "frames", f"hands from {palms.score}", f"hands from {SURE}", "CPU ms a frame"]
    measure.table(columns, rows)


def _pictures(video: Path, count: int) -> list[Picture]:
    info = VideoInfo.read(measure.probe(video))
    wanted = set(np.linspace(0, info.frames - 1, count).astype(int).tolist())
    return [frame.rgb() for number, frame in enumerate(read_frames(video, info)) if number in wanted]


def _scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()

"""What do key frames save, and what do they cost: speed of the chain, masks, leaks?

    python -m benchmarks.key_frames [ASSETS]

Frames, inference and tracks of the first seconds of four office clips, with inference on every frame, on some, and
where the picture moves; masks beside those of every frame. Leaks on rendered clips, whose truth is exact, with the
built-in model. Last the original's network at full size, with random weights: they decide what is found, not how long
it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import measure
from benchmarks.full_size import ORIGINAL, exported
from benchmarks.tracks import HOLDS, LEAKS, Clip, leak_columns, rendered, settings
from objmask.detections.classes import Palette
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.evaluation.temporal import Temporal
from objmask.models.families.tf_detection import FROZEN_GRAPH
from objmask.objects.tables import Tables, read_tables
from objmask.painted.decide import PaintRules, painted_by_frame
from objmask.painted.objects import labels_of
from objmask.video.info import VideoInfo

CLIPS = (measure.FPVO, measure.CUPS, "desk/coffee.mp4", "desk/bottles.mp4")
EVERY = ("1", "2", "5", "10", "adaptive")
SECONDS = 6
FULL_SIZE_FRAMES, RATE = 20, 30
SCORE, THRESHOLD = 0.3, 0.5
Labels = list[npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Chain:
    """What frames, detect and track made of a video.

    Attributes:
        detections: their file.
        tracks: theirs.
        wall_s: what the three took together.
        seen: share of the frames that the network saw.
    """

    detections: Path
    tracks: Path
    wall_s: float
    seen: float


def chain(video: Path, model: Path, every: str, end_s: float | None = None) -> Chain:
    """Frames, inference and tracks, each in a process of its own."""
    out = measure.work() / "key_frames" / model.name / video.stem / every
    out.mkdir(parents=True, exist_ok=True)
    store, table, found, tracks = (out / name for name in ("f.nut", "f.parquet", "d.parquet", "t.parquet"))
    end = [] if end_s is None else [f"--end-s={end_s}"]
    read = (f"--video={video}", f"--probe={measure.probe(video)}", *end)
    steps = (
        ("frames", *read, f"--model={model}", f"--every={every}", f"--out={store}", f"--table={table}"),
        (
            *("detect", f"--model={model}", f"--frames={store}", f"--table={table}", f"--every={every}"),
            *("--device=cpu", "--threads=2", *measure.found(found)),
        ),
        ("track", *read, f"--detections={found}", *measure.found(tracks)),
    )
    wall_s = sum(measure.verb(*step).wall_s for step in steps)
    inferred = FrameTable.read(frames_path(found)).inferred
    return Chain(found, tracks, wall_s, float(inferred.mean()))


def painted(tables: Tables, info: VideoInfo) -> Labels:
    """The painted map of each frame."""
    palette = Palette.from_json(measure.groups())
    rules, size = PaintRules(palette, SCORE, THRESHOLD), (info.height, info.width)
    return [labels_of(objects, palette, *size) for objects in painted_by_frame(tables, rules, *size)]


def overlap(maps: Labels, others: Labels) -> list[float]:
    """Of each frame that shows anything the pixels of equal groups, of those that either paints."""
    both = (
        (np.count_nonzero((a == b) & (a > 0)), np.count_nonzero((a > 0) | (b > 0)))
        for a, b in zip(maps, others, strict=True)
    )
    return [same / either for same, either in both if either]


def on_real() -> None:
    """Prints speed and masks with the larger YOLO file."""
    wall: dict[str, float] = dict.fromkeys(EVERY, 0.0)
    seen: dict[str, list[float]] = {every: [] for every in EVERY}
    ious: dict[str, dict[str, list[float]]] = {every: {} for every in EVERY}
    for name in CLIPS:
        video = measure.office(name)
        info = VideoInfo.read(measure.probe(video))
        reference: Labels = []
        for every in EVERY:
            made = chain(video, measure.model(measure.NHWC), every, SECONDS)
            wall[every] += made.wall_s
            seen[every].append(made.seen)
            maps = painted(read_tables([made.tracks], info.sha256), info)
            reference = reference or maps
            ious[every][name] = overlap(maps, reference)
    print(f"The first {SECONDS} s of four clips, YOLO 640: frames, inference, tracks (aim at 5: IoU 0.93):\n")
    rows = [
        [
            *(every, float(np.mean(seen[every])), wall["1"] / wall[every]),
            float(np.mean([iou for of_clip in ious[every].values() for iou in of_clip])),
            *(float(np.mean(of_clip)) for of_clip in ious[every].values()),
        ]
        for every in EVERY
    ]
    measure.table(["every", "share seen", "times faster", "mean IoU", *(Path(name).stem for name in CLIPS)], rows)


def on_rendered() -> None:
    """Prints leaks with the built-in model."""
    model = measure.work() / "models/demo"
    if not model.exists():
        measure.verb("model", "--source=demo", f"--out={model}")
    clips = rendered()
    made = {every: [chain(clip.video, model, every) for clip in clips] for every in EVERY}
    rows = [["1, without tracks", *leaks(clips, [one.detections for one in made["1"]], tracks=False)]]
    rows += [[every, *leaks(clips, [one.tracks for one in made[every]], tracks=True)] for every in EVERY]
    print("Rendered clips, built-in model (aim: never more leaks than every frame without tracks):\n")
    measure.table(["every", *(f"hold {hold}: {name}" for hold in HOLDS for name in LEAKS)], rows)


def leaks(clips: list[Clip], files: list[Path], *, tracks: bool) -> list[object]:
    """Columns of all clips together."""
    columns: list[object] = []
    for hold in HOLDS:
        temporal = Temporal(settings(hold, tracks=tracks))
        for clip, file in zip(clips, files, strict=True):
            temporal.add(clip.info, read_tables([file], clip.info.sha256), clip.ground_truth, clip.backs)
        columns += leak_columns(temporal.figures())
    return columns


def at_full_size() -> None:
    """Prints what the original's network gains."""
    model = measure.work() / "models/full_size"
    if not model.exists():
        measure.verb("model", f"--source={exported(ORIGINAL, 300, 100) / FROZEN_GRAPH}", f"--out={model}")
    video = measure.office(measure.FPVO)
    # Loading the network and what it does once takes as long as several frames; a run does that once for many videos.
    start_s = chain(video, model, "1", 0.5 / RATE).wall_s
    made = {every: chain(video, model, every, (FULL_SIZE_FRAMES - 0.5) / RATE) for every in ("1", "5")}
    said = f"{FULL_SIZE_FRAMES} frames; one alone takes {start_s:.0f} s (aim at 5: 3)"
    print(f"The original's network at full size, {said}:\n")
    rows = [
        [
            *(every, one.seen, one.wall_s, made["1"].wall_s / one.wall_s),
            (made["1"].wall_s - start_s) / (one.wall_s - start_s),
        ]
        for every, one in made.items()
    ]
    measure.table(["every", "share seen", "s", "times faster", "times faster after the first frame"], rows)


def main() -> None:
    on_real()
    on_rendered()
    at_full_size()


if __name__ == "__main__":
    main()

"""What do tracks mend: leaks, flicker, identities? At what price in over-blur and time?

    python -m benchmarks.tracks [ASSETS]

First rendered clips, whose truth is exact: detections made from it, some of them lost, shifted or mistaken. Then the
office videos with two networks, each the other's reference. Leaks are counted at the default privacy settings, and with
`hold` 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks import measure
from benchmarks.imperfect import Faults, Network
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.classes import Palette
from objmask.detections.frames_table import frames_path
from objmask.evaluation.ground_truth_objects import GroundTruthObjects, annotated, referred
from objmask.evaluation.temporal import Temporal, TemporalSettings
from objmask.evaluation.videos import VideoAnnotations
from objmask.objects.motion import Field, grid_size, motions
from objmask.objects.tables import Tables, objects_by_frame, read_tables
from objmask.objects.track import TrackSettings, track
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

CLIPS, SECONDS, RATE, SEED = 4, 4, 24, 7
FAULTS = {
    "none": Faults(),
    "10 % lost": Faults(lost=0.1),
    "30 % lost": Faults(lost=0.3),
    "10 % lost, 5 frames on end": Faults(lost=0.1, burst=5),
    "30 % lost, 5 frames on end": Faults(lost=0.3, burst=5),
    "10 % lost, 3 % shifted, 10 % relabelled": Faults(lost=0.1, shifted=0.03, relabelled=0.1),
}
WAYS = ("detections", "tracks without flow", "tracks")
HOLDS = (0, Hiding().hold)
SURE = 0.5
MOST_FRAMES = 400
"""Longer real videos would take most of an hour."""
ROUNDS = 3
SETTINGS = TrackSettings(0.5, 0.2, 0.5)
LEAKS = ("leaked frames per 1,000", "longest leak, frames", "hidden of sensitive", "over-blur")
STEADY = ("painted", "paint in place", "flicker events per object-minute", "flow-warped IoU", "IDF1", "ID switches")


@dataclass(frozen=True)
class Clip:
    """A rendered clip and the truth about it."""

    video: Path
    info: VideoInfo
    ground_truth: Sequence[GroundTruthObjects]
    backs: Sequence[Field | None]


def settings(hold: int | str, *, tracks: bool) -> TemporalSettings:
    """What `config.yaml` says."""
    privacy = Hiding(objects=frozenset(measure.sensitive()), hold=hold)
    return TemporalSettings(privacy, Palette.from_json(measure.groups()), 0.3, 0.5, tracks)


def backs_of(video: Path, info: VideoInfo) -> list[Field | None]:
    """Motion back from each frame; in halves, a long video's would fill the memory."""
    lumas = (frame.planes().y for frame in read_frames(video, info))
    return [None if motion is None else motion.back.astype(np.float16) for motion in motions(lumas, grid_size(info))]


def rendered() -> list[Clip]:
    """Clips with exact truth."""
    root = measure.work() / "tracks/scenes"
    made = (f"--clips={CLIPS}", f"--seconds={SECONDS}", f"--rate={RATE}", f"--seed={SEED}")
    if not root.exists():
        measure.verb("scene", f"--out={root}", *made)
    truth = VideoAnnotations(root / "truth")
    clips = []
    for name in truth.videos:
        video = root / f"{name}.mp4"
        info = VideoInfo.read(measure.probe(video))
        frames = {frame.number: frame for frame in truth.frames(name)}
        shown = [objects for objects in annotated(frames, range(info.frames), crowds=True) if objects is not None]
        assert len(shown) == info.frames, "the truth knows every frame"
        clips.append(Clip(video, info, shown, backs_of(video, info)))
    return clips


def write(clip: Clip, found: Sequence[Detections], out: Path) -> None:
    """A detections file as `detect` writes it."""
    info = clip.info
    metadata = {"time_base": str(info.time_base), "start_pts": info.start_pts, "video_sha256": info.sha256}
    with DetectionWriter(out, frames_path(out), {**metadata, "versions": {}}) as writer:
        for frame, one in zip(read_frames(clip.video, info), found, strict=True):
            writer.write(frame.number, frame.pts, frame.duration_pts, inferred=True, found=one)


def tables(video: Path, info: VideoInfo, detections: Path, way: str) -> Tables:
    """What the steps after `detect` start from."""
    raw = read_tables([detections], info.sha256)
    if way == "detections":
        return raw
    out = detections.with_name(f"{detections.stem}.{way.replace(' ', '_')}.parquet")
    if not out.exists():
        frames = None if way == "tracks without flow" else read_frames(video, info)
        quiet = Progress("track", len(raw[0][1]), bar=False)
        track(info, raw, frames, SETTINGS, out, frames_path(out), quiet)
    return read_tables([out], info.sha256)


def judged(clips: Sequence[Clip], files: Sequence[Path], way: str, hold: int | str) -> dict[str, float]:
    """All figures of one way over all clips together."""
    temporal = Temporal(settings(hold, tracks=way != "detections"))
    for clip, detections in zip(clips, files, strict=True):
        temporal.add(clip.info, tables(clip.video, clip.info, detections, way), clip.ground_truth, clip.backs)
    return temporal.figures()


def on_rendered() -> None:
    """Prints what tracks mend where the truth is known."""
    clips = rendered()
    leaks, steady = [], []
    for number, (faults, how) in enumerate(FAULTS.items()):
        files = []
        for clip in clips:
            files.append(measure.work() / f"tracks/rendered/{number}/{clip.video.stem}.parquet")
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            network = Network(how, f"{SEED} {faults} {clip.video.stem}")
            if not files[-1].exists():
                write(clip, network.detect(clip.ground_truth, clip.info.height, clip.info.width), files[-1])
        for way in WAYS:
            by_hold = [judged(clips, files, way, hold) for hold in HOLDS]
            leaks.append([faults, way, *(value for f in by_hold for value in leak_columns(f))])
            steady.append([faults, way, *steady_columns(by_hold[0])])
    print(f"{CLIPS} rendered clips of {SECONDS} s at {RATE} frames/s, seed {SEED}; detections made from the truth:\n")
    measure.table(["faults", "from", *(f"hold {hold}: {name}" for hold in HOLDS for name in LEAKS)], leaks)
    measure.table(["faults", "from", *STEADY], steady)


def leak_columns(figures: dict[str, float]) -> list[object]:
    """Of a table: how much leaks, and what hiding costs."""
    longest = int(figures["longest_leak_frames"])
    return [figures["leaked_per_1000"], longest, figures["hidden_share"], figures["over_blur"]]


def steady_columns(figures: dict[str, float]) -> list[object]:
    """Of a table: how steady the painted masks are, and how much of what is there they show."""
    columns: list[object] = [
        figures[name] for name in ("painted_share", "paint_in_place", "flicker_per_object_minute", "consistency")
    ]
    if math.isnan(figures["id_switches"]):
        return [*columns, "", ""]
    return [*columns, figures["idf1"], int(figures["id_switches"])]


def on_real() -> None:
    """Prints the same of real videos, by what the other network is sure of."""
    networks = {measure.INT8: measure.NHWC, measure.NHWC: measure.INT8}
    judges = {
        (file, way, hold): Temporal(settings(hold, tracks=way != "detections"))
        for file, way, hold in product(networks, WAYS, HOLDS)
    }
    for video in measure.office_videos():
        info = VideoInfo.read(measure.probe(video))
        if info.frames > MOST_FRAMES:
            continue
        backs = backs_of(video, info)
        for file, other in networks.items():
            found = objects_by_frame(tables(video, info, measure.detections(video, other), "tracks"))
            ground_truth = list(referred(found, info, score=SURE, threshold=0.5))
            for way in WAYS:
                seen = tables(video, info, measure.detections(video, file), way)
                for hold in HOLDS:
                    judges[file, way, hold].add(info, seen, ground_truth, backs)
    leaks, steady = [], []
    for file, way in product(networks, WAYS):
        by_hold = [judges[file, way, hold].figures() for hold in HOLDS]
        first = [file.split("_", 1)[1], way]
        leaks.append([*first, *(value for figures in by_hold for value in leak_columns(figures))])
        steady.append([*first, *steady_columns(by_hold[0])[:4], by_hold[0]["group_flicker_per_minute"]])
    print(f"The office videos; what the other network scores {SURE} or more stands in for the truth:\n")
    measure.table(["network", "from", *(f"hold {hold}: {name}" for hold in HOLDS for name in LEAKS)], leaks)
    measure.table(["network", "from", *STEADY[:4], "group flicker per minute"], steady)


def times() -> None:
    """Prints what following costs beside reading the pictures."""
    video = measure.office(measure.FPVO)
    info, detections = VideoInfo.read(measure.probe(video)), measure.detections(video, measure.INT8)
    out = measure.work() / "tracks/timed.parquet"
    arguments = ("track", f"--video={video}", f"--probe={measure.probe(video)}", f"--detections={detections}")

    def decode() -> None:
        for frame in read_frames(video, info):
            frame.planes()

    things: dict[str, Callable[[], object]] = {
        "decode": decode,
        "tracks": partial(measure.verb, *arguments, *measure.found(out)),
        "tracks without flow": partial(measure.verb, *arguments, "--no-flow", *measure.found(out)),
    }
    print(f"`{measure.FPVO}`, {info.frames} frames of {info.width} x {info.height}:\n")
    measure.rates(measure.interleaved(things, ROUNDS), info.frames, "decode")


def main() -> None:
    on_rendered()
    on_real()
    times()


if __name__ == "__main__":
    main()

"""What is painted and hidden of real pictures in motion, and what does each setting buy?

    python -m benchmarks.motion [ASSETS] [--clips=120] [--curves=PICTURE]

A virtual camera (`benchmarks/camera.py`) makes clips of the annotated COCO pictures, with exact truth in every frame.
YOLO 640 finds what it finds, and the project's own evaluation judges what the defaults paint and hide. `--curves`
prints the same over settings, one at a time, and draws them. Compare settings on the same clips: of 40 clips, another
encoding of the same pictures moved the leaks by a fifth.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.camera import make_clips
from objmask.config.hiding import Hiding
from objmask.detections.classes import Palette
from objmask.detections.frames_table import frames_path
from objmask.evaluation.document import read_document
from objmask.evaluation.ground_truth_objects import GroundTruthObjects, annotated
from objmask.evaluation.temporal import Temporal, TemporalSettings
from objmask.evaluation.videos import VideoAnnotations
from objmask.objects.tables import read_tables
from objmask.objects.track import TrackSettings, track
from objmask.progress import Progress
from objmask.video.info import VideoInfo
from objmask.video.reader import read_frames

SEED = 11
FIGURES = {
    "leaked_per_1000": "leaked frames per 1,000",
    "over_blur": "over-blur",
    "painted_share": "objects painted",
    "paint_in_place": "painted in place",
    "flicker_per_object_minute": "flicker per object-minute",
}
DEFAULT_TRACKS = TrackSettings(0.5, 0.2, 0.5)
CURVES: Mapping[str, Sequence[Any]] = {
    "privacy.score": (0.05, 0.1, 0.15, 0.2, 0.3, 0.4),
    "privacy.large_score": (0.1, 0.2, 0.3, 0.4, 0.5),
    "privacy.threshold": (0.05, 0.1, 0.2, 0.3, 0.5),
    "privacy.grow": (0.0, 0.004, 0.008, 0.016, 0.03),
    "privacy.hold": (0, "0.1 s", "0.2 s", "0.3 s", "0.5 s"),
    "tracks.memory_s": (0.0, 0.2, 0.5, 1.0),
    "masks.score": (0.2, 0.3, 0.4, 0.5),
}
"""Each setting and its values; the others stay as they are by default."""


@dataclass(frozen=True)
class MovingClip:
    """A clip, its detections, and the truth about it."""

    video: Path
    info: VideoInfo
    detections: Path
    ground_truth: tuple[GroundTruthObjects | None, ...]
    beside: tuple[Path, ...] = ()
    """Detections of further models."""


@dataclass(frozen=True)
class Chosen:
    """Settings to judge at."""

    hiding: Hiding
    score: float = 0.3
    tracks: TrackSettings | None = DEFAULT_TRACKS


def moving_clips(count: int) -> Iterator[MovingClip]:
    """Makes the clips and finds what is on them."""
    assets = measure.assets()
    document = read_document(assets / "coco/instances_val2017_subset.json", strict=True)
    folder = measure.work() / "motion"
    names = make_clips(document, assets / "coco/val2017", folder, count, SEED)
    for name in names:
        truth = VideoAnnotations(folder / f"truth/{name}.json")
        video = folder / f"videos/{name}.mp4"
        info = VideoInfo.read(measure.probe(video))
        frames = {frame.number: frame for frame in truth.frames(name)}
        yield MovingClip(video, info, measure.detections(video), tuple(annotated(frames, range(info.frames))))


def tracked(clip: MovingClip, settings: TrackSettings) -> Path:
    """The tracks file of a clip."""
    said = "_".join(f"{value:g}" for value in vars(settings).values())
    out = clip.detections.with_name(f"{clip.detections.stem}.{said}.parquet")
    if not out.exists():
        raw = read_tables([clip.detections], clip.info.sha256)
        quiet = Progress("track", len(raw[0][1]), bar=False)
        track(clip.info, raw, read_frames(clip.video, clip.info), settings, out, frames_path(out), quiet)
    return out


def judged(clips: Sequence[MovingClip], chosen: Chosen) -> dict[str, float]:
    """All figures over all clips together."""
    settings = TemporalSettings(
        chosen.hiding, Palette.from_json(measure.groups()), chosen.score, 0.5, chosen.tracks is not None
    )
    temporal = Temporal(settings)
    for clip in clips:
        found = (replace(clip, detections=path) for path in (clip.detections, *clip.beside))
        paths = [one.detections if chosen.tracks is None else tracked(one, chosen.tracks) for one in found]
        tables = read_tables(paths, clip.info.sha256)
        temporal.add(clip.info, tables, clip.ground_truth, repeat(None, clip.info.frames))
    return temporal.figures()


def changed(chosen: Chosen, key: str, value: Any) -> Chosen:
    """With another value of one setting."""
    section, name = key.split(".")
    if section == "privacy":
        return replace(chosen, hiding=chosen.hiding.model_copy(update={name: value}))
    if section == "masks":
        return replace(chosen, score=value)
    return replace(chosen, tracks=replace(chosen.tracks or DEFAULT_TRACKS, **{name: value}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", nargs="?", help="folder of real files; none: OBJMASK_TEST_ASSETS")
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--curves", metavar="PICTURE", help="also over settings, drawn to a file such as curves.png")
    options = parser.parse_args()
    if options.assets:
        os.environ["OBJMASK_TEST_ASSETS"] = options.assets
    sys.argv[1:] = []
    clips = list(moving_clips(options.clips))
    default = Chosen(Hiding(objects=frozenset(measure.sensitive())))
    ways = {"detections alone": replace(default, tracks=None), "tracks": default}
    print(f"{len(clips)} clips, {sum(clip.info.frames for clip in clips)} frames, seed {SEED}, YOLO 640:\n")
    measure.table(["", *FIGURES.values()], [[way, *_cells(judged(clips, chosen))] for way, chosen in ways.items()])
    if options.curves:
        curves = {
            key: {f"{value}": judged(clips, changed(default, key, value)) for value in values}
            for key, values in CURVES.items()
        }
        for key, points in curves.items():
            measure.table([key, *FIGURES.values()], [[value, *_cells(figures)] for value, figures in points.items()])
        draw(curves, Path(options.curves))


def draw(curves: Mapping[str, Mapping[str, Mapping[str, float]]], picture: Path) -> None:
    """Leaks against over-blur, and painted share against painted in place: a line a setting, a point a value."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, both = pyplot.subplots(1, 2, figsize=(13, 6))
    for axes, across, up in zip(
        both, ("over_blur", "paint_in_place"), ("leaked_per_1000", "painted_share"), strict=True
    ):
        for key, points in curves.items():
            xs, ys = ([one[name] for one in points.values()] for name in (across, up))
            if len({*zip(xs, ys, strict=True)}) == 1:
                continue  # it decides nothing here
            axes.plot(xs, ys, marker="o", markersize=3, label=key)
            for value, x, y in zip(points, xs, ys, strict=True):
                axes.annotate(value, (x, y), fontsize=7, xytext=(3, 3), textcoords="offset points")
        axes.set_xlabel(FIGURES[across])
        axes.set_ylabel(FIGURES[up])
        axes.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


def _cells(figures: Mapping[str, float]) -> list[float]:
    return [figures[name] for name in FIGURES]


if __name__ == "__main__":
    main()

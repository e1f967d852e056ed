"""Does the audit find objects that are shown in single frames?

    python -m benchmarks.audit [ASSETS]

The first seconds of the office clips are protected with single objects left out in single frames. The audit then reads
the result twice: knowing what was found in the source (a fault of `protect`), and with that object missing there too (a
miss of the network, which only the second search can see); with the model of the first pass, and with another.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import measure
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.boxes import Box, iou_of_two
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.detections.masks import paste
from objmask.evaluation.hiding import pixels_of
from objmask.files.parquet import metadata_of
from objmask.hidden.decide import Hider
from objmask.video.info import VideoInfo

PLANTS, SECONDS, SEED, HOLD = 120, 20, 0, 2
APART = 2 * HOLD + 1
SCORE, FLOOR = 0.1, 0.05
SURE = 0.3
"""Best score of the objects that are shown, so that they are ones."""
COVERED = 0.3
"""What others hide of an object may be such a share, or it would not be shown."""


@dataclass(frozen=True)
class Plant:
    """An object that is shown in one frame."""

    row: int
    frame: int
    track: int
    name: str
    score: float
    index: int


def settings() -> Hiding:
    """The defaults of the configuration."""
    return Hiding(objects=frozenset(measure.sensitive()), score=SCORE, hold=HOLD)


def first_pass(video: Path, file: str) -> Path:
    """Tracks of a model in the first seconds of a video."""
    folder = measure.work() / "audit" / Path(file).stem / video.stem
    tracks = folder / "tracks.parquet"
    if not tracks.exists():
        read = (f"--video={video}", f"--probe={measure.probe(video)}", f"--end-s={SECONDS}")
        store = (folder / "frames.nut", folder / "frames.parquet")
        measure.verb("frames", *read, f"--model={measure.model(file)}", f"--out={store[0]}", f"--table={store[1]}")
        found = folder / "found.parquet"
        stored = (f"--frames={store[0]}", f"--table={store[1]}", "--threads=2")
        measure.verb("detect", f"--model={measure.model(file)}", *stored, *measure.found(found))
        measure.verb("track", *read, f"--detections={found}", *measure.found(tracks))
        store[0].unlink()
    return tracks


def protect(video: Path, tracks: Path) -> Path:
    """The protected video, and what was not hidden in it, beside the tracks."""
    out = tracks.with_suffix(".mp4")
    probe, hidden = f"--probe={measure.probe(video)}", tracks.with_name(f"{tracks.stem}_hidden.parquet")
    rules = (f"--objects={json.dumps(measure.sensitive())}", f"--hold={HOLD}")
    written = (f"--out={hidden}", f"--out-unhidden={out.with_suffix('.json')}")
    measure.verb("hide", probe, f"--detections={tracks}", *rules, *written)
    measure.verb("protect", f"--video={video}", probe, f"--hidden={hidden}", f"--end-s={SECONDS}", f"--out={out}")
    return out


def search(protected: Path, file: str) -> Path:
    """What a model finds in a protected video."""
    folder = protected.parent / f"again_{protected.stem}_{Path(file).stem}"
    probe, store, table = folder / "probe.json", folder / "frames.nut", folder / "frames.parquet"
    measure.verb("probe", f"--video={protected}", f"--out={probe}")
    read = (f"--video={protected}", f"--probe={probe}", f"--model={measure.model(file)}")
    measure.verb("frames", *read, f"--out={store}", f"--table={table}")
    stored = (f"--frames={store}", f"--table={table}", "--threads=2", f"--floor={FLOOR}")
    measure.verb("detect", f"--model={measure.model(file)}", *stored, *measure.found(folder / "found.parquet"))
    store.unlink()
    return folder


def audit(video: Path, tracks: Path, protected: Path, again: Path) -> dict[str, Any]:
    """What the verb writes."""
    out = again / f"{tracks.stem}.json"
    read = (f"--video={video}", f"--probe={measure.probe(video)}", f"--end-s={SECONDS}", f"--detections={tracks}")
    seen = (
        f"--protected={protected}",
        f"--protected-probe={again / 'probe.json'}",
        f"--again={again / 'found.parquet'}",
        f"--unhidden={protected.with_suffix('.json')}",
    )
    objects = json.dumps(measure.sensitive())
    measure.verb("audit", *read, *seen, f"--objects={objects}", f"--floor={FLOOR}", f"--out={out}")
    document: dict[str, Any] = json.loads(out.read_text())
    return document


class Clip:
    """What may be shown of a video: objects that are hidden by nothing but their own detections."""

    def __init__(self, video: Path, tracks: Path) -> None:
        self._info, table = VideoInfo.read(measure.probe(video)), FrameTable.read(frames_path(tracks))
        self._frames = list(read_detections(tracks, table.number.tolist()))
        self._hider = Hider(settings(), self._info)
        self.candidates = [
            Plant(row, int(table.number[row]), track, found.classes[i], float(found.scores[i]), i)
            for row in range(HOLD + 1, len(self._frames) - HOLD - 1)
            for found in [self._frames[row]]
            for i, track in enumerate(found.track_ids)
            if found.scores[i] >= SURE and found.classes[i] in settings().objects and not found.carried[i]
        ]

    def box(self, plant: Plant) -> Box:
        """Of its object."""
        ymin, xmin, ymax, xmax = self._frames[plant.row].boxes[plant.index].tolist()
        return ymin, xmin, ymax, xmax

    def area(self, plant: Plant) -> float:
        """Of that box, share of the frame."""
        ymin, xmin, ymax, xmax = self.box(plant)
        return (ymax - ymin) * (xmax - xmin)

    def would_show(self, plant: Plant) -> bool:
        """Whether others hide little of its object."""
        info, found = self._info, self._frames[plant.row]
        mask = paste(found.masks[plant.index], found.boxes[plant.index], info.height, info.width, 0.3)
        if not mask.mask.any():
            return False
        near = self._frames[plant.row - HOLD : plant.row + HOLD + 1]
        others = (one.take(i for i, n in enumerate(one.track_ids) if n != plant.track) for one in near)
        areas = self._hider.areas([self._hider.prepare([("", one)]) for one in others], HOLD)
        hidden = pixels_of([area.patch for area in areas], info)[mask.rows, mask.columns]
        return bool((hidden & mask.mask).sum() <= COVERED * mask.mask.sum())

    def choose(self, count: int, rng: random.Random) -> list[Plant]:
        """Some of them, apart in time, of all sizes."""
        chosen: list[Plant] = []
        by_size = sorted(self.candidates, key=self.area)
        thirds = [by_size[k * len(by_size) // 3 : (k + 1) * len(by_size) // 3] for k in range(3)]
        for third in thirds:
            rng.shuffle(third)
        while len(chosen) < count and any(thirds):
            for third in thirds:
                while third:
                    plant = third.pop()
                    if all(abs(plant.row - other.row) >= APART for other in chosen) and self.would_show(plant):
                        chosen.append(plant)
                        break
        return chosen[:count]


def without(tracks: Path, plants: list[Plant]) -> Path:
    """Tracks in which each object is missing for long enough that its frame is hidden by nothing."""
    table, out = FrameTable.read(frames_path(tracks)), tracks.with_name("planted.parquet")
    metadata = {k: v for k, v in metadata_of(tracks).items() if k != "format_version"}
    with DetectionWriter(out, frames_path(out), metadata) as writer:
        for row, found in enumerate(read_detections(tracks, table.number.tolist())):
            gone = {plant.track for plant in plants if abs(plant.row - row) <= HOLD}
            kept: Detections = found.take(i for i, track in enumerate(found.track_ids) if track not in gone)
            times = int(table.number[row]), int(table.pts[row]), int(table.duration_pts[row])
            writer.write(*times, inferred=bool(table.inferred[row]), found=kept)
    return out


def seen(document: dict[str, Any], plant: Plant, box: Box, *, sure: bool) -> bool:
    """Whether the audit lists an object in its frame."""
    return any(
        m["first"]["frame"] <= plant.frame <= m["last"]["frame"]
        and iou_of_two(tuple(m["box"]), box) >= 0.2
        and (m["leak"] or not sure)
        for m in document["moments"]
    )


@dataclass(frozen=True)
class Answer:
    """Whether an audit found a plant: as a leak, and at all."""

    by: str
    case: str
    clip: str
    plant: Plant
    side: float
    leak: bool
    listed: bool


@dataclass(frozen=True)
class Quiet:
    """An audit of a clip without plants."""

    by: str
    clip: str
    minutes: float
    summary: dict[str, Any]


def compare(first: str, second: str, rng: random.Random) -> tuple[list[Answer], list[Quiet]]:
    """Plants in what one model found, audited by it and by another."""
    videos = measure.office_videos()
    tracks = {video: first_pass(video, first) for video in videos}
    clips = {video: Clip(video, tracks[video]) for video in videos}
    plants = {video: clip.choose(PLANTS, rng) for video, clip in clips.items()}
    answers: list[Answer] = []
    quiet: list[Quiet] = []
    left = PLANTS
    # Clips that have few give all of them, and the others the rest in equal parts.
    for k, video in enumerate(sorted(clips, key=lambda video: len(plants[video]))):
        clip, chosen = clips[video], plants[video][: left // (len(clips) - k)]
        left -= len(chosen)
        clean, missing = protect(video, tracks[video]), without(tracks[video], chosen)
        planted = protect(video, missing)
        for by, file in (("same model", first), ("second model", second)):
            before = audit(video, tracks[video], clean, search(clean, file))
            minutes = before["summary"]["frames"] / float(VideoInfo.read(measure.probe(video)).rate) / 60
            quiet.append(Quiet(by, video.stem, minutes, before["summary"]))
            again = search(planted, file)
            # What is seen there all the time tells nothing of the plant.
            new = [plant for plant in chosen if not seen(before, plant, clip.box(plant), sure=False)]
            for case, known in (("fault of protect", tracks[video]), ("miss of the network", missing)):
                document = audit(video, known, planted, again)
                for plant in new:
                    found = [seen(document, plant, clip.box(plant), sure=sure) for sure in (True, False)]
                    answers.append(Answer(by, case, video.stem, plant, clip.area(plant) ** 0.5, *found))
    return answers, quiet


def show(answers: list[Answer], quiet: list[Quiet]) -> None:
    """Prints the tables."""
    rows = []
    groups = sorted({(a.by, a.case) for a in answers}, key=lambda g: (g[1], g[0]))
    for by, case in groups:
        of = sorted((a for a in answers if (a.by, a.case) == (by, case)), key=lambda a: a.side)
        thirds = [of[k * len(of) // 3 : (k + 1) * len(of) // 3] for k in range(3)]
        shares = [sum(a.listed for a in third) / max(len(third), 1) for third in thirds]
        found = [sum(a.leak for a in of) / len(of), sum(a.listed for a in of) / len(of)]
        rows.append([case, by, len(of), *found, *shares])
    columns = ("shown by a", "audit by", "plants", "found as leaks", "found at all", "small", "middling", "large")
    measure.table(columns, rows)
    rows = [[q.clip, q.by, *(q.summary[k] for k in ("leaking_per_1000", "leaks", "moments"))] for q in quiet]
    measure.table(("without plants", "audit by", "leaking frames in 1,000", "leaks", "moments"), rows)
    rows = []
    for by in sorted({q.by for q in quiet}):
        minutes = sum(q.minutes for q in quiet if q.by == by)
        rows.append([by, *(sum(q.summary[k] for q in quiet if q.by == by) / minutes for k in ("leaks", "moments"))])
    measure.table(("without plants", "leaks a minute", "moments a minute"), rows)
    print("Not found at all; the side is that of the box, share of the frame's:\n")
    lost = [[a.case, a.by, a.clip, a.plant.frame, a.plant.name, a.plant.score, a.side] for a in answers if not a.listed]
    measure.table(("shown by a", "audit by", "clip", "frame", "object", "score", "side"), lost)


def main() -> None:
    print(f"First pass: {Path(measure.INT8).stem}. Second model: {Path(measure.NHWC).stem}. Up to {PLANTS} plants.\n")
    show(*compare(measure.INT8, measure.NHWC, random.Random(SEED)))  # noqa: S311


if __name__ == "__main__":
    main()

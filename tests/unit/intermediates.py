"""Every kind of file that one step writes and another reads, as a run leaves them, and bits that flip in them.

A changed bit must lead to the same output or to a refusal of one line, never to another output or a traceback.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from builders import BrightRectangles, found
from clips import make

from objmask.cli import main
from objmask.detections.arrays import DetectionWriter
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.errors import ObjmaskError
from objmask.files.whole import sha256_of
from objmask.inference.chunk import detect
from objmask.models.info import ModelInfo
from objmask.progress import Progress

NAME = "desk/a"
GROUPS = json.dumps(
    {
        "drink": {"objects": ["cup"], "colour": [0, 0, 255], "sensitive": False},
        "person": {"objects": ["person"], "colour": [255, 255, 255], "sensitive": True},
    }
)
OBJECTS = '["person"]'
PERSON = ("person", 0.9, (0.1, 0.1, 0.5, 0.4))
CUP = ("cup", 0.8, (0.5, 0.5, 0.9, 0.9))


def run(verb: str, **options: object) -> int:
    """Calls a verb as the workflow does."""
    return main([verb, *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())])


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        file: below the folder of results.
        read: has a step read it and write below the folder that it is given; returns the exit code.
    """

    file: str
    read: Callable[[Path], int]


class Results:
    """A folder of results of one video."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "results"
        self.video = _video(folder)
        self._detected()
        self._decided()
        self._rendered()

    def at(self, below: str) -> Path:
        """A file of the results."""
        return self.path / below

    def _ok(self, verb: str, **options: object) -> None:
        if run(verb, **options):
            raise AssertionError(f"{verb} failed")

    def _detected(self) -> None:
        at, name = self.at, NAME
        self._ok("index", videos=self.video.parent.parent, out=at("index.json"))
        self._ok("probe", video=self.video, out=at(f"probe/{name}.json"))
        at("models/bright").mkdir(parents=True)
        ModelInfo("bright", "yolo", "x", "0" * 64, "tests", ("cup",), {"cup": 0}, 32, 32).write(at("models/bright"))
        self._ok(
            "frames", **self.source, model=at("models/bright"), out=at("frames/c.nut"), table=at("frames/c.parquet")
        )
        self.detect(at("chunks/c.parquet"))
        self._ok(
            "gather", probe=at(f"probe/{name}.json"), part=at("chunks/c.parquet"), **self.pair("detections/bright")
        )
        metadata = {"time_base": "1/30000", "start_pts": 0, "video_sha256": sha256_of(self.video), "model": "bright"}
        table, tracks = FrameTable.read(at("frames/c.parquet")), at(f"tracks/bright/{name}.parquet")
        metadata |= {"time_base": str(table.time_base), "start_pts": table.start_pts, "carried": True}
        with DetectionWriter(tracks, frames_path(tracks), metadata) as writer:
            for k, (pts, duration) in enumerate(zip(table.pts.tolist(), table.duration_pts.tolist(), strict=True)):
                writer.write(k, pts, duration, inferred=True, found=found(PERSON, CUP) if k % 7 else found(CUP))

    def _decided(self) -> None:
        at, name = self.at, NAME
        self._ok("paint", **self.tracked, groups=GROUPS, out=at(f"painted/{name}.parquet"))
        unhidden = {"out_unhidden": at(f"hidden/{name}.json")}
        self._ok("hide", **self.tracked, objects=OBJECTS, out=at(f"hidden/{name}.parquet"), **unhidden)

    def _rendered(self) -> None:
        at, name = self.at, NAME
        for read, kind, out in (
            (self.protect, "protected", f"protected/{name}.mp4"),
            (self.coverage, "coverage", f"coverage/{name}.csv"),
            (self.clips, "clips", f"clips/npz/{name}.npz"),
            (self.annotations, "coco", f"exports/coco/{name}.json"),
        ):
            if read(at(out), provenance=at(f"provenance/{kind}/{name}.json")):
                raise AssertionError(f"{kind} failed")
        self._ok("probe", video=at(f"protected/{name}.mp4"), out=at(f"second_look/{name}.json"))
        again, info = at("second_look/bright.parquet"), FrameTable.read(at("frames/c.parquet"))
        metadata = {"time_base": str(info.time_base), "start_pts": info.start_pts, "model": "bright"}
        metadata |= {"video_sha256": sha256_of(at(f"protected/{name}.mp4"))}
        with DetectionWriter(again, frames_path(again), metadata) as writer:
            for k, (pts, duration) in enumerate(zip(info.pts.tolist(), info.duration_pts.tolist(), strict=True)):
                writer.write(k, pts, duration, inferred=True, found=found(PERSON) if k == 7 else found())
        self.turns(at(f"turns/{name}.json"))
        self.audit(at(f"audit/{name}.json"))
        self.video_summary(at(f"report/{name}.json"))
        text = f"name\tlabel\tsubject\texcluded\n{name}\tdesk\t\t\n"
        self.table = at(f"videos/{_digest(text)}.tsv")
        self.table.parent.mkdir()
        self.table.write_text(text)

    @property
    def source(self) -> dict[str, object]:
        """The video and its probe."""
        return {"video": self.video, "probe": self.at(f"probe/{NAME}.json")}

    @property
    def tracked(self) -> dict[str, object]:
        """The probe and the tracks."""
        return {"probe": self.at(f"probe/{NAME}.json"), "detections": self.at(f"tracks/bright/{NAME}.parquet")}

    @property
    def painted(self) -> dict[str, object]:
        """The probe and what is painted."""
        return {"probe": self.at(f"probe/{NAME}.json"), "painted": self.at(f"painted/{NAME}.parquet")}

    @property
    def hidden(self) -> dict[str, object]:
        """What is hidden."""
        return {"hidden": self.at(f"hidden/{NAME}.parquet")}

    def pair(self, below: str) -> dict[str, object]:
        """The two outputs of `gather`."""
        return {"out": self.at(f"{below}/{NAME}.parquet"), "out_frames": self.at(f"{below}/{NAME}.frames.parquet")}

    def detect(self, out: Path) -> int:
        """What `detect` does, with a detector that needs no file."""
        store, table = self.at("frames/c.nut"), self.at("frames/c.parquet")
        chunk = FrameTable.read(table)
        with Progress("detect", len(chunk)) as bar:
            detect(BrightRectangles(), store, chunk, table, out, frames_path(out), bar, {"floor": 0.05})
        return 0

    def audit(self, out: Path) -> int:
        """The protected video beside its source."""
        protected = {
            "protected": self.at(f"protected/{NAME}.mp4"),
            "protected_probe": self.at(f"second_look/{NAME}.json"),
        }
        again = {"again": self.at("second_look/bright.parquet"), "objects": OBJECTS}
        again |= {"unhidden": self.at(f"hidden/{NAME}.json"), "turns": self.at(f"turns/{NAME}.json")}
        return run("audit", **self.tracked, video=self.video, **protected, **again, out=out)

    def turns(self, out: Path) -> int:
        """Frames without hiding tried turned, if they are many."""
        given = {**self.source, **self.hidden, "unhidden": self.at(f"hidden/{NAME}.json")}
        return run("turns", **given, model=self.at("models/bright"), out=out)

    def protect(self, out: Path, **more: object) -> int:
        """The protected video."""
        return run("protect", **self.source, **self.hidden, out=out, **more)

    def masks(self, out: Path) -> int:
        """The colours on black."""
        return run("masks", **self.painted, groups=GROUPS, out=out)

    def overlay(self, out: Path) -> int:
        """The colours over the video."""
        return run("overlay", **self.painted, video=self.video, groups=GROUPS, out=out)

    def coverage(self, out: Path, **more: object) -> int:
        """The counted pixels."""
        return run("coverage", **self.painted, groups=GROUPS, out=out, **more)

    def clips(self, out: Path, **more: object) -> int:
        """A clip of masks."""
        shown = {"name": NAME, "label": "desk", "frames": 4, "width": 16, "height": 16, **more}
        return run(
            "clips", **self.painted, frames_table=self.at(f"painted/{NAME}.frames.parquet"), groups=GROUPS, out=out,
            **shown,
        )  # fmt: skip

    def annotations(self, out: Path, **more: object) -> int:
        """A COCO file."""
        return run("annotations", **self.painted, groups=GROUPS, format="coco", name=NAME, out=out, **more)

    def video_summary(self, out: Path) -> int:
        """What the report shows of the video."""
        more = {**self.hidden, "coverage": self.at(f"coverage/{NAME}.csv"), "thumbnails": 2}
        return run("video-summary", **self.painted, groups=GROUPS, **more, out=out)

    def kinds(self) -> list[Kind]:
        """All kinds."""
        at, name = self.at, NAME

        def painted(out: Path) -> int:
            return run("paint", **self.tracked, groups=GROUPS, out=out / "p.parquet")

        def hidden(out: Path) -> int:
            return run("hide", **self.tracked, objects=OBJECTS, out=out / "h.parquet")

        def gathered(out: Path) -> int:
            given = {"probe": at(f"probe/{name}.json"), "part": at("chunks/c.parquet")}
            return run("gather", **given, out=out / "d.parquet", out_frames=out / "d.frames.parquet")

        def released(out: Path) -> int:
            given = {"protected": at(f"protected/{name}.mp4"), "audit": at(f"audit/{name}.json"), "fail_over": 1000}
            return run("release", **given, quarantine=out / "q.mp4", out=out / "p.mp4")

        def summary(out: Path) -> int:
            return run("summary", coverage=at("coverage"), videos=self.table, out=out / "s")

        def frames(out: Path) -> int:
            given = {**self.source, "model": at("models/bright")}
            return run("frames", **given, out=out / "c.nut", table=out / "c.parquet")

        def dataset(out: Path) -> int:
            given = {"annotations": at("exports/coco"), "videos": self.table, "groups": GROUPS}
            return run("dataset", format="coco", **given, out=out / "a.json")

        def index(out: Path) -> int:
            shutil.copyfile(at("index.json"), out / "index.json")
            return run("index", videos=self.video.parent.parent, out=out / "index.json")

        return [
            Kind(f"probe/{name}.json", lambda out: self.coverage(out / "c.csv")),
            Kind("models/bright/model.json", frames),
            Kind("frames/c.nut", lambda out: self.detect(out / "d.parquet")),
            Kind("frames/c.parquet", lambda out: self.detect(out / "d.parquet")),
            Kind("chunks/c.parquet", gathered),
            Kind("chunks/c.frames.parquet", gathered),
            Kind(f"tracks/bright/{name}.parquet", painted),
            Kind(f"tracks/bright/{name}.parquet", hidden),
            Kind(f"tracks/bright/{name}.frames.parquet", painted),
            Kind(f"tracks/bright/{name}.frames.parquet", hidden),
            *self.of_tables(),
            Kind(f"coverage/{name}.csv", summary),
            Kind(f"coverage/{name}.csv", lambda out: self.video_summary(out / "g.json")),
            Kind(f"provenance/coverage/{name}.json", summary),
            Kind(self.table.relative_to(self.path).as_posix(), summary),
            Kind(f"protected/{name}.mp4", released),
            Kind(f"protected/{name}.mp4", lambda out: self.audit(out / "a.json")),
            Kind(f"audit/{name}.json", released),
            Kind(
                f"audit/{name}.json",
                lambda out: run("audit-summary", audits=at("audit"), videos=self.table, out=out / "a.csv"),
            ),
            Kind(f"hidden/{name}.json", lambda out: self.audit(out / "a.json")),
            Kind(f"hidden/{name}.json", lambda out: self.turns(out / "t.json")),
            Kind(f"turns/{name}.json", lambda out: self.audit(out / "a.json")),
            Kind(f"second_look/{name}.json", lambda out: self.audit(out / "a.json")),
            Kind("second_look/bright.parquet", lambda out: self.audit(out / "a.json")),
            Kind(
                f"clips/npz/{name}.npz",
                lambda out: run("clip-images", clips=at("clips/npz"), videos=self.table, out=out / "images"),
            ),
            Kind(f"exports/coco/{name}.json", dataset),
            Kind("index.json", index),
        ]

    def of_tables(self) -> list[Kind]:
        """What is painted and what is hidden, for each step that reads it."""
        painted: dict[str, Callable[[Path], int]] = {
            "m.mp4": self.masks,
            "o.mp4": self.overlay,
            "c.csv": self.coverage,
            "a.json": self.annotations,
            "c.npz": self.clips,
            "s.json": self.video_summary,
        }
        hidden: dict[str, Callable[[Path], int]] = {"p.mp4": self.protect, "s.json": self.video_summary}

        def kind(file: str, read: Callable[[Path], int], name: str) -> Kind:
            return Kind(file, lambda out: read(out / name))

        return [
            kind(f"{folder}/{NAME}{ending}", read, name)
            for folder, readers in (("painted", painted), ("hidden", hidden))
            for ending in (".parquet", ".frames.parquet")
            for name, read in readers.items()
        ]


def _video(folder: Path) -> Path:
    (folder / "videos/desk").mkdir(parents=True)
    return make(folder / "videos/desk/a.mp4")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def outcome(kind: Kind, scratch: Path) -> tuple[str, str]:
    """What comes of one reading: `written` and a digest, `refused` and the line, or `traceback` and the error."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = kind.read(scratch)
    except ObjmaskError as error:
        return "refused", str(error)
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    finally:
        logging.getLogger("objmask").handlers.clear()
    if code:
        lines = said.getvalue().strip().splitlines()
        return "refused", lines[-1] if lines else ""
    return "written", sha256_of(scratch)


def places(size: int, count: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Bytes and bits of a file: a third in its first 64 bytes, a third in its last 256, a third anywhere."""
    for k in range(count):
        low, high = ((0, min(64, size)), (max(0, size - 256), size), (0, size))[k % 3]
        yield int(rng.integers(low, high)), int(rng.integers(8))


def flipped(
    results: Results, kind: Kind, count: int, rng: np.random.Generator, scratch: Path
) -> Iterator[tuple[str, str]]:
    """What comes of each of so many flipped bits: `identical`, `refused`, `different` or `traceback`, and details."""
    path = results.at(kind.file)
    before = path.read_bytes()
    good, expected = outcome(kind, scratch)
    if good != "written":
        raise AssertionError(f"{kind.file}: {good}, {expected}")
    try:
        for place, bit in places(len(before), count, rng):
            data = bytearray(before)
            data[place] ^= 1 << bit
            path.write_bytes(data)
            ended, what = outcome(kind, scratch)
            if ended == "written":
                ended = "identical" if what == expected else "different"
            yield ended, f"{kind.file}: bit {bit} of byte {place} of {len(before)}: {what}"
    finally:
        path.write_bytes(before)

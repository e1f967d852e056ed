"""What lies where below the results: the one description that cleaning up, the rules and docs/results.md share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from objmask.files.whole import TEMPORARY

_FRAME = r"\d{8,}"
_STAMP = r"\.snakemake_timestamp"
"""Snakemake's own file in a folder that a rule makes as a whole."""
_WILDCARDS = {"video": ".+", "chunk": r"\d{8}-\d{8}", "model": "[^/]+", "digest": "[0-9a-f]{16}", "name": "[^/]+"}
_NOT_TO_HAND_ON = frozenset(
    {"probe", "second_look", "chunks", "detections", "tracks", "painted", "hidden", "turns", "logs", "benchmarks"}
)
"""Top folders of what the network found and what jobs said; the others hold what is given away, counted or shown."""


@dataclass(frozen=True)
class ResultPlace:
    """Where one kind of file lies.

    Attributes:
        path: below the results, with `{video}`, `{model}`, `{chunk}`, … as in the rules.
        inside: of a folder that is made as a whole: what it holds, a regular expression; empty: it is a file.
    """

    path: str
    inside: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches a file's path below the results; its groups are the wildcards."""
        parts = re.split(r"\{(\w+)\}", self.path)
        text = "".join(f"(?P<{part}>{_WILDCARDS[part]})" if i % 2 else re.escape(part) for i, part in enumerate(parts))
        return re.compile(f"{text}/(?:{self.inside})" if self.inside else text)

    @property
    def top(self) -> str:
        """The folder below the results that the file lies in; of a file at the top its own name."""
        return self.path.split("/")[0]

    @property
    def is_of_a_video(self) -> bool:
        """Whether each video has files of its own there."""
        return "{video}" in self.path

    @property
    def is_to_hand_on(self) -> bool:
        """Whether it is made to be given away, counted or shown."""
        return self.top not in _NOT_TO_HAND_ON


_PARQUET = (".frames.parquet", ".parquet")  # in this order: no video's name ends in `.frames`
_BY_VIDEO = {
    "probe": ".json",
    "masks": ".mp4",
    "masks_lossless": ".mp4",
    "overlay": ".mp4",
    "protected": ".mp4",
    "unaudited": ".mp4",
    "quarantine": ".mp4",
    "hidden": ".json",
    "turns": ".json",
    "audit": ".json",
    "coverage": ".csv",
    "report": ".json",
    "clips/npz": ".npz",
    "exports/coco": ".json",
    "exports/cvat": ".zip",
    "second_look/probe": ".json",
    "second_look/words": ".json",
}
"""How the file of a video ends, by its folder."""
_JOBS: Mapping[str, tuple[str, ...]] = {
    "{video}": (
        *(
            "probe",
            "paint",
            "hide",
            "masks",
            "masks_lossless",
            "overlay",
            "protect",
            "coverage",
            "video_summary",
            "clips",
        ),
        *("coco", "yolo", "masks_png", "cvat", "annotated_images", "audit_probe", "audit_read", "turns", "audit"),
        "release",
    ),
    "{model}/{video}": ("gather", "track", "audit_gather"),
    "{video}/{chunk}": ("images",),
    "{video}/{chunk}.{model}": ("frames", "audit_frames"),
    "{model}/{video}/{chunk}": ("detect", "audit_detect"),
    "": (
        *("summary", "report", "evaluation", "coco_dataset", "yolo_dataset", "audit_summary"),
        *("clip_splits", "clip_images", "clip_records"),
    ),
}
"""Rules by what a job of theirs is about; logs and benchmarks are named by it."""
_RECORDED = (
    *("painted", "hidden", "masks", "masks_lossless", "overlay", "protected", "coverage", "report", "audit"),
    *("clips", "coco", "yolo"),
)
_RECORDED_ONCE = tuple(_JOBS[""])


def _places() -> Iterator[ResultPlace]:
    for name in ("index.json", "unusable.json", "report.html", "audit/audit.csv", "evaluation/{name}"):
        yield ResultPlace(name)
    yield from (
        ResultPlace("videos/{digest}.tsv"),
        ResultPlace("arguments/{digest}.json"),
        ResultPlace("corrections/{digest}.json"),
    )
    yield from (
        ResultPlace("summary/{name}.csv"),
        ResultPlace("exports/annotations.json"),
        ResultPlace("exports/data.yaml"),
    )
    yield from (ResultPlace(path, ".+") for path in ("models/{model}", "clips/splits", "clips/png", "clips/tfrecord"))
    yield from (ResultPlace(f"{folder}/{{video}}{ending}") for folder, ending in _BY_VIDEO.items())
    yield from (ResultPlace(f"{folder}/{{video}}{ending}") for folder in ("painted", "hidden") for ending in _PARQUET)
    yield from (
        ResultPlace(f"{folder}/{{model}}/{{video}}{ending}")
        for folder in ("detections", "tracks", "second_look/detections")
        for ending in _PARQUET
    )
    for above in ("", "second_look/"):
        yield from (ResultPlace(f"{above}chunks/{{model}}/{{video}}/{{chunk}}{ending}") for ending in _PARQUET)
        yield from (
            ResultPlace(f"{above}frames/{{video}}/{{chunk}}.{{model}}{ending}") for ending in (".nut", ".parquet")
        )
    yield ResultPlace("frames/{video}/{chunk}", rf"{_FRAME}\.(?:png|jpg)|{_STAMP}")
    yield ResultPlace("exports/images/{video}", rf"{_FRAME}\.(?:png|jpg)|{_STAMP}")
    yield ResultPlace("exports/masks_png/{video}", rf"{_FRAME}\.png|labelmap\.txt|{_STAMP}")
    yield ResultPlace(
        "exports/yolo/{video}", rf"labels/{_FRAME}\.txt|images|(?:images|classes)\.txt|data\.yaml|{_STAMP}"
    )
    for kind in (*_RECORDED, "masks_png", "cvat"):
        yield ResultPlace(f"provenance/{kind}/{{video}}.json")
    yield from (ResultPlace(f"provenance/{kind}.json") for kind in _RECORDED_ONCE)
    for folder, ending in (("logs", ".log"), ("benchmarks", ".tsv")):
        for about, rules in _JOBS.items():
            yield from (ResultPlace(f"{folder}/{rule}{'/' if about else ''}{about}{ending}") for rule in rules)
    yield ResultPlace("logs/model/{model}.log")  # its result may come from a shared cache, so it has no benchmark


LAYOUT = tuple(_places())
"""Every kind of file that lies below the results."""


def files_of_videos(results: Path, places: tuple[ResultPlace, ...] = LAYOUT) -> Iterator[tuple[Path, str]]:
    """Files and links that belong to a video, sorted, each with the video's name; only what the layout knows.

    Args:
        results: folder of results.
        places: kinds of files to look for.
    """
    for top in sorted({place.top for place in places if place.is_of_a_video}):
        known = [place.pattern for place in places if place.top == top and place.is_of_a_video]
        for path in sorted((results / top).rglob("*")):
            below = path.relative_to(results)
            if any(part.startswith(TEMPORARY) for part in below.parts) or not (path.is_symlink() or path.is_file()):
                continue
            found = next((match for pattern in known if (match := pattern.fullmatch(below.as_posix()))), None)
            if found:
                yield path, found["video"]

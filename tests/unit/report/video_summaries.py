"""Results of made-up videos, as the report reads them: a folder of results that no network had to make."""

from __future__ import annotations

import base64
import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from builders import PALETTE

from objmask.audit.turns import Turns
from objmask.files.whole import write_json
from objmask.hidden.unhidden import Unhidden
from objmask.render.thumbnails import drawing
from objmask.report.all_videos import ReportedVideo
from objmask.report.bounds import BINS, FORMAT, MANY, PARTS, POINTS

GROUPS = [group.name for group in PALETTE.groups]
SETTINGS: dict[str, Any] = {
    "outputs": ["masks", "protected", "coverage", "report"],
    "groups": {group.name: {"objects": list(group.objects), "colour": list(group.colour)} for group in PALETTE.groups},
    "sensitive_objects": ["person", "laptop"],
    "detect": {"floor": 0.05},
    "masks": {"score": 0.3},
    "privacy": {"score": 0.1, "nothing_hidden": "warn"},
    "report": {"players": "link", "raw_pictures": False},
}
CARD = {
    **{"name": "net", "family": "yolo", "source": "tests", "licence": "MIT", "citation": "", "sha256": "0" * 64},
    **{"archive": "", "note": "", "input": "any", "score_cut": 0.0, "classes": 80, "used": ["person"], "missing": []},
}
PIXEL = drawing(np.zeros((1, 1, 3), np.uint8))
SUMMARY = ("videos", "mean", "mean_low", "mean_high", "present", "max")


def about(notes: Sequence[str] = (), card: Mapping[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """What the report is told of the run."""
    return {"settings": {**SETTINGS, **settings}, "models": [{**CARD, **(card or {})}], "notes": list(notes)}


def video_summary(
    seed: int, *, points: int = POINTS, moments: int = 6, picture: str = PIXEL, **more: Any
) -> dict[str, Any]:
    """The summary of a video of `points` x 4 frames that shows the first two groups."""
    rng = np.random.default_rng(seed)
    mean = rng.integers(0, PARTS // 4, (2, points))
    return {
        "format": FORMAT,
        "video": {
            **{"sha256": f"{seed:064x}", "container": "mov", "codec": "h264", "width": 640, "height": 360, "rate": 30},
            **{"rotation": 0, "frames": 4 * points, "duration_s": points / 7.5, "audio": 0, "thumb": [288, 162]},
        },
        "models": {"net": "1" * 64},
        "frames": 4 * points,
        "looked_at": 4 * points,
        "inferred": 4 * points,
        "groups": [
            {"name": name, "mean": 0.1, "max": 0.25, "present": 1.0}
            if k < 2
            else {"name": name, "mean": 0.0, "max": 0.0, "present": 0.0}
            for k, name in enumerate(GROUPS)
        ],
        "timeline": {
            "time_s": [round(i / 7.5, 3) for i in range(points)],
            "mean": {name: values.tolist() for name, values in zip(GROUPS, mean, strict=False)},
            "max": {name: (values + 100).tolist() for name, values in zip(GROUPS, mean, strict=False)},
        },
        "hidden": None,
        "scores": rng.integers(0, 50, (len(GROUPS) + 1, BINS)).tolist(),
        "objects_a_frame": [0, 4 * points, *[0] * (MANY - 1)],
        "moments": [
            {"frame": 40 * k, "time_s": 4.0 * k / 3, "groups": GROUPS[:2], "pictures": {"masks": picture}}
            for k in range(moments)
        ],
        "warnings": [],
        **more,
    }


def hidden(seed: int, gaps: int, nothing: float = 0.0, **more: Any) -> dict[str, Any]:
    """The summary of a video of which it is known what its protected video hides."""
    one = video_summary(seed, **more)
    times = one["timeline"]["time_s"]
    share = [PARTS // 2] * len(times)
    said = {"mean": 0.4, "without": 2 * gaps, "gaps": gaps, "gaps_s": times[10 : 10 + gaps], "longest_s": 0.2}
    return {
        **one,
        "hidden": {
            **said,
            "sensitive": 0.25,
            "dearest": [
                {"model": "net", "track": 7 - k, "class": name, "fraction": 0.2 / (k + 1), "scores": [0.0, 0.65]}
                for k, name in enumerate(("laptop", "<b>person</b>")[:gaps])
            ],
            "nothing": {"share": nothing, "said": unhidden(nothing).sentence()} if nothing else None,
        },
        "timeline": {**one["timeline"], "hidden": {"mean": share, "min": [0, *share[1:]]}},
        "warnings": ["hidden objects vanish for a moment at 0:01: look there"] if gaps else [],
    }


def unhidden(share: float) -> Unhidden:
    """What is not hidden of a video of 1,000 frames, 10 a second: its last frames."""
    without = round(1000 * share)
    return Unhidden(
        1000, without, 1000 - without if without else -1, *((100 - without / 10, 100.0) if without else (0.0, 0.0))
    )


def audit(
    *leaks: tuple[int, int],
    nothing: float = 0.0,
    others: int = 0,
    name: str = "laptop",
    allowed: int = 0,
    picture: str | None = None,
    turns: Turns | None = None,
) -> dict[str, Any]:
    """An audit of a video of 1,000 frames, 10 a second, that leaks from the one frame to the other of each pair."""
    frames = sum(last - first + 1 for first, last in leaks)
    length, first = max(((last - first + 1, -first) for first, last in leaks), default=(0, 0))
    spans = [(*leak, True) for leak in leaks] + [(900 + 5 * k, 900 + 5 * k, False) for k in range(others)]
    moments = [
        {
            **{"frame": first, "time_s": first / 10, "frames": last - first + 1, "class": name, "score": 0.8},
            **{side: {"frame": at, "time_s": at / 10} for side, at in (("first", first), ("last", last))},
            **{"shown": 0.9, "severity": (last - first + 1) / 1000, "box": [0.1, 0.1, 0.2, 0.2]},
            **{"why": ["found"], "leak": leak, "picture": picture},
        }
        for first, last, leak in spans
    ]
    summary = {
        **{"frames": 1000, "leaking_frames": frames, "leaking_per_1000": float(frames)},
        **{"longest_run_frames": length, "longest_run_s": length / 10, "longest_run_first": -first if leaks else None},
        **{"other_lost": 0.25, "review_frames": frames + others, "leaks": len(leaks), "moments": len(moments)},
        "allowed": allowed,
    }
    said = {"summary": summary, "unhidden": unhidden(nothing).to_json(), "moments": moments}
    return {"format": 4, "models": ["net"], "turns": turns.to_json() if turns else None, **said}


def audited(folder: Path, audits: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes audits by the videos' names."""
    _write_documents({folder / f"audit/{name}.json": one for name, one in audits.items()})


def about_audits(
    fail_over: float | None = None, *, pictures: bool = False, nothing_hidden: str = "warn", **report: Any
) -> dict[str, Any]:
    """What the report is told of a run with audits."""
    settings = {**SETTINGS["report"], "leak_pictures": pictures, **report}
    return about(
        outputs=[*SETTINGS["outputs"], "audit"],
        audit={"fail_over": fail_over},
        report=settings,
        privacy={"score": 0.1, "nothing_hidden": nothing_hidden},
    )


def results(folder: Path, video_summaries: Mapping[str, Mapping[str, Any]], label: str = "desk") -> list[ReportedVideo]:
    """Writes video summaries by the videos' names, and summaries that fit; returns the videos."""
    _write_documents({folder / f"report/{name}.json": one for name, one in video_summaries.items()})
    (folder / "summary").mkdir(parents=True, exist_ok=True)
    values = [len(video_summaries), 0.1, 0.05, 0.15, 0.5, 0.25]
    rows = [[group, *values] for group in GROUPS] if video_summaries else []
    _write(folder / "summary/coverage_by_group.csv", ["group", *SUMMARY], rows)
    _write(folder / "summary/coverage_by_label.csv", ["label", "group", *SUMMARY], [[label, *row] for row in rows])
    return [ReportedVideo(name, label, "") for name in video_summaries]


def noise(bytes_: int) -> str:
    """Text as long as that of a picture of so many bytes."""
    return base64.b64encode(bytes(bytes_)).decode()


def _write_documents(documents: Mapping[Path, Mapping[str, Any]]) -> None:
    """Writes each; those that are one and the same object once, and their further files as copies of it."""
    written: dict[int, Path] = {}
    for path, document in documents.items():
        if (first := written.setdefault(id(document), path)) is path:
            write_json(path, document)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(first, path)


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])

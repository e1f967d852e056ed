"""Reading what a run is about. Whatever is wrong with it ends here, before any job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from objmask.clips.splits import divide
from objmask.config import config as objmask_config
from objmask.config.audit import audit_models_of, audit_notes
from objmask.config.command_line import read_config
from objmask.config.models import models_of, notes_of
from objmask.config.schema import only_texts, typed
from objmask.corrections.read import Entries, check_tracks, classes_of, read_corrections, unknown_videos
from objmask.detections.classes import check_names
from objmask.errors import ConfigError
from objmask.evaluation.video_index import check_known, index_annotations
from objmask.files.utf8 import is_spoken
from objmask.files.whole import refuse_unwritable
from objmask.inputs.index import find_videos, index_videos
from objmask.inputs.rotate import rotations
from objmask.inputs.unusable import known_unusable
from objmask.models.coco import KNOWN_OBJECTS
from objmask.running.further_pass import is_further_pass, left_out
from objmask.running.plan import RESULTS, Plan

UNUSABLE = Path(RESULTS, "unusable.json")
"""Notes on videos that steps found unusable."""


def given_config(project: Path, files: Sequence[str | Path], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was configured, read again: Snakemake's `config` has numbers where people have typed names.

    Args:
        project: where the workflow lies.
        files: given with `--configfile`. They stand alone: what they do not set has its default. None:
            the project's own.
        values: given with `--config`.

    Raises:
        ConfigError: a file cannot be read.
    """
    return typed(read_config(map(Path, files or [project / "config.yaml"]), values, sys.argv, only_texts()))


def read_plan(given: Mapping[str, Any], project: Path, *, main: bool, warn: Callable[[str], None]) -> Plan:
    """Reads configuration, models, videos, corrections and annotations, in the working folder.

    It writes only what saves reading videos and annotations again: their checksums.

    Args:
        given: what `given_config` says.
        project: where the workflow lies.
        main: this process is no job's.
        warn: is told what to know before the run, a line each.

    Raises:
        ObjmaskError: something is wrong with any of them, or the folder of results cannot be written.
        OSError: something cannot be read.
    """
    if not is_spoken():
        raise ConfigError(f"names need UTF-8, not {sys.getfilesystemencoding()}: set PYTHONUTF8=1, or LC_ALL=C.UTF-8")
    refuse_unwritable(Path(RESULTS))
    config = objmask_config.complete(given)
    models = models_of(config)
    searching = audit_models_of(config, models)
    notes = objmask_config.check_objects(config, models) + audit_notes(config, searching)
    notes += notes_of(config, models)
    videos = index_videos(find_videos(Path(config["videos"]), notes.append), Path(RESULTS, "index.json"))
    for note in notes:
        warn(note)
    noted = known_unusable(UNUSABLE, videos, config)
    plan = Plan(config, models, searching, videos, notes=notes, noted=noted, left_out=left_out(main=main))
    if not plan.used:
        first = next(iter(plan.why_excluded.values()), "")
        raise ConfigError(f"videos: none of {len(videos)} can be used; {first}")
    turned = rotations(config["rotate"], list(plan.by_name))
    plan = replace(plan, rotations=turned, corrections=_corrections(plan, project, warn))
    _refuse_nested(plan)
    # In a further pass the job says it, and what else there is to make is made.
    if "clips" in config["outputs"] and not is_further_pass():
        _refuse_split(plan)
    annotations, annotated = _annotations(plan, warn)
    return replace(plan, annotations=annotations, annotated=annotated)


def _corrections(plan: Plan, project: Path, warn: Callable[[str], None]) -> dict[str, Entries]:
    """What was put right by hand: the entries of each video that has any."""
    if not plan.config["corrections"]:
        return {}
    entries = read_corrections(
        Path(plan.config["corrections"]), project / "workflow/schemas/corrections.schema.yaml", plan.by_name
    )
    known = {*KNOWN_OBJECTS, *(name for model in plan.models.values() for name in model.classes)}
    for name, where in classes_of(entries).items():
        check_names([name], known, f"corrections: {where}")
    check_tracks(entries, plan.models, tracks=plan.config["tracks"]["enabled"])
    for line in unknown_videos(entries, plan.by_name):
        warn(line)
    return entries


def _refuse_nested(plan: Plan) -> None:
    """A folder of one video's exports cannot hold another's: Snakemake makes and removes it as a whole."""
    asked = {*plan.config["outputs"]}
    with_images = {"coco", "yolo", "masks_png", "cvat"} & asked and plan.config["exports"]["images"] != "none"
    names = {video.name for video in plan.used}
    for name in sorted(names) if {"masks_png", "yolo"} & asked or with_images else ():
        above = _first_of(Path(name).parents, names)
        if above:
            raise ConfigError(
                f"videos: '{above}' is named like the folder of '{name}'; rename one, or export coco and cvat only, "
                "without images"
            )


def _first_of(folders: Iterable[Path], names: set[str]) -> str | None:
    return next((str(folder) for folder in folders if str(folder) in names), None)


def _refuse_split(plan: Plan) -> None:
    """Whether the videos can be divided as asked is known before any of them is worked on."""
    clips = plan.config["clips"]
    divide(
        [(video.name, video.label, video.subject) for video in plan.used],
        names=clips["names"],
        share=clips["split"]["test_share"],
        seed=clips["seed"],
        subjects=clips["split"]["test_subjects"],
        leave_one_subject_out=clips["split"]["leave_one_subject_out"],
    )


def _annotations(plan: Plan, warn: Callable[[str], None]) -> tuple[str, frozenset[str]]:
    """Digest of what models are judged by, and the videos that it is about."""
    if "evaluation" not in plan.config["outputs"]:
        return "", frozenset()
    path = Path(plan.config["evaluation"]["annotations"])
    index = index_annotations(path, Path(RESULTS, "evaluation/index.json"))
    # In a further pass that leaves none of them the job says it, and what else there is to make is made.
    known = plan.videos if is_further_pass() else plan.used
    unknown = check_known(index.videos, [video.name for video in known], path)
    if unknown:
        warn(f"annotations of {len(unknown)} videos are left out, which are not here: {unknown[0]}")
    return index.digest, frozenset(index.videos)

# What was put right by hand.
from objmask.detections.classes import check_names
from objmask.corrections.read import (
    as_json,
    check_tracks,
    classes_of,
    read_corrections,
    unknown_videos,
    without_allowed,
)
from objmask.models.coco import COCO_NAMES


def corrections_of_videos():
    """The entries of each video that has any."""
    if not CFG["corrections"]:
        return {}
    try:
        schema = Path(PROJECT) / "workflow/schemas/corrections.schema.yaml"
        entries = read_corrections(Path(CFG["corrections"]), schema, VIDEO_BY_NAME)
        known = {*COCO_NAMES, *(name for model in MODELS.values() for name in model.classes)}
        for name, where in classes_of(entries).items():
            check_names([name], known, f"corrections: {where}")
        check_tracks(entries, MODELS, tracks=CFG["tracks"]["enabled"])
    except (ObjmaskError, OSError) as error:
        raise InputError(error) from None
    if workflow.is_main_process:
        for line in unknown_videos(entries, VIDEO_BY_NAME):
            say(line)
    return entries


CORRECTIONS = corrections_of_videos()


def corrections_for(wildcards):
    entries = without_allowed(CORRECTIONS.get(wildcards.video, []))
    return options(corrections=as_json(entries)) if entries else ()


def corrections_for_audit(wildcards):
    return options(corrections=as_json(CORRECTIONS[wildcards.video])) if wildcards.video in CORRECTIONS else ()


# A function would be called for each job: where nothing was put right there is nothing to ask.
CORRECTED = corrections_for if CORRECTIONS else ()
CORRECTED_AND_ALLOWED = corrections_for_audit if CORRECTIONS else ()

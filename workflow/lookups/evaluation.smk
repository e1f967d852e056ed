# What models are judged by.
from dataclasses import replace

from objmask.evaluation.video_index import check_known, index_annotations


def read_annotations():
    """What the annotations are about, and the videos among them that are here."""
    if "evaluation" not in CFG["outputs"]:
        return "", []
    path = Path(CFG["evaluation"]["annotations"])
    try:
        index = index_annotations(path, Path(RESULTS) / "evaluation/index.json")
        # In a further pass that leaves none of them the job says it, and what else there is to make is made.
        known = VIDEOS if is_further_pass() else USED
        unknown = check_known(index.videos, [v.name for v in known], path)
    except (ObjmaskError, OSError) as error:
        raise InputError(error) from None
    if unknown and workflow.is_main_process:
        say(f"annotations of {len(unknown)} videos are left out, which are not here: {unknown[0]}")
    return index.digest, [v for v in USED if v.name in frozenset(index.videos)]


ANNOTATIONS_DIGEST, ANNOTATED = read_annotations()
# Labels decide nothing here, so they are no reason to evaluate again.
ANNOTATED_TABLE = write_video_table([replace(v, label="", subject="") for v in ANNOTATED]) if ANNOTATED else VIDEO_TABLE
# What was put right in videos that are annotated; a file, since a command line takes that of few videos.
ANNOTATED_CORRECTIONS = {
    v.name: entries for v in ANNOTATED if (entries := without_allowed(CORRECTIONS.get(v.name, [])))
}
ANNOTATED_CORRECTED = (
    [write_by_content("corrections", ".json", json.dumps(ANNOTATED_CORRECTIONS, sort_keys=True))]
    if ANNOTATED_CORRECTIONS
    else []
)


def corrections_file(wildcards, input):
    return options(corrections=input.corrections[0]) if ANNOTATED_CORRECTED else ()


EVALUATION = (
    *("models.csv", "scores.csv", "groups.csv", "classes.csv", "videos.csv", "temporal.csv"),
    *("curve.png", "curve.svg", "evaluation.html"),
)
FILES["evaluation"] = [f"{RESULTS}/evaluation/{name}" for name in EVALUATION]

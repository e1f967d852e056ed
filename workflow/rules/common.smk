# What the rules ask: the configuration, the videos, the models, the targets. Functions and look-ups only, no rules.
import csv
import hashlib
import io
import json
import math
import os
import re
import shlex
import sys
import time
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from snakemake.logging import logger
from snakemake.exceptions import WorkflowError

from objmask import config as objmask_config
from objmask import lifetime
from objmask.errors import ObjmaskError
from objmask.evaluation.video_index import check_known, index_annotations
from objmask.files import atomic_path, refuse_unwritable, sha256_of
from objmask.folder_lock import hold
from objmask.index import chunks, find_videos, index_videos
from objmask.models.source import Source
from objmask.provenance import code_digest
from objmask.report.about import about

PROJECT = workflow.basedir
SCHEMA = Path(PROJECT) / "workflow/schemas/config.schema.yaml"
RESULTS = "results"
STARTED = time.time()


class InputError(WorkflowError):
    """What the user can mend: shown by its message, without the lines of this workflow that it came through."""

    # On the way out of a `with` contextlib sets it again, which has to come to nothing.
    __traceback__ = property(lambda error: None, lambda error, trace: None)


def read_inputs():
    """Configuration, models and videos; whatever is wrong with them ends here, in one line, before any job."""
    try:
        refuse_unwritable(Path(RESULTS))
        complete = objmask_config.complete(objmask_config.typed(config, SCHEMA), SCHEMA)
        models = objmask_config.models_of(complete)
        warnings = objmask_config.notes_of(complete, models) + objmask_config.check_objects(complete, models, SCHEMA)
        videos = index_videos(find_videos(Path(complete["videos"])), Path(RESULTS) / "index.json")
    except (ObjmaskError, OSError) as error:
        raise InputError(str(error)) from None
    if workflow.is_main_process:
        for warning in warnings:
            logger.warning(f"objmask: {warning}")
        for video in videos:
            if video.unreadable and complete["on_unreadable"] == "exclude":
                logger.warning(f"objmask: EXCLUDED {video.unreadable}")
    return complete, models, videos, warnings


CFG, MODELS, VIDEOS, NOTES = read_inputs()
VIDEO_BY_NAME = {video.name: video for video in VIDEOS}
EXCLUDED = [v for v in VIDEOS if v.unreadable and CFG["on_unreadable"] == "exclude"]
USED = [v for v in VIDEOS if v not in EXCLUDED]
FIRST_MODEL = next(iter(MODELS))
INFERENCE_GPU = 1 if CFG["device"] == "gpu" else 0
# By family of networks: a chunk that is minutes of work on the usual device (CPU, GPU), and what inference takes.
# One for all models: a function would be called for each job, and many of them are a tenth of the time to plan.
CHUNK_FRAMES = {"yolo_seg": 6000, "tf_detection": 600}
INFERENCE_MEM_MB = max({"yolo_seg": 2000, "tf_detection": 8000}[model.family] for model in MODELS.values())
PALETTE = objmask_config.palette_of(CFG)
# Privacy does not depend on colours: a palette edit that hides the same objects leaves protected video alone.
SENSITIVE = json.dumps(sorted(PALETTE.hidden(CFG["sensitive_objects"])))


wildcard_constraints:
    model="|".join(re.escape(name) for name in MODELS),
    chunk=r"\d{8}-\d{8}",


# Each job starts `python -m objmask`: from this checkout, and outside conda with the Python that runs Snakemake.
setup = f"export PYTHONPATH={shlex.quote(PROJECT)};"
if not workflow.deployment_settings.deployment_method:
    setup = f'{setup} export PATH={shlex.quote(os.path.dirname(sys.executable))}:"$PATH";'
else:
    setup = f"{setup} export PYTHONNOUSERSITE=1;"  # an environment is what its file says, and nothing of the user's own
# Jobs end with the process that runs them, and find the networks that jobs before them have loaded. A cluster's job is
# one Snakemake that starts another for each step: those take the first one's name, which outlives them.
if not workflow.is_main_process:
    os.environ.setdefault(lifetime.WORKFLOW, lifetime.this_process())
holder = lifetime.this_process() if workflow.is_main_process else os.environ[lifetime.WORKFLOW]
setup = f"{setup} export {lifetime.WORKFLOW}={shlex.quote(holder)};"
# In the environment and no param: where an archive comes from does not change what is in it.
if CFG["mirror"]:
    setup = f"{setup} export OBJMASK_MIRROR={shlex.quote(CFG['mirror'])};"
# Snakemake formats the prefix: a brace of the project's own path has to be doubled.
shell.prefix(re.sub(r"([{}])", r"\1\1", f"{setup} set -euo pipefail; "))


def cfg(section, key=None):
    """One value of the configuration, so that a rule depends on nothing else of it."""
    return CFG[section] if key is None else CFG[section][key]


# Videos and models are no inputs: neither their times nor where they lie matter, only their content, which is a param.
# A param from a function that takes `input` is no reason for Snakemake to run a job again.
def path_of(wildcards, input):
    return plain(VIDEO_BY_NAME[wildcards.video].path)


def plain(path):
    """A path that FFmpeg does not take for an address (`a:b.mp4`)."""
    return str(path) if os.path.isabs(path) else f"./{path}"


def fingerprint(wildcards):
    return VIDEO_BY_NAME[wildcards.video].sha256


def model_source(name):
    """The model as configured: a name that objmask knows, or a file or folder."""
    given = CFG["models"]
    return Source.of(given[name] if isinstance(given, dict) else given[list(MODELS).index(name)])


def model_given(wildcards, input):
    source = model_source(wildcards.model)
    return source.given if source.entry else plain(source.given)


def chunks_of(video, model):
    frames = CFG["detect"]["chunk_frames"]
    return chunks(VIDEO_BY_NAME[video].packets, CHUNK_FRAMES[MODELS[model].family] if frames is None else frames)


def inference_threads():
    """CPU threads of a job that uses the network: few for each when there are many to do side by side.

    YOLO files give the same result with any number. What TensorFlow computes depends on it, so there it is fixed, as it
    is for a cluster's jobs.
    """
    cores = workflow.is_main_process and workflow.resource_settings.cores
    jobs = sum(len(chunks_of(video.name, name)) for video in USED for name in MODELS)
    if not cores or not jobs or any(model.family != "yolo_seg" for model in MODELS.values()):
        return 2
    # At least two rounds of jobs, so that the last ones do not leave cores idle for long; 16: reading feeds no more.
    return min(math.ceil(2 * cores / jobs), cores, os.cpu_count(), 16)


INFERENCE_THREADS = inference_threads()


def detections_for(section):
    """Patterns of the detections of the models that `masks` or `privacy` uses; a function would be called every job."""
    names = objmask_config.model_names(CFG, MODELS, section)
    return [f"{RESULTS}/detections/{name}/{{video}}.parquet" for name in names]


def tables_for(section):
    """Patterns of the frames tables beside them."""
    return [f"{path.removesuffix('.parquet')}.frames.parquet" for path in detections_for(section)]


def options(**values):
    """Options of a verb, quoted for the shell; None and False: left out.

    One param holds them all: of several, Snakemake compares the values and not whose they are, so that two that
    change places would be no change.
    """
    said = {f"--{name.replace('_', '-')}": value for name, value in values.items() if value is not None}
    flags = [flag for flag, value in said.items() if value is True]
    return " ".join(flags + [f"{k}={shlex.quote(str(v))}" for k, v in said.items() if not isinstance(v, bool)])


WINDOW = {"start_s": CFG["window"]["start_s"], "end_s": CFG["window"]["end_s"], "on_truncated": CFG["on_truncated"]}


CLIPS_SHOW = CFG["clips"]["of"]
CLIP_SIZE = CFG["clips"]["size"] if isinstance(CFG["clips"]["size"], list) else [CFG["clips"]["size"]] * 2
CLIP_OPTIONS = options(
    of=CLIPS_SHOW,
    # What does not decide what clips show is no reason to make them again.
    groups=PALETTE.to_json() if CLIPS_SHOW == "masks" else None,
    score=cfg("masks", "score") if CLIPS_SHOW == "masks" else None,
    threshold=cfg("masks", "threshold") if CLIPS_SHOW == "masks" else None,
    on_truncated=cfg("on_truncated") if CLIPS_SHOW == "picture" else None,
    frames=cfg("clips", "frames"),
    width=CLIP_SIZE[0],
    height=CLIP_SIZE[1],
    resize=cfg("clips", "resize"),
    sampling=cfg("clips", "sampling"),
    per_video=cfg("clips", "per_video"),
    seed=cfg("clips", "seed"),
    rate=cfg("clips", "rate"),
    step_min=cfg("clips", "step_min"),
    step_max=cfg("clips", "step_max"),
    short=cfg("clips", "short"),
    flip_when_fps_over=cfg("clips", "flip_when_fps_over"),
    names=cfg("clips", "names"),
)


def clip_options(wildcards):
    video = VIDEO_BY_NAME[wildcards.video]
    return f"{CLIP_OPTIONS} {options(name=video.name, label=video.label, subject=video.subject)}"


def clip_source(wildcards, input):
    """The file that the pictures come from; masks come from detections."""
    if CLIPS_SHOW == "masks":
        return ""
    return options(video=path_of(wildcards, input) if CLIPS_SHOW == "picture" else input.protected[0])


def per_video(pattern):
    return [f"{RESULTS}/{pattern.format(video=video.name)}" for video in USED]


def raw_option(wildcards, input):
    """The video itself, for thumbnails that show what protected video hides: only for those who ask."""
    return options(raw=path_of(wildcards, input)) if CFG["report"]["raw_pictures"] else ""


def embedded():
    """Videos that the report itself holds; a link needs none."""
    kinds = [kind for kind in ("masks", "protected") if kind in CFG["outputs"]]
    return (
        [path for kind in kinds for path in per_video(f"{kind}/{{video}}.mp4")]
        if CFG["report"]["players"] == "embed"
        else []
    )


EXPORTS = [name for name in CFG["outputs"] if name in ("coco", "masks_png", "yolo", "cvat")]
IMAGES = cfg("exports", "images")
SELECTION = {
    "score": cfg("masks", "score"),
    "threshold": cfg("masks", "threshold"),
    "every": cfg("exports", "every"),
}


def export_targets():
    """What exports come to besides the files of each video: images, and what joins the videos."""
    joined = {"coco": "annotations.json", "yolo": "data.yaml"}
    images = per_video("exports/images/{video}") if EXPORTS and IMAGES != "none" else []
    return images + [f"{RESULTS}/exports/{joined[name]}" for name in EXPORTS if name in joined]


def refuse_nested():
    """A folder of one video's exports cannot hold another's: Snakemake makes and removes it as a whole."""
    names = {video.name for video in USED}
    folders = {"masks_png", "yolo"} & set(EXPORTS) or (EXPORTS and IMAGES != "none")
    for name in sorted(names) if folders else ():
        above = next((str(folder) for folder in Path(name).parents if str(folder) in names), None)
        if above:
            raise InputError(
                f"videos: '{above}' is named like the folder of '{name}'; rename one, or export coco and cvat only, "
                "without images"
            )


refuse_nested()


def targets():
    """Every file that `outputs` asks for."""
    made = {
        "detections": [
            f"detections/{name}/{{video}}{suffix}" for name in MODELS for suffix in (".parquet", ".frames.parquet")
        ],
        "masks": ["masks/{video}.mp4"] + (["masks_lossless/{video}.mp4"] if CFG["masks"]["lossless"] else []),
        "overlay": ["overlay/{video}.mp4"],
        "protected": ["protected/{video}.mp4"],
        "coverage": ["coverage/{video}.csv"],
        "report": [],
        "coco": ["exports/coco/{video}.json"],
        "masks_png": ["exports/masks_png/{video}"],
        "yolo": ["exports/yolo/{video}"],
        "cvat": ["exports/cvat/{video}.zip"],
        "clips": ["clips/npz/{video}.npz"],
        "evaluation": [],
    }
    files = [path for output in CFG["outputs"] for pattern in made[output] for path in per_video(pattern)]
    if CFG["frames"]["keep"] != "none":
        files += [f"{RESULTS}/frames/{v.name}/{chunk}" for v in USED for chunk in chunks_of(v.name, FIRST_MODEL)]
    if "report" in CFG["outputs"]:
        files += [f"{RESULTS}/report.html"]
    if "coverage" in CFG["outputs"]:
        files += [f"{RESULTS}/summary/{name}.csv" for name in SUMMARIES]
    if "clips" in CFG["outputs"]:
        sets = ["splits", *(kind for kind in CFG["clips"]["formats"] if kind != "npz")]
        files += [f"{RESULTS}/clips/{name}" for name in sets]
    if "evaluation" in CFG["outputs"]:
        files += [f"{RESULTS}/evaluation/{name}" for name in EVALUATION]
    return files + export_targets()


def write_video_table(videos):
    """Writes a table of videos, which a verb reads; its name says what is in it, so no other run replaces it."""
    rows = [(v.name, v.label, v.subject, v.unreadable if v in EXCLUDED else "") for v in videos]
    table = io.StringIO()
    csv.writer(table, delimiter="\t", lineterminator="\n").writerows([("name", "label", "subject", "excluded"), *rows])
    text = table.getvalue()
    path = f"{RESULTS}/videos/{hashlib.sha256(text.encode()).hexdigest()[:16]}.tsv"
    if not os.path.exists(path):
        with atomic_path(Path(path), shared=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path


def read_annotations():
    """What the annotations are about, and the videos among them that are here."""
    if "evaluation" not in CFG["outputs"]:
        return "", []
    path = Path(CFG["evaluation"]["annotations"])
    try:
        index = index_annotations(path, Path(RESULTS) / "evaluation/index.json")
        unknown = check_known(index.videos, [v.name for v in USED], path)
    except (ObjmaskError, OSError) as error:
        raise InputError(str(error)) from None
    if unknown and workflow.is_main_process:
        logger.warning(f"objmask: annotations of {len(unknown)} videos are left out, which are not here: {unknown[0]}")
    return index.digest, [v for v in USED if v.name in frozenset(index.videos)]


VIDEO_TABLE = write_video_table(VIDEOS)
ANNOTATIONS_DIGEST, ANNOTATED = read_annotations()
SUMMARIES = ("coverage_by_video", "coverage_by_group", "coverage_by_label", "excluded")
EVALUATION = (
    *("models.csv", "scores.csv", "groups.csv", "classes.csv", "videos.csv"),
    *("curve.png", "curve.svg", "evaluation.html"),
)


def failures():
    """What the jobs of this run say went wrong: the last error in each one's log."""
    logs = sorted(path for path in Path(RESULTS, "logs").rglob("*.log") if path.stat().st_mtime >= STARTED)
    found = (re.findall(r"^\S+ \S+ ERROR (.*)", path.read_text("utf-8", "replace"), re.M) for path in logs)
    return [lines[-1] for lines in found if lines]


def hold_folder():
    """Ends this run when another one is at work in this folder."""
    try:
        hold(Path(".snakemake"))
    except (ObjmaskError, OSError) as error:
        raise InputError(str(error)) from None

# What all rules ask: the configuration, the videos, the models, what is to be made. Functions and values, no rules.
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

from objmask.config import config as objmask_config
from objmask.jobs import commands as job_commands
from objmask.jobs import lifetime
from objmask.config.audit import audit_bars, audit_models_of, audit_notes
from objmask.inputs.chunks import chunks
from objmask.config.files import read_config
from objmask.config.schema import only_texts, typed
from objmask.files.csv_tables import Writer
from objmask.errors import ConfigError, ObjmaskError, one_line
from objmask.files.whole import atomic_path, refuse_unwritable, sha256_of
from objmask.running.folder_lock import hold
from objmask.running.further_pass import is_further_pass, left_out
from objmask.inputs.index import find_videos, index_videos
from objmask.jobs.logs import last_words
from objmask.models.source import ModelSource
from objmask.provenance.record import code_digest
from objmask.render.unhidden import Unhidden, worst_first
from objmask.report.about import about
from objmask.inputs.unusable import known_unusable, why_excluded
from objmask.files.utf8 import is_spoken
from objmask.inputs.video_table import FAILED

PROJECT = workflow.basedir
RESULTS = "results"
STARTED = time.time()


class InputError(WorkflowError):
    """What the user can mend: shown by its message, without the lines of this workflow that it came through."""

    # On the way out of a `with` contextlib sets it again, which has to come to nothing.
    __traceback__ = property(lambda error: None, lambda error, trace: None)

    def __init__(self, error):
        super().__init__("\n".join(getattr(error, "lines", [one_line(str(error))])))


def say(line, level="warning"):
    """Shows one line; where it comes from may be anything."""
    getattr(logger, level)(one_line(f"objmask: {line}"))


def given_config():
    """What was configured, read again: Snakemake's `config` has numbers where people have typed names.

    A file given with --configfile stands alone; what it does not set has its default.
    """
    settings = workflow.config_settings
    files = settings.configfiles or [Path(PROJECT) / "config.yaml"]
    return read_config(map(Path, files), settings.config, sys.argv, only_texts())


def read_inputs():
    """Configuration, models and videos; whatever is wrong with them ends here, in one line, before any job."""
    try:
        if not is_spoken():
            raise ConfigError(
                f"names need UTF-8, not {sys.getfilesystemencoding()}: set PYTHONUTF8=1, or LC_ALL=C.UTF-8"
            )
        refuse_unwritable(Path(RESULTS))
        complete = objmask_config.complete(typed(given_config()))
        models = objmask_config.models_of(complete)
        searching = audit_models_of(complete, models)
        warnings = objmask_config.check_objects(complete, models) + audit_notes(complete, searching)
        warnings += objmask_config.notes_of(complete, models)
        videos = index_videos(find_videos(Path(complete["videos"]), warnings.append), Path(RESULTS) / "index.json")
    except (ObjmaskError, OSError) as error:
        raise InputError(error) from None
    if workflow.is_main_process:
        for warning in warnings:
            say(warning)
    return complete, models, searching, videos, warnings


CFG, MODELS, SEARCHING, VIDEOS, NOTES = read_inputs()
INSTALLED = {**MODELS, **SEARCHING}  # what searches protected video may be used for nothing else
VIDEO_BY_NAME = {video.name: video for video in VIDEOS}
UNUSABLE_NOTES = Path(RESULTS) / "unusable.json"
KNOWN_UNUSABLE = known_unusable(UNUSABLE_NOTES, VIDEOS, CFG)
LEFT_OUT = left_out(main=workflow.is_main_process)
WHY_EXCLUDED = why_excluded(VIDEOS, KNOWN_UNUSABLE, LEFT_OUT.excluded, CFG)
EXCLUDED = [v for v in VIDEOS if v.name in WHY_EXCLUDED]
USED = [v for v in VIDEOS if v.name not in {*WHY_EXCLUDED, *LEFT_OUT.names}]
if not USED:
    raise InputError(f"videos: none of {len(VIDEOS)} can be used; {next(iter(WHY_EXCLUDED.values()), '')}")
FIRST_MODEL = next(iter(MODELS))
INFERENCE_GPU = 1 if CFG["device"] == "gpu" else 0
# By family of networks: a chunk that is minutes of work on the usual device (CPU, GPU), and what inference takes.
# One for all models: a function would be called for each job, and many of them are a tenth of the time to plan.
CHUNK_FRAMES = {"yolo_seg": 6000, "tf_detection": 600}
INFERENCE_MEM_MB = max({"yolo_seg": 2000, "tf_detection": 8000}[model.family] for model in INSTALLED.values())
PALETTE = objmask_config.palette_of(CFG)
# Privacy does not depend on colours: a palette edit that hides the same objects leaves protected video alone.
SENSITIVE = json.dumps(sorted(PALETTE.hidden(CFG["sensitive_objects"])))


wildcard_constraints:
    model="|".join(re.escape(name) for name in INSTALLED),
    chunk=r"\d{8}-\d{8}",


job_commands.mend(main=workflow.is_main_process)

# Each job starts `python -m objmask`: from this checkout, and outside conda with the Python that runs Snakemake.
setup = f"unset PYTHONIOENCODING; export PYTHONUTF8=1 PYTHONPATH={shlex.quote(PROJECT)};"
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
    if name not in MODELS:
        return ModelSource.of(CFG["audit"]["model"])
    return ModelSource.of(given[name] if isinstance(given, dict) else given[list(MODELS).index(name)])


def model_given(wildcards, input):
    source = model_source(wildcards.model)
    return source.given if source.entry else plain(source.given)


def chunks_of(video, model):
    frames = CFG["detect"]["chunk_frames"]
    return chunks(VIDEO_BY_NAME[video].packets, CHUNK_FRAMES[INSTALLED[model].family] if frames is None else frames)


def inference_threads():
    """CPU threads of a job that uses the network: few for each when there are many to do side by side.

    YOLO files give the same result with any number. What TensorFlow computes depends on it, so there it is fixed, as it
    is for a cluster's jobs.
    """
    cores = workflow.is_main_process and workflow.resource_settings.cores
    jobs = sum(len(chunks_of(video.name, name)) for video in USED for name in (*MODELS, *SEARCHING))
    if not cores or not jobs or any(model.family != "yolo_seg" for model in INSTALLED.values()):
        return 2
    # At least two rounds of jobs, so that the last ones do not leave cores idle for long; 16: reading feeds no more.
    return min(math.ceil(2 * cores / jobs), cores, os.cpu_count(), 16)


INFERENCE_THREADS = inference_threads()


def detections_for(section):
    """Patterns of the detections of the models that `masks` or `privacy` uses; a function would be called every job."""
    names = objmask_config.model_names(CFG, MODELS, section)
    folder = "tracks" if CFG["tracks"]["enabled"] else "detections"
    return [f"{RESULTS}/{folder}/{name}/{{video}}.parquet" for name in names]


def tables_for(section):
    """Patterns of the frames tables beside them."""
    return [f"{path.removesuffix('.parquet')}.frames.parquet" for path in detections_for(section)]


def write_by_content(folder, suffix, text):
    """Writes what a verb reads; its name says what is in it, so no other run replaces it."""
    path = f"{RESULTS}/{folder}/{hashlib.sha256(text.encode()).hexdigest()[:16]}{suffix}"
    if not os.path.exists(path):
        with atomic_path(Path(path), shared=True) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path


MOST_BYTES = 20_000


def options(**values):
    """Options of a verb, an argument each, for `{params.…:q}` to quote; None and False: left out; lists: once an item.

    A tuple, whatever it holds: in texts and lists Snakemake replaces what looks like a wildcard, `{video}` in a group's
    name too, and between quotes that had been put there before the replaced part would be the shell's to run.
    One param holds them all: of several, Snakemake compares the values and not whose they are, so that two that
    change places would be no change. Many come as a file, since a shell takes 128 KiB, and Snakemake makes a script of
    what is over 64 KiB and runs that by a path which it does not quote.
    """
    said = {f"--{name.replace('_', '-')}": value for name, value in values.items() if value is not None}
    flags = [flag for flag, value in said.items() if value is True]
    several = {flag: value if isinstance(value, list) else [value] for flag, value in said.items()}
    pairs = [f"{flag}={one}" for flag, value in several.items() for one in value if not isinstance(one, bool)]
    if sum(len(shlex.quote(one).encode()) for one in pairs) < MOST_BYTES:
        return (*flags, *pairs)
    return (f"--arguments={write_by_content('arguments', '.json', json.dumps([*flags, *pairs]))}",)


COUNTED = options(objects=json.dumps({group.name: group.objects for group in PALETTE.groups}))  # without colours
WINDOW = {"start_s": CFG["window"]["start_s"], "end_s": CFG["window"]["end_s"], "on_truncated": CFG["on_truncated"]}


def per_video(*patterns):
    """Files of every video that is used."""
    return [f"{RESULTS}/{pattern.format(video=video.name)}" for pattern in patterns for video in USED]


def write_video_table(videos):
    """Writes a table of videos."""
    why = {**{name: FAILED + reason for name, reason in LEFT_OUT.failed.items()}, **WHY_EXCLUDED}
    rows = [(v.name, v.label, v.subject, why.get(v.name, "")) for v in videos]
    table = io.StringIO()
    Writer(table, "\t").rows([("name", "label", "subject", "excluded"), *rows])
    return write_by_content("videos", ".tsv", table.getvalue())


VIDEO_TABLE = write_video_table(VIDEOS)
SUMMARIES = ("coverage_by_video", "coverage_by_group", "coverage_by_label", "excluded")

# Every file that each of `outputs` asks for; other look-ups add theirs.
FILES = {
    **{
        folder: per_video(
            *(f"{folder}/{name}/{{video}}{suffix}" for name in MODELS for suffix in (".parquet", ".frames.parquet"))
        )
        for folder in ("detections", "tracks")
    },
    "masks": per_video("masks/{video}.mp4", *(["masks_lossless/{video}.mp4"] if CFG["masks"]["lossless"] else [])),
    "overlay": per_video("overlay/{video}.mp4"),
    "protected": per_video("protected/{video}.mp4"),
    "coverage": per_video("coverage/{video}.csv") + [f"{RESULTS}/summary/{name}.csv" for name in SUMMARIES],
}


def targets():
    """Every file that is asked for."""
    files = [path for output in CFG["outputs"] for path in FILES[output]]
    if CFG["frames"]["keep"] != "none":
        files += [f"{RESULTS}/frames/{v.name}/{chunk}" for v in USED for chunk in chunks_of(v.name, FIRST_MODEL)]
    return list(dict.fromkeys(files))

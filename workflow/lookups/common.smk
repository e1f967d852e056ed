# What all rules ask: what this run is about, read by objmask/running/, and short names for it. No rules.
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir).parents[1]))  # the project of this file, whoever includes it

from objmask.config.audit import audit_bars
from objmask.corrections.read import as_json, without_allowed
from objmask.files.whole import sha256_of
from objmask.jobs import commands
from objmask.jobs.environment import shell_prefix
from objmask.project.place import PACKAGE, PROJECT
from objmask.provenance.record import code_digest
from objmask.report.about import about
from objmask.running.ending import Pass
from objmask.running.handed import HandedFiles
from objmask.running.plan import RESULTS, plain
from objmask.running.read_plan import given_config, read_plan
from objmask.running.refusal import refusing, say
from objmask.running.scheduling import lift_default_limit
from objmask.running.targets import EVALUATION, SUMMARIES, targets

MAIN = workflow.is_main_process  # and not that of a job
with refusing():
    given = given_config(Path(workflow.basedir), workflow.config_settings.configfiles, workflow.config_settings.config)
    PLAN = read_plan(given, PROJECT, main=MAIN, warn=say if MAIN else lambda line: None)
HANDED = HandedFiles(RESULTS, at_once=not MAIN)
PASS = Pass(PLAN, workflow, str(PROJECT))

CFG, MODELS, INSTALLED = PLAN.config, PLAN.models, PLAN.installed
PALETTE, HIDING, LOOK, PROTECTED = PLAN.palette, PLAN.hiding, PLAN.look, PLAN.protected
INFERENCE_GPU = 1 if CFG["device"] == "gpu" else 0
INFERENCE_MEM_MB = PLAN.inference_mem_mb()
INFERENCE_THREADS = PLAN.inference_threads(workflow.resource_settings.cores if MAIN else None)
cfg, options, per_video = PLAN.setting, HANDED.options, PLAN.per_video


wildcard_constraints:
    model="|".join(re.escape(name) for name in INSTALLED),
    chunk=r"\d{8}-\d{8}",


commands.mend(main=MAIN)
with_conda = bool(workflow.deployment_settings.deployment_method)
shell.prefix(shell_prefix(str(PROJECT), conda=with_conda, main=MAIN, mirror=CFG["mirror"]))

for video in PLAN.excluded if MAIN else ():
    say(f"EXCLUDED {video.with_place(PLAN.why_excluded[video.name])}")

# Options that several rules have.
COUNTED = options(objects=json.dumps({group.name: group.objects for group in PALETTE.groups}))  # without colours
WINDOW = PLAN.window
# The tables of videos, and what is put right in annotated ones, are no inputs: their paths say what is in them.
VIDEO_TABLE = HANDED.file("videos", ".tsv", PLAN.video_table(PLAN.videos))
ANNOTATED_TABLE = VIDEO_TABLE
if PLAN.judged:  # labels decide nothing there, so they are no reason to evaluate again
    ANNOTATED_TABLE = HANDED.file("videos", ".tsv", PLAN.video_table(PLAN.judged, labels=False))
ANNOTATED_CORRECTED = ()
if PLAN.judged_corrections:
    ANNOTATED_CORRECTED = options(corrections=HANDED.file("corrections", ".json", PLAN.judged_corrections))


def in_results(folder=""):
    """A folder of results as a param. A function, since a text would be taken for the beginning of a file's name."""
    return lambda wildcards: f"{RESULTS}/{folder}" if folder else RESULTS


def growing(amount):
    """A resource that grows with each attempt at a job: one that was killed for too little comes again."""
    return lambda wildcards, attempt: attempt * amount


detections_for = PLAN.detections


def tables_for(section):
    """The frames tables beside the detections."""
    return PLAN.detections(section, ".frames.parquet")


def each_chunk(pattern):
    """Input function: a file of each chunk that a network takes of a video."""
    return lambda w: [
        pattern.format(model=w.model, video=w.video, chunk=chunk) for chunk in PLAN.chunks(w.video, w.model)
    ]


# Videos and models are no inputs: neither their times nor where they lie matter, only their content, which is a param.
# A param from a function that takes `input` is no reason for Snakemake to run a job again.
def path_of(wildcards, input):
    return PLAN.path(wildcards.video)


def fingerprint(wildcards):
    return PLAN.by_name[wildcards.video].sha256


def rotation_of(wildcards):
    """By how much a video is turned, where it is."""
    return options(rotate=PLAN.rotations[wildcards.video]) if wildcards.video in PLAN.rotations else ()


ROTATED = rotation_of if PLAN.rotations else ()  # as CORRECTED below


def model_given(wildcards, input):
    return PLAN.model_given(wildcards.model)


def unaudited(wildcards, input):
    """The protected video where it is before it is let through; an input, so its content counts."""
    return input.video


FRAMES_FOR = {model: options(every=PLAN.every(model), **WINDOW) for model in MODELS}


def looked_at(wildcards):
    """Which frames a model sees."""
    return FRAMES_FOR[wildcards.model]


def raw_option(wildcards, input):
    """The video itself, for thumbnails that show what protected video hides: only for those who ask."""
    return options(raw=path_of(wildcards, input)) if CFG["report"]["raw_pictures"] else ()


def hidden_option(wildcards, input):
    """The table of what is hidden, where something is."""
    return options(hidden=input.hidden) if PLAN.hides else ()


def palette_for(wildcards, input):
    """Groups with their colours, where these are part of an option, and no reason to run again."""
    return options(groups=PALETTE.to_json())


def words_option(wildcards, input):
    """What was read in protected video, where it was."""
    return options(words=input.words[0]) if PLAN.reads else ()


def clip_source(wildcards, input):
    """What the pictures come from."""
    if CLIPS_SHOW == "masks":
        return options(painted=input.painted)
    return options(video=path_of(wildcards, input) if CLIPS_SHOW == "picture" else input.protected[0])


def clip_names(wildcards):
    video = PLAN.by_name[wildcards.video]
    return options(name=video.name, label=video.label, subject=video.subject)


def corrections_for(wildcards):
    entries = without_allowed(PLAN.corrections.get(wildcards.video, []))
    return options(corrections=as_json(entries)) if entries else ()


def corrections_for_audit(wildcards):
    entries = PLAN.corrections.get(wildcards.video)
    return options(corrections=as_json(entries)) if entries else ()


# A function would be called for each job: where nothing was put right there is nothing to ask.
CORRECTED = corrections_for if PLAN.corrections else ()
CORRECTED_AND_ALLOWED = corrections_for_audit if PLAN.corrections else ()

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders import write_detections
from clips import make
from rewording import helped, logged, raised, reword

import objmask
from objmask.cli import VERBS, main
from objmask.detections.arrays import Detections
from objmask.files.whole import sha256_of, write_json
from objmask.provenance.record import code_digest, modules_of
from objmask.video import probe

PACKAGE = Path(objmask.__file__).parent


def digests(folder, *verbs):
    """Of a copy of the package."""
    return {verb: code_digest(verb, folder / "objmask") for verb in verbs}


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that may be edited."""
    shutil.copytree(PACKAGE, tmp_path / "objmask", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edit(folder, module, old, new):
    path = folder / "objmask" / module
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def names(verb):
    return {path.relative_to(PACKAGE).as_posix() for path in modules_of(verb)}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_digest_of_its_own_file_and_more(verb):
    assert re.fullmatch("[0-9a-f]{16}", code_digest(verb))
    assert f"verbs/{verb.replace('-', '_')}.py" in names(verb)
    assert all(path.is_file() for path in modules_of(verb))


def test_verbs_differ():
    assert len({code_digest(verb) for verb in VERBS}) == len(VERBS)


def test_an_unknown_verb():
    with pytest.raises(FileNotFoundError):
        code_digest("nothing")


def test_where_the_package_lies_does_not_matter(copy):
    assert digests(copy, *VERBS) == {verb: code_digest(verb) for verb in VERBS}


def test_how_a_model_is_downloaded_costs_no_inference(copy):
    """It is checked by its checksum; a model that is installed again would rerun detection."""
    edit(copy, "models/download.py", "_ATTEMPTS = 5", "_ATTEMPTS = 6")
    edit(copy, "models/cache.py", "timeout=0", "timeout=1")
    assert digests(copy, *VERBS) == {verb: code_digest(verb) for verb in VERBS}
    edit(copy, "models/archive.py", "_MOST_EXPANSION = 20", "_MOST_EXPANSION = 21")
    assert digests(copy, "model")["model"] != code_digest("model")


def test_comments_docstrings_and_layout_cost_no_rerun(copy):
    edit(copy, "detections/masks.py", '"""From soft masks', '"""Something else entirely.\n\nFrom soft masks')
    edit(
        copy,
        "detections/masks.py",
        '    """The smallest patch with the same pixels."""',
        '    # a comment\n        """Other words."""',
    )
    edit(copy, "detections/arrays.py", '"""Largest height or width', '"""Greatest height or width')
    edit(copy, "files/parquet.py", "FORMAT_VERSION = 2\n", "FORMAT_VERSION = (\n    2  # the first\n)\n\n\n")
    assert digests(copy, *VERBS) == {verb: code_digest(verb) for verb in VERBS}


DRAWN = {"masks", "overlay", "coverage"}
HIDING = {"hide", "protect", "audit"}
BEFORE = {"probe", "frames", "images", "detect"}


@pytest.mark.parametrize(
    ("module", "old", "new", "touched", "untouched"),
    [
        ("detections/masks.py", "threshold * 255)", "threshold * 254)", {"paint", "hide"}, BEFORE | {"gather"}),
        ("detections/classes.py", "_DISTANCE = 40", "_DISTANCE = 41", DRAWN | {"paint"}, BEFORE | {"gather"}),
        ("painted/decide.py", "LIKE = 0.1", "LIKE = 0.2", {"paint", "evaluate-videos"}, BEFORE | {"track"} | HIDING),
        (
            "hidden/decide.py",
            "LARGE = 0.01, 0.1",
            "LARGE = 0.01, 0.2",
            {"hide", "audit", "evaluate-videos"},
            BEFORE | {"track", "paint"} | DRAWN,
        ),
        (
            "render/overlay.py",
            "_OPACITY_256 = 110",
            "_OPACITY_256 = 111",
            {"overlay"},
            BEFORE | HIDING | {"paint", "masks", "coverage", "annotations", "clips", "evaluate-videos"},
        ),
        ("render/privacy.py", "GREY = 128", "GREY = 127", {"protect"}, DRAWN | BEFORE | {"hide", "audit"}),
        (
            "coverage/intervals.py",
            "BLOCK_S = 2.0",
            "BLOCK_S = 3.0",
            {"summary"},
            BEFORE | {"coverage", "masks", "protect"},
        ),
        ("evaluation/judge.py", 'ALL = "all"', 'ALL = "each"', {"evaluate-videos"}, DRAWN | BEFORE | {"protect"}),
        (
            "inference/frame_store.py",
            "JPEG_QUALITY = 95",
            "JPEG_QUALITY = 96",
            {"frames", "images"},
            DRAWN | {"protect"},
        ),
        (
            "models/networks/mask_samples.py",
            "0.5 * logits",
            "0.4 * logits",
            {"detect"},
            DRAWN | {"protect", "frames", "probe"},
        ),
        ("verbs/options.py", 'default=part["default"]', "default=None", set(), set(VERBS)),
    ],
)
def test_code_edits_rerun_what_they_touch_and_nothing_else(copy, module, old, new, touched, untouched):
    edit(copy, module, old, new)
    after = digests(copy, *VERBS)
    changed = {verb for verb in VERBS if after[verb] != code_digest(verb)}
    assert touched <= changed
    assert not untouched & changed


def test_a_changed_constant_string_is_code(copy):
    edit(copy, "inference/frame_store.py", 'STORE_SUFFIX = ".nut"', 'STORE_SUFFIX = ".mkv"')
    assert digests(copy, "frames")["frames"] != code_digest("frames")


RUNTIMES = (
    "models/networks/yolo.py",
    "models/networks/yolo_decode.py",
    "models/tf_detection.py",
    "models/detector.py",
    "models/load.py",
)


@pytest.mark.parametrize("verb", ["paint", "hide", *sorted(DRAWN), "protect", "summary", "probe", "evaluate-videos"])
def test_a_detector_edit_never_re_renders(verb):
    assert not any(name.startswith("models/") for name in names(verb))


@pytest.mark.parametrize("verb", ["frames", "images"])
def test_a_runtime_edit_never_extracts_frames_again(verb):
    assert not names(verb) & set(RUNTIMES[:3])


def test_detect_depends_on_its_detectors():
    assert set(RUNTIMES) <= names("detect")
    assert {"inference/chunk.py", "detections/arrays.py", "detections/masks.py"} - names("detect") == {
        "detections/masks.py"
    }


@pytest.mark.parametrize("verb", VERBS)
def test_what_only_says_or_finds_is_in_no_digest(verb):
    """Their texts change often; a verb that needs something of theirs for its result has it in a module of its own."""
    assert not names(verb) & {
        *(
            "errors.py",
            "hints.py",
            "progress.py",
            "provenance/record.py",
            "cli.py",
            "provenance/code_texts.py",
            "verbs/options.py",
        ),
        *(
            "inputs/index.py",
            "inputs/table.py",
            "config/config.py",
            "config/schema.py",
            "models/download.py",
            "models/cache.py",
        ),
    }


DRAWING = (
    "painted/",
    "hidden/",
    "render/",
    "report/",
    "review/",
    "exports/",
    "clips/",
    "evaluation/",
    "audit/",
    "coverage/",
    "scene/",
)


@pytest.mark.parametrize("verb", ["probe", "frames", "detect", "gather", "track"])
def test_what_is_made_of_detections_never_detects_again(verb):
    assert [name for name in names(verb) if name.startswith(DRAWING)] == []


@pytest.mark.parametrize("verb", ["paint", "hide", "coverage", "annotations"])
def test_what_draws_decides_and_counts_nothing_again(verb):
    assert [name for name in names(verb) if name.startswith("render/")] == []


@pytest.mark.parametrize("verb", ["masks", "overlay", "protect", "coverage", "annotations", "clips"])
def test_what_draws_and_counts_decides_nothing(verb):
    """It reads what was decided, so that a change of how to decide runs the one that does."""
    deciding = {"painted/decide.py", "painted/paint.py", "hidden/decide.py", "hidden/hide.py", "objects/merge.py"}
    assert not names(verb) & deciding


@pytest.mark.parametrize("verb", ["frames", "detect", "gather"])
def test_how_videos_are_probed_and_written_never_detects_again(verb):
    """What a probe says is in its file, which is an input."""
    probing = {"probe", "scan", "appearance", "length"}
    assert not names(verb) & {f"video/{name}.py" for name in (*probing, "writer", "audio")}


@pytest.mark.parametrize(("found", "at_least"), [(raised, 300), (logged, 40), (helped, 150)])
def test_what_is_only_said_costs_no_rerun(copy, found, at_least):
    assert reword(copy / "objmask", found) > at_least
    assert digests(copy, *VERBS) == {verb: code_digest(verb) for verb in VERBS}


FIND_BY_NAME = ("cli.py", "jobs/commands.py", "prepared/serve.py", "models/families/__init__.py")


def test_no_import_escapes_it():
    """Imports that it cannot see: relative ones, and those by name. Only the command line, and the process of which
    jobs are forks, find the verbs so, the families of networks are found so, which it knows, and Snakemake's modules
    where its commands are put right."""
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*from \.", text, re.M), path
        assert "import_module(" not in text or path.relative_to(PACKAGE).as_posix() in FIND_BY_NAME, path
        assert "__import__(" not in text, path


LOADED = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(m for m in sys.modules if m.startswith("objmask.")))
"""


@pytest.mark.parametrize("verb", ["paint", "hide", "masks", "protect", "summary", "frames"])
def test_what_python_really_loads_is_in_it(verb):
    modules = [
        "objmask." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names(verb)
    ]
    run = subprocess.run([sys.executable, "-c", LOADED, *modules], capture_output=True, text=True, check=True)
    told = {
        "objmask.files.documents",
        "objmask.provenance.unchanged",
        "objmask.errors",
        "objmask.hints",
        "objmask.progress",
        "objmask.verbs.options",
    }
    # `objmask.video` gathers its modules for those who use it as a library; a verb names the ones that it uses.
    packages = {f"objmask.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    extra = set(run.stdout.split()) - set(modules) - packages - told
    assert all(name.startswith("objmask.video.") for name in extra), extra


GROUPS = '{"person": {"objects": ["person"], "colour": [255, 255, 255]}}'


class Steps:
    """A video, detections in it, and the verbs that make something of them, with provenance."""

    def __init__(self, folder):
        self.folder, self.video = folder, make(folder / "a.mp4")
        self.info = probe(self.video)
        write_json(folder / "p.json", self.info.to_json())
        model = {"model_sha256": "f" * 64, "settings_sha256": "5" * 64}
        empty = [Detections.empty()] * 20
        self.detections = folder / "detections/m/desk/a.parquet"
        write_detections(self.detections, empty, video_sha256=self.info.sha256, **model)

    def made_of(self, verb, out, *given):
        out, file = self.folder / out, self.folder / "made_of.json"
        probe = f"--probe={self.folder / 'p.json'}"
        assert main([verb, probe, *given, f"--out={out}", f"--provenance={file}"]) == 0
        assert str(self.folder) not in file.read_text()
        document = json.loads(file.read_text())
        assert (document["verb"], document["code"]) == (verb, code_digest(verb))
        assert (document["video_sha256"], document["sha256"]) == (self.info.sha256, sha256_of(out))
        return document

    def paint(self, *more):
        given = (f"--detections={self.detections}", f"--groups={GROUPS}")
        return self.made_of("paint", "painted/desk/a.parquet", *given, *more)

    def hide(self, *more):
        return self.made_of("hide", "hidden/desk/a.parquet", f"--detections={self.detections}", *more)


@pytest.fixture
def steps(tmp_path):
    return Steps(tmp_path)


def test_what_a_table_was_decided_of(steps):
    first = steps.paint()
    assert first["models"] == {"m": {"model_sha256": "f" * 64, "settings_sha256": "5" * 64}}
    assert first["settings"] == {
        "groups": GROUPS,
        "score": 0.3,
        "threshold": 0.5,
        "counting": None,
        "corrections": None,
    }
    assert {"objmask", "numpy", "pyarrow"} <= first["versions"].keys()
    assert "decided" not in first
    assert steps.paint() == first
    assert steps.paint("--score=0.4")["settings_sha256"] != first["settings_sha256"]
    assert steps.hide("--grow=0.2")["settings"]["hiding_grow"] == "0.2"


def test_what_is_made_of_a_table_names_it(steps):
    """By what it says, and not by the folder of the video. The models are those that it was decided of."""
    steps.paint()
    steps.hide('--objects=["person"]')
    painted, hidden = (steps.folder / f"{name}/desk/a.parquet" for name in ("painted", "hidden"))
    models = {"m": {"model_sha256": "f" * 64}}
    given = (f"--painted={painted}", f"--groups={GROUPS}")
    counted = steps.made_of("coverage", "a.csv", *given)
    assert counted["settings"] == {"groups": GROUPS}
    assert (counted["decided"], counted["models"]) == ({"painted": sha256_of(painted)}, models)
    protected = steps.made_of("protect", "b.mp4", f"--video={steps.video}", f"--hidden={hidden}")
    assert (protected["decided"], protected["models"]) == ({"hidden": sha256_of(hidden)}, models)
    both = (*given, f"--hidden={hidden}", f"--coverage={steps.folder / 'a.csv'}", "--thumbnails=0")
    told = steps.made_of("video-summary", "a.json", *both)
    assert told["decided"] == {"painted": sha256_of(painted), "hidden": sha256_of(hidden)}
    assert told["models"] == models
    steps.hide("--grow=0.2", '--objects=["person"]')
    again = steps.made_of("protect", "b.mp4", f"--video={steps.video}", f"--hidden={hidden}")
    assert again["decided"] != protected["decided"]


def test_a_failed_verb_leaves_no_provenance(tmp_path):
    arguments = [f"--probe={tmp_path}/no", f"--painted={tmp_path}/no", "--groups={}", f"--out={tmp_path}/c.csv"]
    assert main(["coverage", *arguments, f"--provenance={tmp_path}/p.json"]) == 1
    assert list(tmp_path.iterdir()) == []

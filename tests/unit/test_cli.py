import json
import logging
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import write_detections
from clips import make
from patience import AT_MOST_S, until

from objmask import __version__
from objmask.cli import VERBS, main
from objmask.detections.arrays import Detections
from objmask.files.whole import write_json
from objmask.verbs.terminal import show
from objmask.video import probe

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "ai_edge_litert", "snakemake", "pandas", "pyarrow", "cv2")
IMPORTED = """
import runpy, sys
sys.argv = ["objmask", *sys.argv[1:]]
try:
    runpy.run_module("objmask", run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sys.modules)
"""


def python(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, **options)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["detect", "--help"], ["models"]])
def test_cheap_calls_load_nothing_heavy(arguments):
    run = python("-c", IMPORTED, *arguments)
    loaded = {name.split(".")[0] for name in run.stdout.split("LOADED")[1].split()}
    assert not loaded & set(HEAVY)
    assert ("av" in loaded) is False


def test_a_training_that_cannot_be_is_refused_before_tensorflow_is_loaded(tmp_path):
    asked = ["train", f"--data={tmp_path}/no", f"--out={tmp_path}/out", "--steps=1"]
    run = python("-c", IMPORTED.replace("assert not end.code", "assert end.code"), *asked)
    assert f"{tmp_path}/no" in run.stderr
    assert not {"tensorflow", "keras"} & set(run.stdout.split("LOADED")[1].split())


def test_version():
    run = python("-m", "objmask", "--version")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"objmask {__version__}\n", "")


def test_every_verb_has_its_module():
    shared = {"__init__", "options", "values", "terminal", "evaluation_options"}
    files = {path.stem for path in (ROOT / "objmask/verbs").glob("*.py")} - shared
    assert {verb.replace("-", "_") for verb in VERBS} == files


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_what_it_does_and_what_each_option_is(verb, capsys):
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    options = text.split("options:")[1]
    assert len(text.split("options:")[0].split()) > 10
    assert not re.search(r"\(default:\s+(None|False|\[\]|)\)", text)
    # Each option has words beside or below it.
    for part in re.split(r"\n  (?=-)", options)[1:]:
        assert re.search(r"(\s{2,}|\n)\S+ \S+", part), part


def test_help_shows_the_defaults_that_say_something(capsys):
    with pytest.raises(SystemExit):
        main(["clip-splits", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: 0.3)" in text
    assert "(default: 0)" in text


def test_the_list_of_verbs(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(re.search(rf"^    {verb}\s+\w", text, re.M) for verb in VERBS)


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["probe"], ["probe", "--vdeo=x"], ["-x"]])
def test_a_wrong_call_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: objmask" in capsys.readouterr().err


def fails(capsys, *arguments):
    """Runs the command line, which must fail with one line; returns it."""
    assert main([str(a) for a in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("objmask: ")
    assert printed.err.count("\n") == 1, printed.err
    assert "Traceback" not in printed.err
    return printed.err


GROUPS = '{"cup": {"objects": ["cup"], "colour": [0, 0, 255], "sensitive": false}}'
ABOUT = json.dumps({"settings": {}, "models": [], "notes": []})


@pytest.mark.parametrize(
    ("verb", "options", "named"),
    [
        ("video", ["{0}/no.mp4"], "no.mp4"),
        ("anonymise", ["{0}/no.mp4"], "no.mp4"),
        ("init", ["/dev/null/run"], "/dev/null"),
        ("models", ["{0}/no.tflite"], "no.tflite"),
        ("index", ["--videos={0}/no", "--out={0}/i.json"], "no"),
        ("model", ["--source={0}/no.tflite", "--out={0}/m"], "no.tflite"),
        ("probe", ["--video={0}/no.mp4", "--out={0}/p.json"], "no.mp4"),
        (
            "frames",
            ["--video={0}/no.mp4", "--probe={0}/no.json", "--model={0}/m", "--out={0}/s.nut", "--table={0}/t"],
            "no.json",
        ),
        ("images", ["--video={0}/no.mp4", "--probe={0}/no.json", "--model={0}/m", "--out={0}/o"], "no.json"),
        (
            "detect",
            ["--model={0}/m", "--frames={0}/n", "--table={0}/no.parquet", "--out={0}/a", "--out-frames={0}/b"],
            "not the folder of an installed model",
        ),
        ("gather", ["--probe={0}/no.json", "--part={0}/p.parquet", "--out={0}/a", "--out-frames={0}/b"], "no.json"),
        ("paint", ["--probe={0}/no.json", "--detections={0}/d", "--groups={1}", "--out={0}/p.parquet"], "no.json"),
        ("hide", ["--probe={0}/no.json", "--detections={0}/d", "--objects=[]", "--out={0}/h.parquet"], "no.json"),
        ("masks", ["--probe={0}/no.json", "--painted={0}/p", "--groups={1}", "--out={0}/m.mp4"], "no.json"),
        (
            "overlay",
            ["--video={0}/v", "--probe={0}/no.json", "--painted={0}/p", "--groups={1}", "--out={0}/o.mp4"],
            "no.json",
        ),
        ("protect", ["--video={0}/v", "--probe={0}/no.json", "--hidden={0}/h", "--out={0}/o.mp4"], "no.json"),
        ("coverage", ["--probe={0}/no.json", "--painted={0}/p", "--groups={1}", "--out={0}/c.csv"], "no.json"),
        ("summary", ["--coverage={0}/no", "--videos={0}/no.tsv", "--out={0}/s"], "no.tsv"),
        (
            "clips",
            [
                "--probe={0}/no.json",
                "--frames-table={0}/f",
                "--painted={0}/p",
                "--groups={1}",
                "--name=a",
                "--out={0}/c",
            ],
            "no.json",
        ),
        ("clip-splits", ["--videos={0}/no.tsv", "--out={0}/s"], "no.tsv"),
        ("clip-images", ["--clips={0}/no", "--videos={0}/no.tsv", "--out={0}/s"], "no.tsv"),
        ("clip-records", ["--clips={0}/no", "--splits={0}/no", "--out={0}/s"], "no"),
        (
            "annotations",
            ["--probe={0}/no.json", "--painted={0}/p", "--groups={1}", "--format=coco", "--out={0}/c.json"],
            "no.json",
        ),
        (
            "annotated-images",
            ["--video={0}/v", "--probe={0}/no.json", "--detections={0}/d", "--out={0}/i"],
            "no.json",
        ),
        (
            "dataset",
            ["--annotations={0}/no", "--videos={0}/no.tsv", "--groups={1}", "--format=coco", "--out={0}/d"],
            "no.tsv",
        ),
        (
            "video-summary",
            ["--probe={0}/no.json", "--painted={0}/p", "--coverage={0}/c", "--groups={1}", "--out={0}/g.json"],
            "no.json",
        ),
        ("report", ["--results={0}", "--videos={0}/no.tsv", "--about={2}", "--out={0}/r.html"], "no.tsv"),
        ("review", ["--results={0}/no"], "no/tracks"),
        (
            "audit",
            [
                *("--video={0}/a.mp4", "--probe={0}/no.json", "--detections={0}/a", "--objects=[]", "--out={0}/o"),
                *("--protected={0}/a.mp4", "--protected-probe={0}/no.json", "--again={0}/a", "--unhidden={0}/no.json"),
            ],
            "no.json",
        ),
        (
            "turns",
            [
                *("--video={0}/a.mp4", "--probe={0}/no.json", "--hidden={0}/h", "--unhidden={0}/no.json"),
                *("--model={0}/m", "--out={0}/o"),
            ],
            "no.json",
        ),
        (
            "read",
            [
                *("--video={0}/v", "--probe={0}/no.json", "--protected={0}/p", "--protected-probe={0}/no.json"),
                "--out={0}/o",
            ],
            "no.json",
        ),
        ("release", ["--protected={0}/a", "--audit={0}/no.json", "--quarantine={0}/q", "--out={0}/o"], "no.json"),
        ("audit-summary", ["--audits={0}", "--videos={0}/no.tsv", "--out={0}/o"], "no.tsv"),
        (
            "track",
            ["--video={0}/v", "--probe={0}/no.json", "--detections={0}/d", "--out={0}/t", "--out-frames={0}/f"],
            "no.json",
        ),
        ("serve", ["--socket={0}/no/s"], "No such file"),
        ("clean-orphans", ["--results={0}/no", "--videos={0}/gone"], "gone"),
        ("evaluate", ["--model={0}/m", "--images={0}", "--annotations={0}/no.json", "--out={0}/e"], "no.json"),
        (
            "evaluate-videos",
            ["--annotations={0}/no", "--videos={0}/v.tsv", "--results={0}", "--name=m", "--out={0}/e"],
            "no",
        ),
        ("agreement", ["--coverage={0}/no", "--truth={0}/truth"], "truth"),
        ("scene", ["--out={0}/s"], "--stills"),
        ("train", ["--data={0}/no", "--out={0}/t", "--steps=1"], "no"),
        ("import-checkpoint", ["--checkpoint={0}/no.ckpt", "--config=desk", "--out={0}/n"], "no.ckpt"),
        ("export", ["--network={0}/no", "--out={0}/e"], "no"),
    ],
)
def test_what_is_missing_is_one_line(tmp_path, capsys, verb, options, named):
    assert named in fails(capsys, verb, *(option.format(tmp_path, GROUPS, ABOUT) for option in options))
    assert os.listdir(tmp_path) == []


def test_all_verbs_are_tried_above():
    (mark,) = test_what_is_missing_is_one_line.pytestmark
    assert {case[0] for case in mark.args[1]} == set(VERBS)


@pytest.mark.parametrize("name", ["two\nlines", "percent %s {x}", "schön 会議", "q'\"", "sep\u2028arated", "bell\x07"])
def test_hostile_names_stay_on_one_line(tmp_path, capsys, name):
    path = tmp_path / f"{name}.mp4"
    path.write_bytes(b"no video at all\n" * 5)
    line = fails(capsys, "probe", f"--video={path}", f"--out={tmp_path}/p.json")
    assert "cannot be opened" in line
    fails(capsys, "index", f"--videos={tmp_path}/{name}", f"--out={tmp_path}/i.json")
    fails(capsys, "summary", f"--coverage={tmp_path}", f"--videos={tmp_path}/{name}.tsv", f"--out={tmp_path}/s")


def test_a_name_that_is_not_unicode_can_be_told(tmp_path, capsys):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    Path(path).write_bytes(b"x")
    run = python("-m", "objmask", "probe", f"--video={path}", f"--out={tmp_path}/p.json")
    assert run.returncode == 1
    assert run.stderr.startswith("objmask: ")
    assert run.stderr.count("\n") == 1


def test_the_log_has_the_error_too(tmp_path, capsys):
    log = tmp_path / "deep" / "er" / "probe.log"
    line = fails(capsys, "probe", f"--video={tmp_path}/no.mp4", f"--out={tmp_path}/p.json", f"--log={log}")
    (kept,) = log.read_text(encoding="utf-8").splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d \S+ ERROR ", kept)
    assert kept.endswith(line.removeprefix("objmask: ").rstrip())


def test_a_log_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for log in (tmp_path, tmp_path / "file" / "x.log"):
        line = fails(capsys, "probe", "--video=x", "--out=y", f"--log={log}")
        assert str(log.parent if log != tmp_path else log) in line


def test_with_a_log_the_screen_stays_quiet(tmp_path, capsys):
    video = make(tmp_path / "a.mp4")
    log = tmp_path / "probe.log"
    assert main(["probe", f"--video={video}", f"--out={tmp_path}/p.json", f"--log={log}"]) == 0
    assert capsys.readouterr() == ("", "")
    assert "20 frames in" in log.read_text()


def test_a_second_run_starts_a_log_anew(tmp_path, capsys):
    log = tmp_path / "probe.log"
    for _ in range(2):
        fails(capsys, "probe", f"--video={tmp_path}/no.mp4", f"--out={tmp_path}/p.json", f"--log={log}")
    assert len(log.read_text().splitlines()) == 1


def test_an_output_that_cannot_be_written(tmp_path, capsys):
    video = make(tmp_path / "a.mp4")
    (tmp_path / "file").write_text("")
    main(["probe", f"--video={video}", f"--out={tmp_path}/file/p.json"])
    err = capsys.readouterr().err.splitlines()
    assert "file" in err[-1]
    assert len([line for line in err if "frames in" not in line]) == 1


def test_the_polite_stop_leaves_no_half_written_file(tmp_path):
    info = replace(probe(make(tmp_path / "a.mp4")), width=1920, height=1080)
    write_json(tmp_path / "p.json", info.to_json())
    write_detections(tmp_path / "d.parquet", [Detections.empty()] * 3000, video_sha256=info.sha256)
    given = [f"--probe={tmp_path}/p.json", f"--groups={GROUPS}"]
    assert main(["paint", *given, f"--detections={tmp_path}/d.parquet", f"--out={tmp_path}/painted.parquet"]) == 0
    arguments = [*given, f"--painted={tmp_path}/painted.parquet", f"--out={tmp_path}/out/m.mp4"]
    command = [sys.executable, "-m", "objmask", "masks", *arguments]
    job = subprocess.Popen(command, cwd=ROOT)
    until(lambda: list((tmp_path / "out").glob(".objmask-*/*")) or job.poll() is not None)
    job.send_signal(signal.SIGTERM)
    assert job.wait(AT_MOST_S) == 128 + signal.SIGTERM
    assert os.listdir(tmp_path / "out") == []


def test_arguments_that_are_too_many_come_as_a_file(tmp_path, capsys):
    given = tmp_path / "given.json"
    given.write_text(json.dumps([f"--out={tmp_path / 'probe.json'}", "--video=none/-x $(y)\n.mp4"]))
    assert main(["probe", f"--arguments={given}"]) == 1
    assert "none/-x $(y) .mp4" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "{", "[1]", '{"a": 1}', "\ud800"])
def test_arguments_in_no_such_file(tmp_path, capsys, text):
    if text is not None:
        (tmp_path / "given.json").write_text(text, errors="surrogatepass")
    with pytest.raises(SystemExit) as end:
        main(["probe", f"--arguments={tmp_path / 'given.json'}"])
    assert end.value.code == 2
    assert "--arguments: " in capsys.readouterr().err


HOSTILE = "\x1b[2J\x1b]0;title\x07 \x9b31m \x7f\x00 \u202emp4.exe \r\nobjmask: FAKE"


def test_control_characters_of_anything_do_not_reach_the_terminal_or_the_log(tmp_path, capsys):
    """Of file names, of what servers, containers and libraries say."""
    log = tmp_path / "log.txt"
    assert main(["model", f"--source={tmp_path}/{HOSTILE}".replace("\x00", ""), "--out=x", f"--log={log}"]) == 1
    logging.getLogger("objmask.anything").warning("%s", HOSTILE)
    for text, lines in ((capsys.readouterr().err, 2), (log.read_text("utf-8"), 2)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text), ascii(text)
        assert len(text.splitlines()) == lines
        assert "\\x1b[2J" in text
        assert " objmask: FAKE" in text


def test_what_is_shown_has_none_either(capsys):
    show(f"one {HOSTILE}\ntwo\n")
    text = capsys.readouterr().out
    assert text.startswith("one \\x1b[2J")
    assert text.endswith("\ntwo\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)

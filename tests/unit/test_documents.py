"""What the documents say: commands that exist, messages that the code gives, a picture of the workflow as it is."""

from __future__ import annotations

import csv
import json
import re
import runpy
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from builders import found, write_detections
from clips import make
from documents import DOCUMENTS, PREPARING, ROOT, commands
from snakemake.cli import get_argument_parser

from objmask import __version__
from objmask.cli import VERBS, build_parser, main
from objmask.config.json_schema import said_of, the_schema
from objmask.config.settings import Output
from objmask.files.whole import write_json
from objmask.video import probe

OBJMASK = ("objmask ", "python -m objmask ")
PLACEHOLDER = re.compile(r"<[^<>]+>")
SHELL = ("mkdir ", "cd ", "cat ", "cp ", "sinfo", "pip install ", "python3.11 -m venv ", "source ")
"""What needs no test of ours."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def of_objmask(command: str) -> list[str] | None:
    """The arguments of an objmask command; None: it is another one."""
    start = next((start for start in OBJMASK if command.startswith(start)), None)
    return None if start is None else shlex.split(PLACEHOLDER.sub("1", command.removeprefix(start)))


@cache
def options_of(verb: str) -> set[str]:
    parser = build_parser()
    [verbs] = [action.choices for action in parser._actions if action.choices and "probe" in action.choices]
    return set(verbs[verb]._option_string_actions)


BLOCKS = [
    pytest.param(command, id=f"{name_of(path)}: {command}"[:80])
    for path in DOCUMENTS
    for command in commands(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("command", BLOCKS)
def test_a_command_in_a_block_can_be_typed(command):
    """test_demo.py runs the commands of the tutorial, test_readme.py those of the README."""
    arguments = of_objmask(command)
    if command in PREPARING or command.startswith(SHELL):
        return
    if arguments is not None:
        assert build_parser().parse_args(arguments).verb == arguments[0]
    elif command.startswith("make "):
        subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, check=True, capture_output=True)
    else:
        program, *rest = shlex.split(PLACEHOLDER.sub("1", command))
        assert program == "snakemake"
        get_argument_parser().parse_args(rest)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_verbs_and_options_in_sentences_exist(path):
    for words in re.findall(r"`+([^`\n]+)`+", path.read_text(encoding="utf-8")):
        if not words.startswith(OBJMASK):
            continue
        arguments = re.sub(r"^(python -m )?objmask ", "", words).replace("…", "").split()
        verb = arguments[0] if arguments and not arguments[0].startswith("-") else None
        if verb in (None, "VERB"):
            continue
        assert verb in VERBS, words
        asked = {argument.split("=")[0] for argument in arguments[1:] if argument.startswith("-")}
        assert asked <= options_of(verb) | {"--help"}, words


@pytest.mark.parametrize("output", get_args(Output))
def test_each_output_is_named_where_people_choose(output: str) -> None:
    assert f"`{output}" in (ROOT / "README.md").read_text(encoding="utf-8")
    setting = the_schema()["properties"]["outputs"]
    assert output in setting["default"] or re.search(rf"\b{output}\b", said_of(setting)[0])


def test_the_picture_of_the_workflow_is_that_of_the_workflow():
    drawn = runpy.run_path(str(ROOT / "docs/workflow_picture.py"))["picture"]()
    assert drawn == (ROOT / "docs/workflow.svg").read_text(encoding="utf-8"), "run docs/workflow_picture.py again"


def test_masks_are_read_as_the_document_says(tmp_path, monkeypatch, capsys):
    """The code of docs/results.md, with pycocotools; the pixels are those of coverage."""
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(import json\n.*?)```$", text, re.M | re.S)
    info = probe(make(tmp_path / "a.mp4"))
    write_json(tmp_path / "p.json", info.to_json())
    cup, tv = ("cup", 0.9, (0.0, 0.0, 0.6, 0.5)), ("tv", 0.8, (0.3, 0.0, 1.0, 0.5))
    write_detections(tmp_path / "d.parquet", [found(cup, tv), found()] * 10, video_sha256=info.sha256)
    painted, common = tmp_path / "results/painted/typing/clip_1.parquet", [f"--probe={tmp_path}/p.json"]
    groups = {name: {"objects": [name], "colour": [level, 0, 0]} for name, level in (("cup", 255), ("tv", 100))}
    common.append(f"--groups={json.dumps(groups)}")
    assert main(["paint", *common, f"--detections={tmp_path}/d.parquet", f"--out={painted}"]) == 0
    assert main(["coverage", *common, f"--painted={painted}", f"--out={tmp_path}/c.csv"]) == 0
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    exec(compile(code, "docs/results.md", "exec"), {})  # noqa: S102
    with (tmp_path / "c.csv").open(newline="", encoding="utf-8") as stream:
        counted = [f"{row['frame']} {row['group']} {row['pixels']}" for row in csv.DictReader(stream)]
    shown = capsys.readouterr().out.splitlines()
    assert shown == [line for line in counted if not line.endswith(" 0")]
    assert len(shown) == 20


def test_messages_that_are_explained_are_given():
    """What stands for a name or a number in a message is left open."""
    files = [*ROOT.glob("objmask/**/*.py"), *ROOT.glob("workflow/**/*.smk"), *ROOT.glob("objmask/models/zoo.yaml")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    table = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8"), re.M)
    assert len(table) > 30
    for message in table:
        for part in message.split("…"):
            assert part.strip("'? ") in code, message


def test_every_room_of_the_package_is_in_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (ROOT / "objmask").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `objmask/(\w+)/` \|", text, re.M)) == rooms


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_changes_and_citation_name_the_version():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)} ", changes, re.M)
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert len(re.findall(r"^## \d", changes, re.M)) == len(re.findall(r"^Results change: (yes|no)\b", changes, re.M))

import hashlib
import json
from pathlib import Path

import pytest

from objmask.running.handed import HandedFiles


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_options_are_an_argument_each(here):
    given = {"score": 0.5, "no_flow": True, "tracks": False, "end_s": None, "name": ["a b", "{video}"]}
    assert HandedFiles("results", at_once=True).options(**given) == (
        "--no-flow",
        "--score=0.5",
        "--name=a b",
        "--name={video}",
    )
    assert not list(here.iterdir())


@pytest.mark.parametrize("text", ["x" * 30_000, "'" * 8_000, "é" * 15_000], ids=["long", "quotes", "bytes"])
def test_what_is_too_long_for_a_command_line_comes_as_a_file(here, text):
    files = HandedFiles("results", at_once=True)
    (option,) = files.options(groups=text, lossless=True)
    path = Path(option.removeprefix("--arguments="))
    assert json.loads(path.read_text()) == ["--lossless", f"--groups={text}"]
    assert path.parent == Path("results/arguments")


def test_a_file_is_named_by_its_content(here):
    files = HandedFiles("results", at_once=True)
    path = Path(files.file("videos", ".tsv", "one"))
    assert path == Path("results/videos", f"{hashlib.sha256(b'one').hexdigest()[:16]}.tsv")
    assert files.file("videos", ".tsv", "one") == str(path)
    assert files.file("videos", ".tsv", "two") != str(path)
    assert sorted(found.read_text() for found in path.parent.iterdir()) == ["one", "two"]


def test_nothing_is_written_before_the_run_starts(here):
    files = HandedFiles("results", at_once=False)
    early = files.file("videos", ".tsv", "early")
    assert not list(here.iterdir())
    files.write()
    assert Path(early).read_text() == "early"
    assert Path(files.file("arguments", ".json", "late")).read_text() == "late"


def test_a_file_that_is_there_is_left_alone(here):
    path = Path(HandedFiles("results", at_once=True).file("videos", ".tsv", "one"))
    before = path.stat().st_mtime_ns
    files = HandedFiles("results", at_once=False)
    files.file("videos", ".tsv", "one")
    files.write()
    assert path.stat().st_mtime_ns == before

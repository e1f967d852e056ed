"""The layout of the results beside the rules that fill it and the document that describes it."""

import re
from itertools import product
from pathlib import Path

import pytest

from objmask.running.layout import LAYOUT, files_of_videos
from objmask.running.targets import EVALUATION, SUMMARIES

ROOT = Path(__file__).parents[3]
PATHVARS = {
    "results": ("",),
    "logs": ("logs/",),
    "benchmarks": ("benchmarks/",),
    "second_look": ("second_look/",),
    "protected": ("protected/", "unaudited/"),
}
"""As the Snakefile says; where protected video lies depends on the configuration."""
FOLDERS = ("masks", "masks_lossless")
"""What `{folder}` is in the rule for both."""
WRITTEN_OTHERWISE = {"index.json", "unusable.json", "quarantine/{video}.mp4"}
WRITTEN_OTHERWISE |= {"videos/{digest}.tsv", "arguments/{digest}.json", "corrections/{digest}.json"}
"""By the workflow itself; and what is kept back, since no run is to end well with it."""


def outputs() -> set[str]:
    """Patterns of all that the rules write: outputs, logs and benchmarks."""
    found: set[str] = set()
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        parts = re.findall(r"^    (?:output|log|benchmark):\n((?: {8}.*\n)+)", file.read_text(), re.M)
        for pathvar, path in re.findall(r'"<(\w+)>/([^"]+)"', "".join(parts)):
            plain = re.sub(r"\{(\w+),[^}]*\}", r"{\1}", path)
            names = FOLDERS if "{folder}" in plain else ("",)
            for prefix, folder in product(PATHVARS[pathvar], names):
                found.add(prefix + plain.replace("{folder}", folder))
    return found


def test_the_rules_write_what_the_layout_says():
    assert outputs() | WRITTEN_OTHERWISE == {place.path for place in LAYOUT}


def test_nothing_lies_at_two_places():
    paths = [place.path for place in LAYOUT]
    assert len(paths) == len(set(paths))


def documented() -> list[re.Pattern[str]]:
    """What the table of docs/results.md names; `*` and `…` stand for anything, and endings follow the path before."""
    table = (ROOT / "docs/results.md").read_text(encoding="utf-8").split("|---|---|---|\n")[1].split("\n\n")[0]
    found = []
    for row in table.splitlines():
        last = ""
        for name in re.findall(r"`([^`]+)`", row.split("|")[1]):
            last = f"{last.split('.')[0]}{name}" if name.startswith(".") else name
            for one in _braces(last):
                text = re.sub(r"<[^>]+>", "*", one).rstrip("/")
                found.append(re.compile(re.escape(text).replace(r"\*", ".*").replace("…", ".*")))
    return found


def _braces(name: str) -> list[str]:
    match = re.search(r"\{([^}]+)\}", name)
    return [name.replace(match[0], part) for part in match[1].split(",")] if match else [name]


@pytest.mark.parametrize("place", LAYOUT, ids=lambda place: place.path)
def test_the_document_names_every_place(place):
    """A folder may stand for what lies in it."""
    above = [place.path, *(str(folder) for folder in Path(place.path).parents)]
    assert any(pattern.fullmatch(path) for pattern in documented() for path in above[:-1])


def test_the_document_names_nothing_else():
    paths = {str(path) for place in LAYOUT for path in (Path(place.path), *Path(place.path).parents)}
    unknown = [pattern.pattern for pattern in documented() if not any(pattern.fullmatch(path) for path in paths)]
    assert unknown == []


def test_names_that_rules_fill_in_have_a_place():
    patterns = [place.pattern for place in LAYOUT]
    named = [f"summary/{name}.csv" for name in SUMMARIES] + [f"evaluation/{name}" for name in EVALUATION]
    assert [name for name in named if not any(pattern.fullmatch(name) for pattern in patterns)] == []


def test_what_is_given_away_is_told_from_what_was_found():
    kept = {place.top for place in LAYOUT if place.is_of_a_video and not place.is_to_hand_on}
    found = {"probe", "second_look", "chunks", "detections", "tracks", "painted", "hidden", "turns"}
    assert kept == found | {"logs", "benchmarks"}


def test_a_video_is_named_by_what_its_files_have_in_common(tmp_path):
    names = ("hidden/x/c.frames.parquet", "hidden/x/c.json", "painted/x/c.parquet", "logs/model/net.log")
    for name in (*names, "tracks/net/desk/a.frames.parquet", "frames/b/00000000-00000008.net.nut"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [video for _, video in files_of_videos(tmp_path)] == ["b", "x/c", "x/c", "x/c", "desk/a"]

"""Names that break shells, wildcards, tables and option parsers, in folders and in a table."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import clips
import pytest
from snakemake_runs import Run, Workflow, csv_column, outputs_of, remains, times

KINDS = ("masks", "protected", "coverage")
PTS = range(0, 5 * clips.STEP, clips.STEP)
LONG = "-".join(str(number) for number in range(90))[:245]
NAMES = {
    "\"begins so\" and ends 'so'.mp4": "\"begins so\" and ends 'so'",
    "{braces}/{video} 100%s.mp4": "%7Bbraces%7D/%7Bvideo%7D 100%25s",
    "-dash/--out=a:b*?[c]#!\\d.MOV": "-dash/--out=a:b*?[c]#!\\d",
    "~$(touch x);touch y|touch z&`touch w`.mp4": "~$(touch x);touch y|touch z&`touch w`",
    "new\nline\tand tab.mp4": "new%0Aline%09and tab",
    "Küche/1.5 x/日本語 – ☕ e\u0301.f.mkv": "Küche/1.5 x/日本語 – ☕ e\u0301.f",
    "00000000-00000005/____________________________.mp4": "00000000%2D00000005/___________________________%5F",
    "shared.frames.mp4": "shared%2Eframes",
    "shared.Mp4": "shared",
}
"""File below the input folder: what the outputs are promised to be called."""


@pytest.fixture(scope="module")
def named(workflow: Workflow, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("names")
    clips.make(folder / "one.mp4", pts=PTS)
    clips.make(folder / "one.mkv", pts=range(0, 5 * 33, 33), time_base=clips.Fraction(1, 1000))
    for name in NAMES:
        path = folder / "my videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / ("one.mkv" if path.suffix == ".mkv" else "one.mp4"), path)
    (folder / "my videos/.hidden.mp4").write_text("the shadow of a file that some systems leave")
    config = {"videos": "my videos", "outputs": list(KINDS)}
    return workflow.run(folder, config)


def test_all_outputs_are_made_and_named_as_promised(named):
    named.ok()
    for name in NAMES.values():
        for path in outputs_of(named.results, name, *KINDS):
            assert path.stat().st_size > 0, path


def test_nothing_else_happens(named):
    assert {path.name for path in named.folder.iterdir()} == {
        *(".snakemake", "given.json", "results", "my videos", "one.mp4", "one.mkv")
    }
    found = {str(path.relative_to(named.results / "masks")) for path in (named.results / "masks").rglob("*.mp4")}
    assert found == {f"{name}.mp4" for name in NAMES.values()}
    assert remains(named.results) == []


def test_tables_name_the_videos(named):
    table = named.results / "summary/coverage_by_video.csv"
    labels = dict(zip(csv_column(table, "video"), csv_column(table, "label"), strict=True))
    assert set(labels) == set(NAMES.values())
    assert labels["Küche/1.5 x/日本語 – ☕ e\u0301.f"] == "1.5 x"
    assert labels["shared"] == "unlabelled"
    assert labels["%7Bbraces%7D/%7Bvideo%7D 100%25s"] == "{braces}"


def test_the_outputs_are_the_videos_own(named):
    for source, name in NAMES.items():
        assert times(named.results / "masks" / f"{name}.mp4") == times(named.folder / "my videos" / source)
    with av.open(str(named.results / "protected/shared.mp4")) as container:
        assert len(list(container.decode(video=0))) == 5


def test_a_second_run_has_nothing_to_do(named, workflow):
    config = {"videos": "my videos", "outputs": list(KINDS)}
    assert not workflow.plan(named.folder, config).jobs


def test_videos_from_a_table(workflow, tmp_path):
    for name in ("elsewhere/a clip.mp4", "tables/b.MP4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        clips.make(tmp_path / name, pts=PTS)
    (tmp_path / "elsewhere/not asked for.mp4").write_text("and so never opened")
    table = tmp_path / "tables/videos.tsv"
    rows = ("path\tlabel\tsubject\tcamera", '../elsewhere/a clip.mp4\tmaking "coffee"\tS 1\tchest', "b.MP4\t\t\thead")
    table.write_text("\n".join(rows).replace('making "coffee"', '"making ""coffee"""') + "\n")
    run = workflow.run(tmp_path, {"videos": str(table), "outputs": ["coverage"]}).ok()
    summary = run.results / "summary/coverage_by_video.csv"
    columns = [csv_column(summary, name) for name in ("video", "label", "subject")]
    assert set(zip(*columns, strict=True)) == {
        ("elsewhere/a clip", 'making "coffee"', "S 1"),
        ("tables/b", "unlabelled", ""),
    }


def test_names_that_are_too_long_are_refused_by_name(workflow, tmp_path):
    """235 bytes still go all the way; Snakemake itself would break off at what lies beyond 255."""
    (tmp_path / "videos").mkdir()
    clips.make(tmp_path / "videos" / f"{LONG[:235]}.mp4", pts=PTS)
    config = {"videos": "videos", "outputs": ["masks"]}
    run = workflow.run(tmp_path, config).ok()
    assert outputs_of(run.results, LONG[:235], "masks")[0].is_file()
    clips.make(tmp_path / "videos" / f"{LONG[:236]}.mp4", pts=PTS)
    workflow.run(tmp_path, config).refused(LONG[:236], "too long", "rename")

"""Do names of files and folders that shells, templates, pages and file systems trip over come through a whole run?

    python -m benchmarks.fuzz_names [--count N] [--seed N] [--cores N] [--keep FOLDER]

Each name is that of a video of three frames and of the folder that it lies in. It is refused in one line before any
job, or all its outputs are there under a name from which it can be read off again. None of them runs anything, which
would make a file called `canary`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmarks import measure

sys.path.extend(str(measure.ROOT / folder) for folder in ("tests", "tests/unit/video"))

import clips
from snakemake_runs import Run, Workflow, csv_column, outputs_of, times

from objmask.errors import ObjmaskError
from objmask.inputs.index import find_videos
from objmask.inputs.names import shown_name

KINDS = ("masks", "overlay", "protected", "coverage")
CANARY = "canary"
"""No name begins so, but what they would make does."""
FRAMES = 3
FIXED = (
    *("-rf", "--out=x", "%s%n%d", "{video}", "{{wildcards.video}} {input[0]}", "'", f"$(touch {CANARY})"),
    *(f"`touch {CANARY}`", f";touch {CANARY};", f"'$(touch {CANARY})'", f"a&touch {CANARY}&"),
    *(f"new\ntouch {CANARY}\nline", f'">{CANARY}', "*?[a-z]!", "a:b", "CON", "trailing. ."),
    *("\u202egnp.exe \u05e9\u05dc\u05d5\u05dd", "👩‍👩‍👧 ☕", "e\u0301a\u0308 Z\u0337\u0334"),
    *("tab\t\x1b[31m\x85\u2028", "a\\b", "é" * 117 + "x", "x.frames.parquet", "report.html.mp4"),
    *("00000000-00000003", '=1+1,"@x"', "#?%2F%00", f"</script><{CANARY} onload=x>", "é" * 118),
    *(os.fsdecode(b"latin-1 \xfc"),),
)  # fmt: skip
"""Also what is refused: over 235 bytes, no UTF-8."""
PIECES = (
    *("-", "$(touch canary)", "`touch canary`", ";touch canary;", "&&touch canary", "{video}", "{{chunk}}", "{"),
    *("}", "'", '"', "%s", "%41", "\n", "\t", "\x07", "\x7f", "\u202e", "\u2066", "\ufeff", "日本語", "ß", "İ", "🎥"),
    *("\u0301", " ", ".", "..", "*", "[!a]", "$IFS", "\\", "#", "~", ":", "<b>", "&amp;", ".mp4", ".frames"),
    *(".log", "=", "@", "|", "!"),
)  # fmt: skip


def names(count: int, seed: int) -> list[str]:
    """So many names, no two the same: fixed ones, and then random ones of pieces."""
    rng = random.Random(seed)  # noqa: S311
    found = list(FIXED[:count])
    while len(found) < count:
        name = "".join(rng.choices(PIECES, k=rng.randint(2, 9)))
        hidden = name.startswith((".", CANARY))
        if not hidden and name.casefold() not in {other.casefold() for other in found}:
            found.append(name)
    return found


def place(folder: Path, name: str) -> Path:
    """A video of a name, in a folder of that name."""
    path = folder / name / f"{name}.mp4"
    path.parent.mkdir(parents=True)
    return clips.make(path, size=(96, 64), pts=clips.REGULAR[:FRAMES])


def refusal(folder: Path) -> str:
    """The line that a folder of videos is refused with; empty: it is not."""
    try:
        find_videos(folder)
    except ObjmaskError as error:
        (line,) = error.lines
        return line
    return ""


def problems(run: Run, given: list[str]) -> Iterator[str]:
    """What is wrong with a run of videos whose names are all taken."""
    if run.code or "Traceback" in run.text:
        yield f"exit code {run.code}: {run.text[-2000:]}"
    for log in run.results.glob("logs/**/*.log"):
        if "Traceback" in log.read_text(encoding="utf-8"):
            yield f"a traceback in {log}"
    videos = run.folder / "videos"
    named = {source.name: str(source.path.relative_to(videos).with_suffix("")) for source in find_videos(videos)}
    if sorted(named.values()) != sorted(f"{name}/{name}" for name in given):
        yield f"taken: {named}"
    for name, below in named.items():
        # Percent-decoding is all that it takes to read a name off, whatever was encoded.
        if unquote(name, "latin-1") != below:
            yield f"{name!r} is not read off as {below!r}"
        for path in outputs_of(run.results, name, *KINDS):
            if not path.is_file():
                yield f"{path} is missing"
            elif path.suffix == ".mp4" and len(times(path)) != FRAMES + 1:
                yield f"{path} has {len(times(path)) - 1} frames"
    for kind in KINDS:
        suffix = outputs_of(run.results, "x", kind)[0].suffix
        made = {str(path.relative_to(run.results / kind)) for path in (run.results / kind).rglob(f"*{suffix}")}
        if made != {f"{name}{suffix}" for name in named}:
            yield f"{kind}: others are {made ^ {f'{name}{suffix}' for name in named}}"
    table = run.results / "summary/coverage_by_video.csv"
    labels = set(zip(csv_column(table, "video"), csv_column(table, "label"), strict=True))
    if labels != {(name, " ".join(below.split("/")[0].split()) or "unlabelled") for name, below in named.items()}:
        yield f"{table} says {labels}"
    yield from page_problems(run.results / "report.html", [shown_name(name) for name in named])


class Page(HTMLParser):
    """What a page says, as a browser would take it apart."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.is_json = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """As in the base class."""
        self.tags.add(tag)
        self.is_json = ("type", "application/json") in attrs
        self.texts += [value for _, value in attrs if value]
        self.addresses += [value for key, value in attrs if key in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        """As in the base class."""
        self.is_json = False

    def handle_data(self, data: str) -> None:
        """As in the base class; of the page's data what it means: most videos are shown from there."""
        self.texts += strings(json.loads(data)) if self.is_json else [data]


def strings(document: Any) -> Iterator[str]:
    """Every string in a JSON document, keys as well."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for part in chain(document, document.values()) if isinstance(document, dict) else document:
            yield from strings(part)


def page_problems(path: Path, shown: list[str]) -> Iterator[str]:
    """What is wrong with a report that is to show such names."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    said = "\n".join(page.texts)
    yield from (f"the report does not say {name!r}" for name in shown if name not in said)
    if CANARY in page.tags:
        yield "the report has an element that a name made"
    for address in page.addresses:
        parts = urlsplit(address)
        if not parts.scheme and parts.path and not (path.parent / unquote(parts.path)).is_file():
            yield f"the report links to {address}, which is not there"


def canaries(*roots: Path) -> list[Path]:
    """Files that a name made when a shell took it apart."""
    return [path for root in roots for path in root.rglob(f"{CANARY}*")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="work there, and leave it")
    options = parser.parse_args()
    workflow = Workflow(measure.ROOT, Path("demo"))
    config = {"videos": "videos", "models": ["demo"], "outputs": [*KINDS, "report"]}
    with tempfile.TemporaryDirectory(prefix="objmask-") as scratch:
        folder = options.keep or Path(scratch)
        given = names(options.count, options.seed)
        alone = folder / "alone"
        refused = {}
        for number, name in enumerate(given):
            place(alone / str(number), name)
            if line := refusal(alone / str(number)):
                refused[name] = line
        taken = [name for name in given if name not in refused]
        wrong = []
        for number, (name, line) in enumerate(refused.items()):
            place(folder / f"refused/{number}/videos", name)
            said = workflow.run(folder / f"refused/{number}", config, "-n")
            if not said.code or said.jobs or "Traceback" in said.text or line not in said.text:
                wrong.append(f"{name!r} is not refused by its line: {said.text}")
        for name in taken:
            place(folder / "run/videos", name)
        run = workflow.run(folder / "run", config, "--cores", str(options.cores))
        wrong += problems(run, taken)
        made = canaries(folder, measure.ROOT, Path.cwd(), *([] if options.keep else [Path(scratch)]))
        wrong += [f"{path} was made" for path in made]
    print(f"{options.count} names, seed {options.seed}, one run of {sum(run.jobs.values())} jobs:\n")
    columns = ("names", "refused in one line", "all outputs there", "problems", "canaries", "tracebacks")
    tracebacks = sum("raceback" in line for line in wrong)
    measure.table(columns, [[len(given), len(refused), len(taken), len(wrong), len(made), tracebacks]])
    for line in [*refused.values(), *wrong]:
        print(line.encode("utf-8", "backslashreplace").decode())
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

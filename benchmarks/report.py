"""How large is the report, how long does it take to make, and how long to open?

    python -m benchmarks.report [ASSETS]

The office videos with the int8 model at 256 pixels, in the report as they are and as 500 and 5,000 videos of other
names. Opened in a headless Chromium from disk: until the first page of videos stands and answers, and until the next
one does after a click. Without Chromium only sizes are measured.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks import measure
from objmask.config.config import complete
from objmask.config.models import models_of
from objmask.models.source import ModelSource
from objmask.report.about import about

COUNTS = (500, 5000)
ROUNDS = 5
CHROMIUM = shutil.which("chromium")
_READY = "html[data-ready]"


def video_summary(video: Path) -> str:
    """Makes everything of one video that the report reads; returns its name."""
    results = measure.work() / "report/office"
    name = video.relative_to(measure.assets() / "videos/office").with_suffix("").as_posix()
    probe, hidden = f"--probe={measure.probe(video)}", f"--hidden={measure.hidden(video, measure.INT8)}"
    painted = (probe, f"--painted={measure.painted(video, measure.INT8)}", f"--groups={measure.groups()}")
    coverage, protected = results / f"coverage/{name}.csv", results / f"protected/{name}.mp4"
    measure.verb("coverage", *painted, f"--out={coverage}")
    measure.verb("protect", f"--video={video}", probe, hidden, f"--out={protected}")
    shown = (f"--coverage={coverage}", "--protected", protected, hidden)
    measure.verb("video-summary", *painted, *shown, f"--out={results / f'report/{name}.json'}")
    return name


def multiplied(names: Sequence[str], number: int) -> tuple[Path, list[str]]:
    """The same results under as many names."""
    office, folder = measure.work() / "report/office", measure.work() / f"report/{number}"
    copies = [f"{names[i % len(names)]}_{i:04d}" for i in range(number)]
    for i, copy in enumerate(copies):
        for kind, ending in (("report", "json"), ("coverage", "csv")):
            path = folder / f"{kind}/{copy}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(office / f"{kind}/{names[i % len(names)]}.{ending}")
    return folder, copies


def page(folder: Path, names: Sequence[str]) -> measure.Run:
    """Makes the report of a folder of results."""
    rows = ["name\tlabel\tsubject\texcluded", *(f"{name}\t{name.partition('/')[0]}\t\t" for name in names)]
    table = folder / "videos.tsv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    measure.verb("summary", f"--coverage={folder / 'coverage'}", f"--videos={table}", f"--out={folder / 'summary'}")
    given = (f"--results={folder}", f"--videos={table}", f"--about={description()}")
    return measure.verb("report", *given, f"--out={folder / 'report.html'}")


def description() -> str:
    """What the report says of the run, as the workflow puts it together."""
    model = str(measure.assets() / "models" / measure.INT8)
    shown = yaml.safe_load((measure.ROOT / "config.yaml").read_text(encoding="utf-8"))
    config = complete({**shown, "models": [model]})
    models = models_of(config)
    return json.dumps(about(config, models, {name: ModelSource.of(model) for name in models}, []))


def opened(path: Path) -> tuple[float, float]:
    """Seconds until the page answers, and until its second page of videos stands; medians of fresh browsers."""
    from playwright.sync_api import sync_playwright

    first, second = [], []
    with sync_playwright() as playwright:
        for _ in range(ROUNDS):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(path.resolve().as_uri(), wait_until="commit")
            tab.wait_for_selector(_READY, state="attached")
            first.append(tab.evaluate("performance.now()") / 1000)
            turned = tab.evaluate(_TURN)
            second.append((turned or 0) / 1000)
            browser.close()
    return statistics.median(first), statistics.median(second)


_TURN = """async () => {
  const button = document.querySelector("[data-turn=on]:enabled");
  if (!button) return 0;
  const start = performance.now();
  button.click();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - start;
}"""


def main() -> None:
    names = [video_summary(video) for video in measure.office_videos()]
    made = [(measure.work() / "report/office", names), *(multiplied(names, number) for number in COUNTS)]
    rows: list[list[object]] = []
    for folder, called in made:
        run = page(folder, called)
        path = folder / "report.html"
        row: list[object] = [len(called), path.stat().st_size / 1e6, run.wall_s, round(run.peak_mib)]
        rows.append([*row, *(opened(path) if CHROMIUM else ("", ""))])
    print("The report of the office videos, and of as many under other names (aim: 500 videos in at most 30 MB):\n")
    measure.table(("videos", "MB", "made in, s", "peak MiB", "answers after, s", "next page after, s"), rows)


if __name__ == "__main__":
    main()

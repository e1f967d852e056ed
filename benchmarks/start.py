"""How long does the command line take before it works?

    python -m benchmarks.start [ASSETS]

Each command in a process of its own, beside a Python that does nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import measure

ROUNDS = 9
HEAVY = ("tensorflow", "keras", "ai_edge_litert", "pandas", "snakemake")


def call(*command: str) -> None:
    """Runs Python and waits for it."""
    subprocess.run([sys.executable, *command], cwd=measure.ROOT, capture_output=True, check=True)


def loaded(arguments: list[str]) -> str:
    """Which heavy packages a call of the command line imports."""
    code = (
        "import sys\nfrom objmask.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=measure.ROOT, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1].strip("[]").replace("'", "") or "none"


def light_verbs(folder: Path) -> dict[str, list[str]]:
    """Calls of verbs that do nearly nothing, on the shortest clip."""
    video = measure.office("meeting/two_people_at_desk.mp4")
    probe, painted = measure.probe(video), measure.painted(video)
    return {
        "models": ["models"],
        "models FILE": ["models", str(measure.assets() / "models" / measure.NHWC)],
        "index": ["index", f"--videos={video.parent}", f"--out={folder / 'index.json'}"],
        "probe, 33 frames": ["probe", f"--video={video}", f"--out={folder / 'probe.json'}"],
        "coverage, 33 frames": [
            *("coverage", f"--probe={probe}", f"--painted={painted}"),
            *(f"--groups={measure.groups()}", f"--out={folder / 'coverage.csv'}"),
        ],
    }


def main() -> None:
    folder = measure.work() / "start"
    calls = {"--version": ["--version"], "--help": ["--help"], "detect --help": ["detect", "--help"]}
    calls |= light_verbs(folder)
    things: dict[str, Callable[[], None]] = {"python -c pass": partial(call, "-c", "pass")}
    things |= {name: partial(call, "-m", "objmask", *arguments) for name, arguments in calls.items()}
    times = measure.interleaved(things, ROUNDS)
    print(f"{ROUNDS} rounds (aim: every verb but `detect` and `model` starts well under a second):\n")
    rows = [
        (name, statistics.median(taken.wall_s), min(taken.wall_s), loaded(calls[name]) if name in calls else "none")
        for name, taken in times.items()
    ]
    measure.table(("python -m objmask", "s, median", "s, best", "heavy packages imported"), rows)


if __name__ == "__main__":
    main()

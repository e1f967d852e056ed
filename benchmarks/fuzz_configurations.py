"""Is a configuration that is broken or strange refused, or is it what was written?

    python -m benchmarks.fuzz_configurations [--count N] [--seed N] [--every N]

Each is read by the code that the workflow reads it with, in a process of its own, and every tenth by a dry run as well.
It is refused in one line a mistake, or every value arrives as it was written; a plain reading judges.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
from pathlib import Path

from benchmarks import measure

sys.path.extend(str(measure.ROOT / folder) for folder in ("tests", "tests/unit", "tests/unit/video"))

import broken_configurations
import clips
from broken_configurations import Configuration
from fuzzing import Outcome
from snakemake_runs import Workflow

KINDS = ("refused", "accepted", "wrong")


def dry_run(configuration: Configuration, folder: Path, outcome: Outcome) -> str:
    """What is wrong with what Snakemake says of a configuration, beside what came of reading it; or empty."""
    workflow = Workflow(measure.ROOT, Path("demo"))
    run = workflow.run(
        folder,
        None,
        *("-n", "-s", measure.ROOT / "Snakefile", "--cores", "1"),
        *configuration.arguments[: None if configuration.entries else 2],
        unflagged=True,
    )
    if "Traceback" in run.text or '  File "' in run.text:
        return f"a traceback: {run.text[-1500:]}"
    if bool(run.code) == bool(run.jobs):
        return f"exit code {run.code} and jobs {dict(run.jobs)}"
    if outcome.kind == "refused" and (not run.code or outcome.said not in run.text):
        return f"does not say '{outcome.said}': {run.text[-1500:]}"
    # What is accepted by itself may contradict the videos, or ask for files that are not there.
    if outcome.kind == "accepted" and run.code and "InputError" not in run.text:
        return run.text[-1500:]
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=10, metavar="N", help="a dry run of every n-th")
    options = parser.parse_args()
    outcomes: dict[str, list[Outcome]] = collections.defaultdict(list)
    wrong, planned = [], 0
    with tempfile.TemporaryDirectory(prefix="objmask-") as scratch:
        folder = Path(scratch)
        (folder / "videos").mkdir()
        clips.make(folder / "videos/a.mp4", pts=clips.REGULAR[:3])
        kinds = len(broken_configurations.MUTATIONS)
        for number, (change, one) in enumerate(broken_configurations.mutants(folder, options.count, options.seed)):
            outcome = broken_configurations.outcome(one, folder / "work")
            outcomes[change].append(outcome)
            said = outcome.said if outcome.kind == "wrong" else ""
            # Of another kind each time, round by round.
            if not said and number % options.every == number // kinds % options.every:
                planned += 1
                said = dry_run(one, folder, outcome)
            if said:
                wrong.append(f"{one.path.name} {one.entries}: {said}")
                print(ascii(wrong[-1]), file=sys.stderr, flush=True)
    print(f"{options.count} configurations, seed {options.seed}; {planned} of them by a dry run as well:\n")
    rows = [_row(change, found) for change, found in outcomes.items()]
    every = [outcome for found in outcomes.values() for outcome in found]
    measure.table(("what was done", "files", *KINDS, "peak memory, MiB", "longest, s"), [*rows, _row("all", every)])
    print(f"{len(wrong)} silent differences, tracebacks or hangs")
    sys.exit(1 if wrong else 0)


def _row(change: str, found: list[Outcome]) -> list[object]:
    counts = collections.Counter(outcome.kind for outcome in found)
    name = change.replace("_", " ")
    limits = max(outcome.peak_mib for outcome in found), f"{max(outcome.seconds for outcome in found):.1f}"
    return [name, len(found), *(counts[kind] for kind in KINDS), *limits]


if __name__ == "__main__":
    main()

"""Does the same command finish the work after an interrupt, and what does the interrupt cost?

    python -m benchmarks.interrupts [ASSETS]

A rendered clip of three chunks, the fastest real model; each mode at moments spread evenly at random over the
time that an undisturbed run takes. Recovered: every result equals that run's to the byte, none was ever to be seen
half-written, nothing was left behind, no process went on, and nothing is left to do.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
from pathlib import Path

from benchmarks import measure

sys.path.insert(0, str(measure.ROOT / "tests"))

import interruptions
from interruptions import MODES, Interrupt, Mode, Undisturbed
from snakemake_runs import Workflow

MOMENTS, SEED = 20, 1
TRIES = 3


def interrupts(mode: Mode, truth: Undisturbed, folder: Path, rng: random.Random) -> list[Interrupt]:
    """One in each twentieth of the run; a run that was faster than its moment is tried again."""
    outcomes = []
    for moment in range(MOMENTS):
        for _ in range(TRIES):
            share = (moment + rng.random()) / MOMENTS
            outcome = interruptions.interrupt(mode, share * truth.took_s, truth, folder)
            shutil.rmtree(folder)
            if outcome.hit:
                outcomes.append(outcome)
                for problem in outcome.problems:
                    print(f"{mode.name}, at {share:.2f}: {problem}", file=sys.stderr, flush=True)
                break
    return outcomes


def row(mode: Mode, outcomes: list[Interrupt]) -> list[object]:
    """A row of the table."""
    repeated = [outcome.repeated for outcome in outcomes]
    left = sum(any(problem.startswith("left behind") for problem in outcome.problems) for outcome in outcomes)
    recovered = sum(not outcome.problems for outcome in outcomes)
    wasted = sum(outcome.wasted for outcome in outcomes)
    return [mode.name, len(outcomes), recovered, statistics.mean(repeated), max(repeated), wasted, left]


def main() -> None:
    folder, rng = measure.work() / "interrupts", random.Random(SEED)  # noqa: S311
    workflow = Workflow(measure.ROOT, measure.assets() / "models" / measure.INT8)
    truth = interruptions.undisturbed(folder / "undisturbed", workflow, clips=1)
    print(
        f"An undisturbed run: {truth.took_s:.1f} s, {truth.chunks} chunks (aims: all recovered, none with leftovers):\n"
    )
    columns = ["ended by", "interrupts", "recovered", "chunks computed twice, mean", "max"]
    columns += ["of them finished before", "with leftovers"]
    measure.table(columns, [row(mode, interrupts(mode, truth, folder / "run", rng)) for mode in MODES])


if __name__ == "__main__":
    main()

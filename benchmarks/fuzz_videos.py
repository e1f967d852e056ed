"""What becomes of damaged videos, and is any of it silently wrong?

    python -m benchmarks.fuzz_videos [ASSETS] [--count N] [--seed N] [--jobs N] [--keep FOLDER]

Refused by one line, warned of, the same, or different and consistent: nothing else. Videos of many kinds, made here and
taken from the small real files, are damaged at random and go through probe, frames and protect, in both modes of
`on_truncated`, each in a process of its own. A plain decoding with PyAV judges what was written: as many frames, each
at its time, all of them hidden.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import measure

sys.path.extend(str(measure.ROOT / folder) for folder in ("tests", "tests/unit", "tests/unit/video"))

import fuzzing
from fuzzing import Outcome

KINDS = ("refused", "identical", "different", "wrong")


def table(outcomes: dict[str, list[Outcome]]) -> str:
    """Rows by mode."""
    lines = [
        f"| `on_truncated` | files | {' | '.join(KINDS)} | warned | peak memory, MiB | longest, s |",
        "|" + "---|" * (len(KINDS) + 5),
    ]
    for mode, found in outcomes.items():
        kinds = collections.Counter(outcome.kind for outcome in found)
        counts = " | ".join(str(kinds[kind]) for kind in KINDS)
        warned = sum(outcome.warned for outcome in found)
        peak, longest = max(o.peak_mib for o in found), max(o.seconds for o in found)
        lines.append(f"| {mode} | {len(found)} | {counts} | {warned} | {peak} | {longest:.1f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="What becomes of damaged videos.")
    parser.add_argument("assets", nargs="?", default=os.environ.get("OBJMASK_TEST_ASSETS"), type=Path)
    parser.add_argument("--count", type=int, default=540)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the damaged files there")
    options = parser.parse_args()
    outcomes: dict[str, list[Outcome]] = {mode: [] for mode in fuzzing.MODES}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch, "damaged")
        folder.mkdir(parents=True, exist_ok=True)
        files = fuzzing.sources(Path(scratch, "sound"))
        files += fuzzing.small_real_files(options.assets) if options.assets else []
        pairs = list(fuzzing.mutants(files, folder, options.count, options.seed))
        for path, mode, outcome in fuzzing.run_all(pairs, Path(scratch), options.jobs):
            outcomes[mode].append(outcome)
            if outcome.kind == "wrong" or options.keep:
                print(f"{path.name} {mode}: {outcome.kind}: {outcome.said}", file=sys.stderr, flush=True)
    print(f"{options.count} damaged videos of {len(files)} kinds, seed {options.seed}:\n\n{table(outcomes)}")


if __name__ == "__main__":
    main()

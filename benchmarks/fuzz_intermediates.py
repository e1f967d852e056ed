"""Flips bits in every kind of file that one step writes and another reads.

    python -m benchmarks.fuzz_intermediates --count 200 --seed 1

Of each bit, what came of it: the identical output, a refusal, or what must not be: another output, or a traceback.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks import measure

sys.path.insert(0, str(measure.ROOT / "tests/unit"))
sys.path.insert(0, str(measure.ROOT / "tests/unit/video"))

ENDS = ("identical", "refused", "different", "traceback")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="bits in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from intermediates import Results, flipped

    rng = np.random.default_rng(options.seed)
    counts: list[tuple[str, Counter[str]]] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="objmask-") as folder:
        results = Results(Path(folder))
        kinds = results.kinds()
        shares = [len(part) for part in np.array_split(np.arange(options.count), len(kinds))]
        for kind, count in zip(kinds, shares, strict=True):
            ends = list(flipped(results, kind, count, rng, Path(folder, "scratch")))
            counts.append((kind.file, Counter(end for end, _ in ends)))
            wrong += [said for end, said in ends if end in ENDS[2:]]
    measure.verdict("file", ENDS, counts, wrong)


if __name__ == "__main__":
    main()

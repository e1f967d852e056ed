"""Damages models, installs each and detects with it, in processes of their own.

    python -m benchmarks.fuzz_models --count 100 --seed 1

Of each, what came of it: refused in one line when it is installed or when it detects, the detections of the whole
model, other finite ones (what cannot be known without a checksum of the whole one), or what must not be: a traceback,
a crash, no end, or more memory than the whole model takes twice.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks import measure

DEMO = measure.ROOT / "objmask/models/demo"
ENDS = ("refused by model", "refused by detect", "identical", "other finite", "no one line", "signal", "no end")
BAD = ENDS[4:]
_NO_END_S = 1800
_MEMORY_BYTES = 8 << 30
"""Address space of a process; the whole models do with half of it."""
_BLOCK_BYTES = 4096

Damage = Callable[[bytearray, np.random.Generator], bytearray]


def flipped(data: bytearray, rng: np.random.Generator) -> bytearray:
    """One to eight bits changed."""
    for place in rng.integers(len(data), size=int(rng.integers(1, 9))):
        data[int(place)] ^= 1 << int(rng.integers(8))
    return data


def head(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A bit changed at either end, where files say what is where."""
    near = int(rng.integers(min(4096, len(data))))
    place = near if rng.integers(2) else len(data) - 1 - near
    data[place] ^= 1 << int(rng.integers(8))
    return data


def cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Broken off."""
    return data[: int(rng.integers(len(data)))]


def none(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A number in the middle that is none, in 32 or in 16 bits."""
    number = np.float32(np.nan).tobytes() if rng.integers(2) else np.float16(np.nan).tobytes()
    place = int(rng.integers(len(data) // 10, len(data) * 9 // 10)) // 4 * 4
    data[place : place + len(number)] = number
    return data


def swapped(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Two blocks that change places."""
    size = min(_BLOCK_BYTES, len(data) // 4)
    a, b = (int(place) for place in rng.integers(len(data) - size, size=2))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return data


DAMAGES: tuple[Damage, ...] = (flipped, head, cut, none, swapped)


def call(*arguments: str) -> tuple[int | None, str]:
    """Exit code (None: no end) and standard error of a verb."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))

    command = [sys.executable, "-m", "objmask", *arguments]
    try:
        done = subprocess.run(
            command, cwd=measure.ROOT, capture_output=True, timeout=_NO_END_S, check=False, preexec_fn=bounded
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, done.stderr.decode("utf-8", "replace").strip()


def tried(source: Path, place: Path, video: Path, probe: Path) -> tuple[str, list[dict[str, object]], str]:
    """What came of a model, its detections, and what was said."""
    shutil.rmtree(place, ignore_errors=True)
    model, store, table, out = place / "m", place / "c.nut", place / "c.parquet", place / "d.parquet"
    steps = {
        "model": [f"--source={source}", f"--out={model}", "--name=m"],
        "frames": [f"--video={video}", f"--probe={probe}", f"--model={model}", f"--out={store}", f"--table={table}"],
        "detect": [
            *(f"--model={model}", f"--frames={store}", f"--table={table}", "--device=cpu", "--threads=1"),
            *(f"--out={out}", f"--out-frames={place / 'd.frames.parquet'}"),
        ],
    }
    for verb, options in steps.items():
        code, said = call(verb, *options)
        if code is None:
            return "no end", [], verb
        if code < 0:
            return "signal", [], f"{verb}: {-code}"
        if code:
            last = said.splitlines()[-1] if said else ""
            one_line = code == 1 and last.startswith("objmask: ") and "Traceback" not in said
            return (f"refused by {'model' if verb == 'model' else 'detect'}" if one_line else "no one line"), [], last
    return "", pq.read_table(out).to_pylist(), ""


def sources(folder: Path) -> list[tuple[str, Path, Path]]:
    """(kind, what is given, the file in it that gets damaged) of the whole models."""
    found = [(path.name, path, path) for path in sorted(measure.assets().glob("models/*.tflite"))]
    for name in ("frozen_inference_graph.pb", "label_map.pbtxt", "pipeline.config"):
        copy = folder / f"whole-{name}"
        shutil.copytree(DEMO, copy)
        found.append((f"demo: {name}", copy, copy / name))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="damaged models in all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.argv[1:] = []  # the folder of real files comes from the environment
    rng = np.random.default_rng(options.seed)
    video = measure.office("meeting/two_people_at_desk.mp4")
    counts: dict[str, Counter[str]] = {}
    wrong = []
    with tempfile.TemporaryDirectory(prefix="objmask-") as name:
        folder = Path(name)
        probe = folder / "p.json"
        if call("probe", f"--video={video}", f"--out={probe}")[0]:
            raise SystemExit("the clip cannot be probed")
        whole = sources(folder)
        expected = {kind: tried(given, folder / "run", video, probe)[1] for kind, given, _ in whole}
        for number in range(options.count):
            kind, given, file = whole[number % len(whole)]
            damage = DAMAGES[number // len(whole) % len(DAMAGES)]
            bad = folder / "bad" / given.name
            shutil.rmtree(folder / "bad", ignore_errors=True)
            bad.parent.mkdir()
            if given.is_dir():
                shutil.copytree(given, bad)
            target = bad / file.relative_to(given) if given.is_dir() else bad
            target.write_bytes(damage(bytearray(file.read_bytes()), rng))
            end, rows, said = tried(bad, folder / "run", video, probe)
            end = end or ("identical" if rows == expected[kind] else "other finite")
            counts.setdefault(f"{kind}, {damage.__name__}", Counter())[end] += 1
            if end in BAD:
                wrong.append(f"{number}: {kind}, {damage.__name__}: {end}: {said}")
            print(number, kind, damage.__name__, end, said[:160], file=sys.stderr, flush=True)
    measure.verdict("damaged", ENDS, sorted(counts.items()), wrong)


if __name__ == "__main__":
    main()

"""Runs every benchmark and writes what they print to benchmarks/RESULTS.md.

    python benchmarks/run.py [ASSETS] [--only NAME ...]

The real files lie in ASSETS, or in the folder that OBJMASK_TEST_ASSETS names. With --only, the other parts of
RESULTS.md stay as they are.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("RESULTS.md")
NAMES = (
    *("detect", "painting", "render", "chain", "frame_store", "start"),
    *("memory", "sizes", "models", "int8_boxes", "stored_masks", "mask_video", "demo_model", "full_size", "evaluation"),
    *(
        "scale",
        "interrupts",
        "short_clips",
        "long_video",
        "report",
        "exports",
        "tracks",
        "motion",
        "key_frames",
        "audit",
        "faces",
        "turns",
    ),
    *("hdr", "interlaced", "fuzz_videos", "fuzz_configurations", "fuzz_names"),
)
PACKAGES = (
    "ai-edge-litert",
    "av",
    "numpy",
    "opencv-python",
    "pyarrow",
    "pandas",
    "pycocotools",
    "tensorflow",
    "onnxruntime",
)
HEAD = """\
# Benchmarks: what they said

Written by `make bench`. Machines are shared: compare within a table, whose rows were measured in turn, several times.
Each section names the commit that its figures came with, or that was measured.

"""


def machine() -> str:
    """What the numbers were made on; no names or paths."""
    model, memory_gib = platform.processor() or "unknown", 0.0
    if Path("/proc/cpuinfo").exists():
        model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())[1]  # type: ignore[index]
        memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores of {model} ({platform.machine()}), {memory_gib:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}; {versions}."
    )


def commit() -> str:
    """The code that is measured."""
    command = ["git", "describe", "--always", "--abbrev=9", "--exclude=*", "--dirty= and changes"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return f"`{found.removesuffix(' and changes')}`{' and changes' * found.endswith(' and changes')}"


def section(name: str, environment: dict[str, str]) -> str:
    """Runs one benchmark; its part of RESULTS.md."""
    start = time.perf_counter()
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"benchmarks.{name} failed")
    sys.stdout.write(f"{name}: {time.perf_counter() - start:.0f} s\n{done.stdout}")
    sys.stdout.flush()
    # The question that the benchmark's first line asks is the title.
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    title = source[3:].split("\n", 1)[0].split("? ")[0].rstrip("?") + "?"
    return f"## {title}\n\n`python -m benchmarks.{name}` at {commit()}, {machine()}\n\n{done.stdout.strip()}\n"


def kept() -> dict[str, str]:
    """The parts of RESULTS.md as it is, by benchmark."""
    if not RESULTS.exists():
        return {}
    parts = re.split(r"^(?=## )", RESULTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {re.search(r"python -m benchmarks\.(\w+)", part)[1]: part.rstrip() + "\n" for part in parts}  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("assets", nargs="?", default=os.environ.get("OBJMASK_TEST_ASSETS", ""))
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    if not Path(options.assets, "videos").is_dir():
        sys.exit("benchmarks need the folder of real files: give it as argument or in OBJMASK_TEST_ASSETS")
    parts = kept()
    with tempfile.TemporaryDirectory(prefix="objmask-bench-") as folder:
        environment = {"OBJMASK_BENCH_WORK": folder, **os.environ}
        environment["OBJMASK_TEST_ASSETS"] = str(Path(options.assets).resolve())
        for name in options.only:
            parts[name] = section(name, environment)
            # What is measured by other means stays, at the end.
            order = [*NAMES, *(n for n in parts if n not in NAMES)]
            RESULTS.write_text(HEAD + "\n".join(parts[n] for n in order if n in parts), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What do chunks cost and save on a long video? And are the detections the same?

    python -m benchmarks.long_video [ASSETS]

The FPV-O clip 195 times over, 20 minutes, and the 256-pixel int8 network, through the workflow: as one piece, and in
chunks on two jobs at a time. The most disk that `results` took and the most memory that all processes and the largest
one had at a time, looked at every half second.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import measure
from benchmarks.memory import repeated
from objmask.files.whole import sha256_of

TIMES = 195
WAYS = {"one piece": 0, "6000 frames": 6000}
_LOOK_S = 0.5


@dataclass
class Peaks:
    """The most that was seen at a time."""

    disk_mib: float = 0
    memory_mib: float = 0
    process_mib: float = 0
    stores: int = 0

    def look(self, process: psutil.Process, results: Path) -> None:
        """Takes note of what is there now."""
        files = []
        for path in results.rglob("*"):
            try:
                files.append((path, path.stat().st_size))
            except FileNotFoundError:
                continue
        self.disk_mib = max(self.disk_mib, sum(size for _, size in files) / 2**20)
        self.stores = max(self.stores, sum(path.suffix == ".nut" for path, _ in files))
        sizes = [_resident_mib(one) for one in _with_children(process)]
        self.memory_mib, self.process_mib = max(self.memory_mib, sum(sizes)), max(self.process_mib, max(sizes))


def _with_children(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it has started, also what has outlived the job that started it."""
    here = process.cwd()
    others = [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == here]
    return list({one.pid: one for one in (process, *process.children(recursive=True), *others)}.values())


def _resident_mib(process: psutil.Process) -> float:
    try:
        return process.memory_info().rss / 2**20
    except psutil.NoSuchProcess:
        return 0


def run(name: str, video: Path, chunk_frames: int) -> tuple[list[object], str]:
    """A row of the table, and what the detections are."""
    folder = measure.work() / "long_video" / name.replace(" ", "_")
    (folder / "videos").mkdir(parents=True)
    (folder / "videos" / "long.mp4").symlink_to(video)
    config = {"videos": "videos", "models": {"net": str(measure.assets() / "models" / measure.INT8)}, "device": "cpu"}
    config |= {"outputs": ["detections"], "detect": {"chunk_frames": chunk_frames}}
    (folder / "given.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "snakemake", "-s", str(measure.ROOT / "Snakefile"), "--configfile", "given.json"]
    # Two jobs that are told to use two threads each: on two cores they share them.
    start, peaks = time.monotonic(), Peaks()
    with (folder / "said").open("wb") as said:
        process = psutil.Popen([*command, "--cores", "4"], cwd=folder, stdout=said, stderr=said)
        while process.poll() is None:
            try:
                peaks.look(process, folder / "results")
            except psutil.NoSuchProcess:
                break
            time.sleep(_LOOK_S)
    took_s = time.monotonic() - start
    if process.wait():
        sys.exit((folder / "said").read_text()[-3000:])
    chunks = (folder / "said").read_text().count("rule detect:")
    detections = folder / "results/detections/net"
    row = [name, chunks, took_s, peaks.disk_mib, peaks.stores, peaks.memory_mib, peaks.process_mib]
    return row, sha256_of(detections / "long.parquet") + sha256_of(detections / "long.frames.parquet")


def main() -> None:
    video = repeated(measure.office(measure.FPVO), TIMES)
    rows, contents = [], []
    for name, chunk_frames in WAYS.items():
        row, content = run(name, video, chunk_frames)
        contents.append(content)
        rows.append([*row, "yes" if content == contents[0] else "NO"])
    columns = ("worked on in", "jobs of detect", "s", "disk, MiB", "frames files at a time", "memory, MiB")
    measure.table((*columns, "largest process, MiB", "same detections, to the byte"), rows)


if __name__ == "__main__":
    main()

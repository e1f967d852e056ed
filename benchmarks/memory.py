"""Does memory grow with the length of the video?

    python -m benchmarks.memory [ASSETS]

Peak resident memory of each verb's process on the FPV-O clip, and on the same clip ten times over (its packets
repeated, nothing encoded anew), with the 256-pixel int8 network.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import av

from benchmarks import measure

TIMES = 10
ROUNDS = 3


def repeated(video: Path, times: int) -> Path:
    """The video's pictures `times` over, as MP4."""
    out = measure.work() / "long" / f"{times}_times.mp4"
    out.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(out), "w") as target:
        written, shift = None, 0
        for _ in range(times):
            with av.open(str(video)) as source:
                stream = source.streams.video[0]
                written = written or target.add_stream_from_template(stream)
                packets = [packet for packet in source.demux(stream) if packet.size]
                length = sum(packet.duration or 0 for packet in packets)
                for packet in packets:
                    assert packet.pts is not None
                    assert packet.dts is not None
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = written
                    target.mux(packet)
                shift += length
    return out


def peaks(video: Path, folder: Path) -> dict[str, float]:
    """Peak memory of each verb on a video, MiB."""
    model, palette = measure.model(measure.INT8), measure.groups()
    probe, store, table = folder / "probe.json", folder / "frames.nut", folder / "frames.parquet"
    part, whole = folder / "part.parquet", folder / "whole.parquet"
    painted, hidden, objects = folder / "painted.parquet", folder / "hidden.parquet", json.dumps(measure.sensitive())
    source, found, groups = (f"--video={video}", f"--probe={probe}"), f"--detections={whole}", f"--groups={palette}"
    read = (f"--model={model}", f"--frames={store}", f"--table={table}", "--threads=2")
    verbs: dict[str, tuple[str, ...]] = {
        "probe": (source[0], f"--out={probe}"),
        "frames": (*source, f"--model={model}", f"--out={store}", f"--table={table}"),
        "detect": (*read, *measure.found(part)),
        "gather": (source[1], f"--part={part}", *measure.found(whole)),
        "paint": (source[1], found, groups, f"--out={painted}"),
        "hide": (source[1], found, f"--objects={objects}", f"--out={hidden}"),
        "masks": (source[1], f"--painted={painted}", groups, f"--out={folder / 'masks.mp4'}"),
        "overlay": (*source, f"--painted={painted}", groups, f"--out={folder / 'overlay.mp4'}"),
        "protect": (*source, f"--hidden={hidden}", f"--out={folder / 'protected.mp4'}"),
        "coverage": (source[1], f"--painted={painted}", groups, f"--out={folder / 'coverage.csv'}"),
    }
    return {verb: measure.verb(verb, *options).peak_mib for verb, options in verbs.items()}


def main() -> None:
    clip = measure.office(measure.FPVO)
    videos = {times: repeated(clip, times) for times in (1, TIMES)}
    runs: dict[int, list[dict[str, float]]] = {times: [] for times in videos}
    for _ in range(ROUNDS):
        for times, video in videos.items():
            runs[times].append(peaks(video, measure.work() / "memory" / str(times)))
    print(f"Peak memory, MiB, medians of {ROUNDS} runs (aim: equal within 10 %):\n")
    rows = []
    for verb in runs[1][0]:
        short, long = (statistics.median(run[verb] for run in runs[times]) for times in (1, TIMES))
        rows.append((verb, short, long, long / short))
    measure.table(("verb", "short", f"{TIMES} times as long", "ratio"), rows)


if __name__ == "__main__":
    main()

"""Damaged videos through probe, frames and protect, each in a process of its own, and what came of them.

The judge is a plain decoding with PyAV, which shares no code with objmask: as many frames, each at its time, in the
protected video, and all of them hidden.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import builders
import clips

MODES = ("fail", "keep")
PATIENCE_S = 600
"""Of processor time: whoever needs more for a picture of a stamp's size hangs, however busy the machine is."""
MEMORY = 8 << 30
"""Address space of a process: the machine is to survive what a file asks for."""
_OBJECTS = '["cup"]'
_BOX = (0.0, 0.0, 1.0, 0.5)
_STEP = 3
_MARGIN_PX, _SOLID = 8, 24
"""Codecs smear edges, and colours a little."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file in one mode.

    Attributes:
        kind: `refused`, `identical` (what was read is what is read of the undamaged file), `different` (and consistent:
            as many frames, each at its time, as a plain decoding gives), or `wrong`.
        warned: something was said of the file.
        said: the line of a refusal, or what is wrong.
        seconds: that it took.
        peak_mib: of memory.
    """

    kind: str
    warned: bool = False
    said: str = ""
    seconds: float = 0
    peak_mib: int = 0
    digest: str = ""


def sources(folder: Path) -> list[Path]:
    """Sound videos of many kinds, a few seconds to make."""
    folder.mkdir(parents=True, exist_ok=True)
    ms, mpeg = Fraction(1, 1000), Fraction(1, 25)
    even, odd = range(0, 600, 50), (0, 40, 85, 300, 340, 390, 1100, 1140, 1190)
    fast, mp2 = {"preset": "ultrafast"}, {"audio": "mp2", "sound_rate": 16000}
    kinds: list[tuple[str, dict[str, object]]] = [
        ("h264_sound.mp4", {"options": {**fast, "bf": "0"}, "audio": "aac"}),
        ("h264_b_frames.mp4", {"options": {"bf": "3"}, "pts": clips.VARIABLE}),
        ("h264_fragments.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
        ("h264_fast_start.mp4", {"container_options": {"movflags": "faststart"}}),
        ("hevc.mp4", {"codec": "libx265", "options": {**fast, "x265-params": "log-level=none"}}),
        ("turned.mov", {"rotation": 90}),
        ("mjpeg.mov", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("h264.mkv", {"time_base": ms, "pts": even, "options": fast, "audio": "aac"}),
        ("ffv1.mkv", {"codec": "ffv1", "time_base": ms, "pts": odd}),
        ("vp8.webm", {"codec": "libvpx", "time_base": ms, "pts": odd, "options": {"deadline": "realtime"}}),
        ("vp9.webm", {"codec": "libvpx-vp9", "time_base": ms, "pts": even, "options": {"deadline": "realtime"}}),
        ("mpeg4.avi", {"codec": "mpeg4", "time_base": mpeg, "pts": range(20), "options": {"bf": "2"}}),
        ("mjpeg.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "time_base": mpeg, "pts": range(12)}),
        ("sound.avi", {"codec": "mpeg4", "time_base": mpeg, "pts": range(12), **mp2}),
        ("mpeg2.mpg", {"codec": "mpeg2video", "time_base": mpeg, "pts": range(20)}),
        ("mpeg1_sound.mpg", {"codec": "mpeg1video", "time_base": mpeg, "pts": range(20), **mp2}),
        ("h264.ts", {"time_base": mpeg, "pts": range(20), "options": fast}),
        ("mpeg2_sound.ts", {"codec": "mpeg2video", "time_base": mpeg, "pts": range(20), **mp2}),
    ]  # fmt: skip
    return [clips.make(folder / name, **how) for name, how in kinds]  # type: ignore[arg-type]


def small_real_files(assets: Path, most_bytes: int = 300_000) -> list[Path]:
    """Those that decode in a moment."""
    found = sorted(path for path in (assets / "videos").rglob("*") if path.is_file())
    return [path for path in found if 5000 < path.stat().st_size < most_bytes]


def flip_bits(data: bytearray, rng: random.Random, _: bytes) -> None:
    for _bit in range(rng.choice([1, 3, 10, 100])):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def scribble(data: bytearray, rng: random.Random, _: bytes) -> None:
    at, length = rng.randrange(len(data)), rng.choice([2, 16, 300])
    data[at : at + length] = rng.randbytes(min(length, len(data) - at))


def blank(data: bytearray, rng: random.Random, _: bytes) -> None:
    at, length = rng.randrange(len(data)), rng.choice([8, 188, 2048, 4096])
    data[at : at + length] = rng.choice([b"\0", b"\xff"]) * min(length, len(data) - at)


def move(data: bytearray, rng: random.Random, _: bytes) -> None:
    at, to, length = rng.randrange(len(data)), rng.randrange(len(data)), rng.choice([4, 188, 2048])
    block = data[at : at + length]
    del data[at : at + length]
    data[to:to] = block


def truncate(data: bytearray, rng: random.Random, _: bytes) -> None:
    del data[rng.randrange(len(data)) :]


def cut_out(data: bytearray, rng: random.Random, _: bytes) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice([1, 7, 188, 1000])]


def splice(data: bytearray, rng: random.Random, other: bytes) -> None:
    data[rng.randrange(len(data)) :] = other[rng.randrange(len(other)) :]


def edit_header(data: bytearray, rng: random.Random, _: bytes) -> None:
    """Numbers at the places of headers become the smallest, the largest or odd ones."""
    for _number in range(rng.choice([1, 2, 5])):
        near_end = rng.random() < 0.5
        at = (len(data) - 1 - rng.randrange(min(3000, len(data)))) if near_end else rng.randrange(min(2000, len(data)))
        new = rng.choice(
            [b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0", b"\0\x01", b"\xff\xff"]
        )
        data[at : at + len(new)] = new


MUTATIONS: tuple[Callable[[bytearray, random.Random, bytes], None], ...] = (
    flip_bits,
    scribble,
    blank,
    move,
    truncate,
    cut_out,
    splice,
    edit_header,
    edit_header,
)


def mutants(files: list[Path], folder: Path, count: int, seed: int) -> Iterator[tuple[Path, Path]]:
    """Pairs of a damaged file and the sound one that it was."""
    for i in range(count):
        rng = random.Random(f"{seed} {i}")  # noqa: S311
        source = files[i % len(files)]
        data, other = bytearray(source.read_bytes()), rng.choice(files).read_bytes()
        change = rng.choice(MUTATIONS)
        change(data, rng, other)
        path = folder / f"{i:05d}_{change.__name__}_{source.stem.replace(' ', '_')}{source.suffix}"
        path.write_bytes(data)
        yield path, source


def run(path: Path, folder: Path, mode: str, reference: str = "") -> Outcome:
    """One file in one mode, in a process of its own."""
    work = folder / f"{path.name}.{mode}"
    found = isolated(work, lambda: _examine(path, work, mode))
    return replace(found, kind="different") if found.kind == "identical" and found.digest != reference else found


def isolated(work: Path, examine: Callable[[], Outcome]) -> Outcome:
    """What an examination finds in a process of its own, in which memory and time are bounded; `work` is its folder."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    start = time.monotonic()
    pid = os.fork()
    if not pid:
        _in_child(work, examine)
    _, status, usage = os.wait4(pid, 0)
    took, peak = time.monotonic() - start, usage.ru_maxrss // 1024
    try:
        if os.WIFSIGNALED(status):
            hung = os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
            said = "hangs" if hung else f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
            return Outcome("wrong", said=f"{said} ({(work / 'said').read_text()[-300:]})", seconds=took, peak_mib=peak)
        found = Outcome(**json.loads((work / "outcome.json").read_text()))
    except OSError as error:
        return Outcome("wrong", said=f"no outcome: {error}", seconds=took, peak_mib=peak)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return replace(found, seconds=took, peak_mib=peak)


def run_all(
    pairs: Iterable[tuple[Path, Path]], folder: Path, jobs: int = 2, modes: Iterable[str] = MODES
) -> Iterator[tuple[Path, str, Outcome]]:
    """Every file in every mode; what is sound is run once before."""
    references: dict[Path, str] = {}
    lock = threading.Lock()

    def one(path: Path, source: Path, mode: str) -> tuple[Path, str, Outcome]:
        with lock:
            if source not in references:
                references[source] = run(source, folder / "sound", "fail").digest
        return path, mode, run(path, folder, mode, references[source])

    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(one, path, source, mode) for path, source in pairs for mode in modes]
        for job in waiting:
            yield job.result()


def _in_child(work: Path, examine: Callable[[], Outcome]) -> None:
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE_S, PATIENCE_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        said = (work / "said").open("w+", buffering=1)
        os.dup2(said.fileno(), 2)
        sys.stderr = said
        with contextlib.redirect_stdout(io.StringIO()):
            outcome = examine()
        (work / "outcome.json").write_text(json.dumps(asdict(outcome)))
        code = 0
    except BaseException:
        (work / "outcome.json").write_text(json.dumps(asdict(Outcome("wrong", said=traceback.format_exc()[-1500:]))))
        code = 0
    finally:
        os._exit(code)


def _examine(path: Path, work: Path, mode: str) -> Outcome:
    from objmask.detections.frames_table import FrameTable
    from objmask.inputs.index import RequestedVideo, index_videos
    from objmask.models.info import ModelInfo
    from objmask.video.info import VideoInfo

    ModelInfo("m", "yolo", "none", "0" * 64, "tests", ("cup",), {"cup": 0}, 256, 256).write(work / "model")
    index_videos([RequestedVideo("a", path, "any")], work / "index.json")
    common = {"video": path, "on-truncated": mode}
    line = _verb("probe", **common, out=work / "p.json")
    if line:
        return Outcome("refused", said=f"probe: {line}")
    info = VideoInfo.read(work / "p.json")
    common["probe"] = work / "p.json"
    line = _verb("frames", **common, model=work / "model", out=work / "f.nut", table=work / "f.parquet")
    if line:
        return Outcome("refused", said=f"frames: {line}", warned=bool(info.warnings))
    table = FrameTable.read(work / "f.parquet")
    times = [*table.pts.tolist(), info.end_pts]
    cup = builders.found(("cup", 0.9, _BOX))
    with builders.DetectionWriter(
        work / "d.parquet",
        work / "d.frames.parquet",
        {
            **builders.METADATA,
            "time_base": str(info.time_base),
            "start_pts": info.start_pts,
            "video_sha256": info.sha256,
        },
    ) as writer:
        for number in range(len(table)):
            writer.write(number, times[number], times[number + 1] - times[number], inferred=True, found=cup)
    decided = {"detections": work / "d.parquet", "objects": _OBJECTS, "out": work / "h.parquet"}
    line = _verb("hide", probe=common["probe"], **decided)
    if line:
        return Outcome("refused", said=f"hide: {line}", warned=bool(info.warnings))
    line = _verb("protect", **common, hidden=work / "h.parquet", style="solid", audio="copy", out=work / "o.mp4")
    if line:
        return Outcome("refused", said=f"protect: {line}", warned=bool(info.warnings))
    problem = _compare(path, info, table.pts.tolist(), work / "o.mp4", mode)
    digest = hashlib.sha256((work / "f.nut").read_bytes() + json.dumps(times[:-1]).encode()).hexdigest()
    return Outcome("wrong" if problem else "identical", bool(info.warnings), problem, digest=digest)


def _verb(name: str, **options: object) -> str:
    """Runs a verb; the line that it ends with when it refuses, else empty.

    Raises:
        AssertionError: it failed without a line, with several, or with one that does not name the file.
    """
    from objmask.cli import main

    sys.stderr.seek(0)
    sys.stderr.truncate()
    code = main([name, *(f"--{key.replace('_', '-')}={value}" for key, value in options.items())])
    sys.stderr.flush()
    sys.stderr.seek(0)
    # FFmpeg's own remarks are no lines of objmask's.
    lines = [line for line in sys.stderr.read().splitlines() if line.startswith("objmask: ")]
    if not code:
        return ""
    refusals = [line for line in lines if Path(str(options["video"])).name in line or "o.mp4" in line]
    assert code == 1, f"{name}: exit code {code}, said {lines}"
    assert refusals, f"{name}: exit code {code}, said {lines}"
    return refusals[-1]


def plain(path: Path) -> tuple[list[int | None], int, Fraction | None]:
    """Times of all frames that decode, the number of errors, and the time base: by PyAV alone, with one thread."""
    times: list[int | None] = []
    errors = 0
    with av.open(str(path), metadata_errors="replace") as container:
        stream = next(s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic)
        stream.thread_type = "NONE"
        time_base = stream.time_base
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                packet, errors = None, errors + 1
            try:
                if packet is not None and packet.size and packet.stream.index == stream.index:
                    times += [frame.pts for frame in stream.decode(packet)]
                if packet is None:
                    times += [frame.pts for frame in stream.decode(None)]
            except av.FFmpegError:
                errors += 1
            if packet is None:
                return times, errors, time_base


def _compare(path: Path, info: object, pts: list[int], written: Path, mode: str) -> str:
    """What is wrong with the protected video, beside a plain decoding of its source; empty when nothing is."""
    expected, errors, base = plain(path)
    if errors and mode == "fail":
        return f"{errors} errors of decoding went unnoticed"
    if len(expected) != len(pts):
        return f"{len(pts)} frames used, {len(expected)} decode"
    if info.pts_rule == "kept" and expected != pts:  # type: ignore[attr-defined]
        return "times are not the source's"
    shown, wrong, out_base = plain(written)
    if wrong or len(shown) != len(pts):
        return f"the protected video has {len(shown)} frames and {wrong} errors, its source {len(pts)} frames"
    relative = [(at - shown[0]) * out_base for at in shown]
    if relative != [(at - pts[0]) * base for at in pts]:
        return "frames of the protected video are shown at other times"
    return _uncovered(written)


def _uncovered(written: Path) -> str:
    with av.open(str(written)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            luma = frame.to_ndarray(format="gray")
            hidden = luma[:, : max(1, luma.shape[1] // 2 - _MARGIN_PX)]
            if int(hidden.max()) - int(hidden.min()) > _SOLID and hidden.shape[1] > 1:
                return f"frame {number} of the protected video is not hidden"
    return ""

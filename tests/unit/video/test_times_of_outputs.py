"""What is made of a video has its frames at its times, whatever they are; below zero they are shifted by a constant."""

import csv
import json
import logging
from fractions import Fraction
from random import Random

import av
import pytest
from builders import write_detections
from clips import make

from objmask.cli import main
from objmask.detections.arrays import Detections
from objmask.video import VideoInfo, probe, read_frames

GROUPS = '{"cup": {"objects": ["cup"], "colour": [255, 0, 0]}}'
WRAP = 2**33
"""Ticks after which MPEG's clock of 33 bits begins again."""
DISABLED = {"avoid_negative_ts": "disabled"}
TS = {**DISABLED, "mpegts_copyts": "1", "muxdelay": "0", "muxpreload": "0"}


def variable(seed, count, least, most, start):
    """Increasing times with steps of every size."""
    random, times = Random(seed), [start]  # noqa: S311
    while len(times) < count:
        times.append(times[-1] + random.choice([least, least + 1, random.randint(least, most), most]))
    return times


def cases():
    """(file name, how to make it) of containers, clocks and first times; with steps that vary."""
    for seed in range(6):
        random = Random(seed)  # noqa: S311
        denominator = random.choice([1, 25, 1000, 30000, 44100, 90000, 705600, 10**7, 2**31 - 1])
        time_base = Fraction(random.choice([1, 1, 1001]), denominator)
        start = random.choice([0, 1, 12345, 2**33 + 5, 10**13])
        pts = variable(seed, 12, 1, max(1, denominator // 8), start)
        yield f"{seed}.mp4", {"time_base": time_base, "pts": pts, "options": {"bf": "0"}}
    for seed, start in enumerate([WRAP - 90000, WRAP - 3 * 90000, WRAP - 59 * 90000, WRAP - 100 * 90000, 0, 7]):
        pts = variable(seed, 30, 900, 20000, start)
        yield f"ts_{seed}.ts", {"time_base": Fraction(1, 90000), "pts": pts, "container_options": TS}
    # Across the wrap from far before it: FFmpeg counts on.
    pts = range(WRAP - 100 * 90000, WRAP + 20 * 90000, 400000)
    yield "ts_on.ts", {"time_base": Fraction(1, 90000), "pts": pts, "container_options": TS}
    stored = {"codec": "mpeg4", "time_base": Fraction(1, 1000), "container_options": DISABLED}
    yield "a.wmv", {**stored, "pts": variable(0, 15, 20, 300, -850)}
    for seed, start in enumerate([-850, -50, -1]):
        yield f"mkv_{seed}.mkv", {**stored, "pts": range(start, start + 2000, 100)}
        yield f"h264_{seed}.mkv", {**stored, "codec": "libx264", "pts": range(start, start + 2000, 33)}


def shown(path, kind="video"):
    """(time, end) in seconds of every packet that a player shows, in order of time."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        packets = [p for p in container.demux(stream) if p.size and not p.is_discard]
        return sorted((p.pts * p.time_base, (p.pts + p.duration) * p.time_base) for p in packets)


def decoded_times(path):
    """Seconds at which frames are shown, by FFmpeg alone; None = it does not say."""
    with av.open(str(path)) as container:
        return [None if f.pts is None else f.pts * f.time_base for f in container.decode(video=0)]


def run(verb, **options):
    arguments = [
        f"--{key.replace('_', '-')}" + ("" if value is True else f"={value}") for key, value in options.items()
    ]
    return main([verb, *arguments])


def detected(video, folder):
    """The options that say what is painted of a video and what is hidden, which is nothing, and the video."""
    assert run("probe", video=video, out=folder / "p.json") == 0
    info = VideoInfo.read(folder / "p.json")
    pts = [frame.pts for frame in read_frames(video, info)]
    metadata = {"time_base": str(info.time_base), "start_pts": info.start_pts, "video_sha256": info.sha256}
    write_detections(folder / "d.parquet", [Detections.empty()] * info.frames, pts, **metadata)
    probed = {"probe": folder / "p.json"}
    found = {**probed, "detections": folder / "d.parquet"}
    assert run("paint", **found, groups=GROUPS, out=folder / "painted.parquet") == 0
    assert run("hide", **found, objects='["cup"]', out=folder / "hidden.parquet") == 0
    painted = {**probed, "painted": folder / "painted.parquet", "groups": GROUPS}
    return painted, {**probed, "hidden": folder / "hidden.parquet"}, info


@pytest.mark.parametrize(("name", "stored"), [*cases()], ids=lambda value: value if isinstance(value, str) else "")
def test_every_output_shows_every_frame_at_its_time(tmp_path, name, stored):
    video = make(tmp_path / name, **stored)
    painted, hidden, info = detected(video, tmp_path)
    there = decoded_times(video)
    first = next(time - k / info.rate for k, time in enumerate(there) if time is not None)
    shift = max(Fraction(0), -first) if there[0] is not None else info.shift_pts * info.time_base
    assert info.shift_pts * info.time_base == shift
    assert len(there) == len(stored["pts"]) == info.frames
    times = [frame.pts * info.time_base for frame in read_frames(video, info)]
    assert min(times) >= 0
    assert all(b is None or a == b + shift for a, b in zip(times, there, strict=True))
    if name.startswith("h264"):  # those below zero have no time: counted back from the first that has one
        assert {times[k + 1] - times[k] for k in range(10)} <= {round(1 / info.rate, 3), Fraction(33, 1000)}
    assert run("masks", **painted, out=tmp_path / "masks.mp4") == 0
    assert run("masks", **painted, lossless=True, out=tmp_path / "lossless.mp4") == 0
    assert run("overlay", **painted, video=video, out=tmp_path / "overlay.mp4") == 0
    assert run("protect", **hidden, video=video, out=tmp_path / "protected.mp4") == 0
    expected = list(zip(times, [*times[1:], info.end_pts * info.time_base], strict=True))
    for kind in ("overlay", "protected"):
        assert shown(tmp_path / f"{kind}.mp4") == expected
    for kind in ("masks", "lossless"):
        assert [time for time, _ in shown(tmp_path / f"{kind}.mp4")] == times
    assert run("coverage", **painted, out=tmp_path / "c.csv") == 0
    with (tmp_path / "c.csv").open() as file:
        rows = [row for row in csv.DictReader(file)]  # noqa: C416
    assert [float(row["time_s"]) for row in rows] == pytest.approx([float(t - times[0]) for t in times], abs=1e-6)


@pytest.mark.parametrize("codec", ["aac", "mp2"])
@pytest.mark.parametrize("sound_from", [0, 0.4, -0.3])
def test_sound_is_shifted_with_its_pictures(tmp_path, codec, sound_from):
    """The clock wraps a second after the video begins; the sound begins with it, or later, or before."""
    start = WRAP - 90000
    video = make(
        tmp_path / "a.ts",
        time_base=Fraction(1, 90000),
        pts=variable(1, 30, 2000, 12000, start),
        audio=codec,
        sound_rate=48000,
        sound_from_s=start / 90000 + sound_from,
        container_options=TS,
    )
    _, hidden, info = detected(video, tmp_path)
    assert info.shift_pts * info.time_base == 1
    protected = tmp_path / "protected.mp4"
    assert run("protect", **hidden, video=video, audio="copy", out=protected) == 0
    assert shown(protected)[0][0] == 0
    expected = [start + 1 for start, _ in shown(video, "audio") if start + 1 >= 0]
    got = [start for start, _ in shown(protected, "audio")][-len(expected) :]
    # MP4 counts sound in samples.
    assert len(got) == len(expected)
    assert all(abs(a - b) <= Fraction(1, 48000) for a, b in zip(got, expected, strict=True))


def test_a_shift_is_said(tmp_path, caplog):
    pts = range(WRAP - 90000, WRAP + 90000, 9000)
    video = make(tmp_path / "a.ts", time_base=Fraction(1, 90000), pts=pts, container_options=TS)
    with caplog.at_level(logging.WARNING):
        painted, _, info = detected(video, tmp_path)
    said = "its times begin 1 s before zero, which MP4 cannot hold: all are later by 1 s, in tables, pictures and sound"
    assert said in info.warnings
    assert said in caplog.text
    assert json.loads(painted["probe"].read_text())["shift_pts"] == 90000


@pytest.mark.parametrize("start", [WRAP - 90000, WRAP - 100 * 90000])
def test_windows_and_chunks_of_a_shifted_video(tmp_path, start):
    pts = [start + 3000 * k for k in range(120)]
    stored = {"time_base": Fraction(1, 90000), "pts": pts, "container_options": TS, "options": {"g": "10"}}
    video = make(tmp_path / "a.ts", **stored)
    info = probe(video)
    whole = [(f.number, f.pts, f.duration_pts, f.planes().y.tobytes()) for f in read_frames(video, info)]
    assert len(info.keyframes) > 2
    assert [pts for _, pts, *_ in whole] == [k * 3000 + info.start_pts for k in range(120)]

    def part(**which):
        return [(f.number, f.pts, f.duration_pts, f.planes().y.tobytes()) for f in read_frames(video, info, **which)]

    for first in range(0, 120, 17):
        assert part(start=first, stop=first + 17) == whole[first : first + 17]
    assert part(window=(1.0, 2.0)) == whole[30:60]
    assert part(start=60, window=(1.5, 3.0)) == whole[60:90]

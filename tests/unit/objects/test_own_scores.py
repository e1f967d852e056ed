"""The scores that the network gave a track near in time, beside a count frame by frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import METADATA, found

from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.objects.own_scores import OwnScores

BOX = (0.1, 0.1, 0.6, 0.6)
NEAR_S = 0.1


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("objmask.objects.own_scores.NEAR_S", NEAR_S)


def written(path: Path, frames: list[Detections], first: int = 0, every: int = 1) -> FrameTable:
    with DetectionWriter(path, frames_path(path), METADATA) as writer:
        for n, one in enumerate(frames, first):
            writer.write(n, 1001 * n, 1001, inferred=n % every == 0, found=one)
    return FrameTable.read(frames_path(path))


def rows(*items: tuple[int, float, int]) -> Detections:
    """(track, own score, how far carried) each; the track has raised the score."""
    one = found(*(("cup", 0.9, BOX) for _ in items))
    tracks, own, carried = zip(*items, strict=True) if items else ((), (), ())
    return replace(one, track_ids=tracks, found_scores=own, carried=carried)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("first", "every"), [(0, 1), (7, 1), (0, 3)])
def test_the_mean_is_that_of_the_frames_near_in_time(tmp_path: Path, seed: int, first: int, every: int) -> None:
    rng = np.random.default_rng(seed)
    frames = [
        rows(*((int(k), round(float(rng.random()), 3), int(rng.integers(-1, 2))) for k in rng.integers(-1, 4, 4)))
        for _ in range(20)
    ]
    table = written(tmp_path / "a.parquet", frames, first, every)
    scores = OwnScores.read(tmp_path / "a.parquet", table)
    times = table.time_s
    for track in range(5):
        for row in range(20):
            near = [k for k in range(20) if abs(times[k] - times[row]) <= NEAR_S]
            best = [
                max(
                    (own for own, number, moved in zip(one.found_scores, one.track_ids, one.carried, strict=True)
                     if number == track and not moved),
                    default=0.0,
                )
                for one in (frames[k] for k in near)
            ]  # fmt: skip
            looked = int(table.inferred[near].sum())
            expected = sum(best) / looked if looked and track < 4 else 0.0
            assert scores.mean(track, row) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("frames", [[], [rows()] * 3, [rows((-1, 0.9, 0))] * 3, [rows((2, 0.9, 1))] * 3], ids=len)
def test_where_no_track_was_found_there_is_no_score(tmp_path: Path, frames: list[Detections]) -> None:
    """Also in a file without tracks."""
    scores = OwnScores.read(tmp_path / "a.parquet", written(tmp_path / "a.parquet", frames))
    assert scores.of == {}
    assert [scores.mean(2, row) for row in range(len(frames))] == [0.0] * len(frames)


def test_where_the_network_did_not_look_there_is_no_score(tmp_path: Path) -> None:
    table = written(tmp_path / "a.parquet", [rows((0, 0.9, 0)), *[rows()] * 20], first=0, every=21)
    scores = OwnScores.read(tmp_path / "a.parquet", table)
    assert scores.mean(0, 0) == pytest.approx(0.9)
    assert scores.mean(0, 20) == 0

"""Clear cuts of a scene are found; flashes, pans, lost frames and low rates are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from objmask.video.cuts import CutFinder, thumbnail
from objmask.video.info import VideoInfo
from objmask.video.probe import probe

Picture = npt.NDArray[np.uint8]
SIZE = (160, 90)
PANORAMA = (640, 360)


def room(seed: int) -> Picture:
    """A panorama with things of all sizes, and light of its own; uint8 (h, w)."""
    rng = np.random.default_rng(seed)
    width, height = PANORAMA
    light = cv2.resize(rng.uniform(40, 215, (2, 3)), PANORAMA, interpolation=cv2.INTER_LINEAR)
    picture = np.clip(light, 0, 255)
    for _ in range(150):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        w, h = (int(side) for side in rng.integers(8, 90, 2))
        picture[y : y + h, x : x + w] = np.clip(picture[y : y + h, x : x + w] + rng.normal(0, 45), 0, 255)
    return picture.astype(np.uint8)


def shot(seed: int, frames: int, step_px: float = 1.0, shake_px: float = 1.5, start_px: int = 100) -> list[Picture]:
    """A camera that turns in a room, by so many pixels of 160 a frame, and shakes."""
    rng, picture = np.random.default_rng(seed), room(seed)
    made = []
    for n in range(frames):
        x, y = start_px + n * step_px + rng.normal(0, shake_px), 100 + rng.normal(0, shake_px)
        left, top = int(np.clip(x, 0, PANORAMA[0] - SIZE[0])), int(np.clip(y, 0, PANORAMA[1] - SIZE[1]))
        noisy = picture[top : top + SIZE[1], left : left + SIZE[0]] + rng.normal(0, 2, SIZE[::-1])
        made.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return made


def cuts(pictures: Iterable[Picture], rate: float = 30, times_s: Sequence[float] | None = None) -> list[int]:
    finder = CutFinder()
    for n, grey in enumerate(pictures):
        small = thumbnail(av.VideoFrame.from_ndarray(grey, "gray"))
        finder.see(small, n / rate if times_s is None else times_s[n])
    return finder.end()


def write(
    path: Path, pictures: Iterable[Picture], rate: int = 30, codec: str = "libx264", fmt: str = "yuv420p"
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *SIZE, fmt
        for grey in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, "gray").reformat(format=fmt)))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("rate", [0.5, 5, 25, 30, 60])
def test_cuts_between_rooms_are_found_where_they_are(rate: float) -> None:
    lengths = [20, 25, 30, 22, 40]
    pictures = [one for seed, frames in enumerate(lengths, 10) for one in shot(seed, frames)]
    assert cuts(pictures, rate) == np.cumsum(lengths)[:-1].tolist()


@pytest.mark.parametrize(
    "codec", [("libx264", "yuv420p", "a.mp4"), ("libx264", "yuv420p10le", "a.mkv"), ("ffv1", "bgr0", "a.mkv")]
)
def test_probe_says_where_they_are(tmp_path: Path, codec: tuple[str, str, str]) -> None:
    name, fmt, file = codec
    video = write(tmp_path / file, [*shot(11, 20), *shot(12, 20)], codec=name, fmt=fmt)
    info = probe(video)
    assert info.cuts == [20]
    assert VideoInfo.from_json(info.to_json()) == info


def flashes(pictures: list[Picture]) -> list[Picture]:
    for n in range(12, len(pictures) - 8, 15):
        for k in range(n, n + 1 + n % 5):
            pictures[k] = np.clip(pictures[k].astype(float) * 3 + 60, 0, 255).astype(np.uint8)
    return pictures


def light_is_switched(pictures: list[Picture]) -> list[Picture]:
    return [np.clip(p * (1.4 if n // 20 % 2 else 0.6), 0, 255).astype(np.uint8) for n, p in enumerate(pictures)]


def covered(pictures: list[Picture]) -> list[Picture]:
    hand = shot(99, 1)[0]
    for n in range(12, len(pictures) - 8, 20):
        pictures[n : n + 1 + n % 6] = [hand] * (1 + n % 6)
    return pictures


def frames_lost(pictures: list[Picture]) -> list[Picture]:
    return [one for n, one in enumerate(pictures) if n % 17 > 1]


def frames_doubled(pictures: list[Picture]) -> list[Picture]:
    return [one for one in pictures[::4] for _ in range(4)]


def black_between(pictures: list[Picture]) -> list[Picture]:
    return [one if n % 25 > 9 else np.full_like(one, 16) for n, one in enumerate(pictures)]


@pytest.mark.parametrize("step_px", [0, 3, 8], ids=["still", "turning", "turning fast"])
@pytest.mark.parametrize(
    "change", [list, flashes, light_is_switched, covered, frames_lost, frames_doubled, black_between]
)
def test_what_is_no_cut(change: Callable[[list[Picture]], list[Picture]], step_px: float) -> None:
    for seed in range(3):
        assert cuts(change(shot(seed, 60, step_px, start_px=0))) == [], seed


@pytest.mark.parametrize("every", [5, 15, 30])
def test_pictures_far_apart_are_none(every: int) -> None:
    for seed in range(3):
        assert cuts(shot(seed, 300, 4, start_px=0)[::every], 30 / every) == [], seed


def test_plain_and_changing_pictures_say_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, SIZE[::-1], np.uint8) for _ in range(40)]
    plain = [np.full(SIZE[::-1], level, np.uint8) for level in (16, 235) for _ in range(20)]
    assert cuts(noise) == []
    assert cuts(plain) == []


def test_a_short_scene_is_none() -> None:
    """It may be a flash, or a hand; what was before it goes on being hidden."""
    assert cuts([*shot(11, 30), *shot(12, 5), *shot(13, 30)]) == []


def test_times_that_are_missing_or_fall_change_nothing() -> None:
    finder = CutFinder()
    for n, grey in enumerate([*shot(11, 30), *shot(12, 30)]):
        small = thumbnail(av.VideoFrame.from_ndarray(grey, "gray"))
        finder.see(small, None if n % 2 else -n / 30)
    assert finder.end() == [30]


def test_memory_is_bounded_at_any_rate() -> None:
    finder = CutFinder()
    pictures = shot(1, 50)
    for n in range(2000):
        small = thumbnail(av.VideoFrame.from_ndarray(pictures[n % 50], "gray"))
        finder.see(small, n / 100_000)
        assert len(finder._looks) <= 301


def test_real_video_without_cuts_has_none_and_spliced_video_has_one(assets: Path) -> None:
    looks = {}
    for video in sorted((assets / "videos/office").rglob("*.*")):
        with av.open(str(video)) as container:
            looks[video.stem] = [thumbnail(frame) for frame in container.decode(video=0)]
    for small in looks.values():
        assert _seen(small) == []
    names = sorted(looks)
    for one, other in pairwise(names):
        assert _seen([*looks[one][-30:], *looks[other][:30]]) == [min(30, len(looks[one]))], (one, other)


def _seen(small: Sequence[Picture]) -> list[int]:
    finder = CutFinder()
    for n, one in enumerate(small):
        finder.see(one, float(Fraction(n, 30)))
    return finder.end()

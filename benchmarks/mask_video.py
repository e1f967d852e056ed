"""Does a mask video say the same as what was painted into it, when it is read back?

    python -m benchmarks.mask_video [ASSETS]

Over the office videos: `masks` writes the H.264 and the lossless file, `objmask.render.colour_masks.read_masks` reads
them, and each group's pixels are compared with the painted maps.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import measure
from objmask.detections.classes import Palette
from objmask.painted.objects import labels_of
from objmask.painted.table import PaintedTable
from objmask.render.colour_masks import read_masks
from objmask.video.info import VideoInfo

Counts = npt.NDArray[np.int64]


def mask_video(video: Path, *, lossless: bool) -> Path:
    """The mask video of a video."""
    out = measure.work() / ("masks_lossless" if lossless else "masks") / f"{video.name}.mp4"
    options = [f"--probe={measure.probe(video)}", f"--painted={measure.painted(video)}"]
    options += [f"--groups={measure.groups()}", f"--out={out}"]
    measure.verb("masks", *options, *(["--lossless"] if lossless else []))
    return out


def compare(video: Path, palette: Palette) -> tuple[Counts, Counts, bool]:
    """(frames, groups + 1) pixels that painted and read share, and that either has; and whether lossless is equal."""
    info = VideoInfo.read(measure.probe(video))
    files = [mask_video(video, lossless=lossless) for lossless in (False, True)]
    read = [read_masks(file, VideoInfo.read(measure.probe(file)), palette) for file in files]
    common, either, equal = [], [], True
    size = len(palette.groups) + 1
    table = PaintedTable.read(measure.painted(video), info, palette)
    for objects, back, exact in zip(table.objects(), *read, strict=True):
        painted = labels_of(objects, palette, info.height, info.width)
        here = np.bincount(painted[painted == back], minlength=size)
        common.append(here)
        either.append(np.bincount(painted.ravel(), minlength=size) + np.bincount(back.ravel(), minlength=size) - here)
        equal = equal and np.array_equal(exact, painted)
    return np.array(common), np.array(either), equal


def main() -> None:
    palette = Palette.from_json(measure.groups())
    by_group, by_video = [], []
    for video in measure.office_videos():
        common, either, equal = compare(video, palette)
        # A group that is not in a frame shares no pixel there: whatever was read is wrong.
        absent = common == 0
        worst = [
            (common[:, k][either[:, k] >= 100] / either[:, k][either[:, k] >= 100]).min(initial=1.0)
            for k in range(1, len(palette.groups) + 1)
        ]
        for k, group in enumerate(palette.groups, 1):
            if either[:, k].any():
                ratio = common[:, k].sum() / either[:, k].sum()
                shown = int((common[:, k] > 0).sum())
                by_group.append((video.stem, group.name, shown, ratio, worst[k - 1]))
        wrong = int(either[:, 1:][absent[:, 1:]].sum())
        ratio = common[:, 1:].sum() / max(1, either[:, 1:].sum())
        by_video.append((video.stem, len(common), ratio, min(worst), wrong, "yes" if equal else "no"))
    print("Read back from H.264 (frames in which a group has under 100 pixels do not count for the worst):\n")
    measure.table(
        ("video", "frames", "IoU", "worst frame and group", "pixels of absent groups", "lossless equal"), by_video
    )
    print("By group, its pixels summed over the video:\n")
    measure.table(("video", "group", "frames", "IoU", "worst frame"), by_group)


if __name__ == "__main__":
    main()

"""Make the training clips of one video: a fixed number of small pictures of its masks or of the video itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.errors import ConfigError, DataError
from objmask.verbs.options import (
    add_groups,
    add_names,
    add_on_truncated,
    add_painted,
    add_probe,
    add_setting,
    progress,
    whole,
)

if TYPE_CHECKING:
    from objmask.clips.pictures import Picture
    from objmask.clips.sampling import Rows
    from objmask.detections.frames_table import FrameTable
    from objmask.video.info import VideoInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    add_probe(parser)
    parser.add_argument(
        "--frames-table",
        type=Path,
        required=True,
        metavar="PARQUET",
        help="frames table of the video (.frames.parquet)",
    )
    add_painted(parser, required=False)
    add_groups(parser, required=False)
    add_setting(parser, "clips.of")
    parser.add_argument(
        "--video", type=Path, metavar="FILE", help="the source video or the protected video, when clips show it"
    )
    add_on_truncated(parser)
    add_setting(parser, "clips.frames")
    parser.add_argument("--width", type=whole(1, 4096), default=64, metavar="PX", help="size of the pictures")
    parser.add_argument("--height", type=whole(1, 4096), default=64, metavar="PX", help="size of the pictures")
    for key in (
        *("resize", "sampling", "per_video", "seed", "rate", "step_min", "step_max", "short", "flip_when_fps_over"),
    ):
        add_setting(parser, f"clips.{key}")
    parser.add_argument("--name", required=True, help="name of the video; it decides the random start and step")
    parser.add_argument("--label", default="unlabelled", help="label of the video, for example the activity")
    parser.add_argument("--subject", default="", help="who wears the camera")
    add_names(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="NPZ", help="file to write")


def run(options: argparse.Namespace) -> None:
    """Writes the file."""
    from objmask.clips.clip import assemble
    from objmask.clips.names import label_and_subject
    from objmask.clips.sampling import ClipSampling, candidates_of
    from objmask.detections.frames_table import FrameTable
    from objmask.files.parquet import metadata_of
    from objmask.video.info import VideoInfo

    info = VideoInfo.read(options.probe)
    table = FrameTable.read(options.frames_table)
    if metadata_of(options.frames_table).get("video_sha256") != info.identity:
        raise DataError(f"{options.frames_table}: is of another video, or of an earlier version of it; make it again")
    sampling = ClipSampling(
        frames=options.frames,
        per_video=options.per_video,
        kind=options.sampling,
        seed=options.seed,
        rate=options.rate,
        step_min=options.step_min,
        step_max=options.step_max,
        short=options.short,
    )
    candidates = candidates_of(table, sampling.rate, inferred=options.of == "masks")
    if not len(candidates):
        raise DataError(f"{options.name}: has no frame to make a clip of; widen the window")
    rows = sampling.choose(options.name, candidates)
    label, subject = label_and_subject(options.name, options.label, options.subject, options.names)
    assemble(
        rows,
        table,
        _pictures(options, info, table, rows),
        size=(options.width, options.height),
        resize=options.resize,
        upside_down=options.flip_when_fps_over is not None and info.rate > options.flip_when_fps_over,
        label=label,
        subject=subject,
        video=options.name,
    ).write(options.out)


def _pictures(
    options: argparse.Namespace, info: VideoInfo, table: FrameTable, rows: Rows
) -> Iterator[tuple[int, Picture]]:
    """(row, picture) of each row that a clip shows."""
    from objmask.clips.pictures import mask_pictures, video_pictures
    from objmask.detections.classes import Palette
    from objmask.painted.table import PaintedTable
    from objmask.video.probe import probe

    wanted = sorted({int(row) for row in rows.flat if row >= 0})
    title = f"clips {options.name}"
    if options.of == "masks":
        if options.groups is None or options.painted is None:
            raise ConfigError("--painted, --groups: clips of masks need what is painted, and the colours of the groups")
        palette = Palette.from_json(options.groups)
        painted = PaintedTable.read(options.painted, info, palette)
        if painted.frames.pts.tolist() != table.pts.tolist():
            raise DataError(f"{options.painted}: has other frames than {options.frames_table}; run paint again")
        with progress(options, title, len(table)) as bar:
            yield from mask_pictures(painted, frozenset(wanted), palette, bar)
        return
    if options.video is None:
        raise ConfigError(f"--video: clips of {options.of} need the file")
    if options.of == "protected":
        # Its frames are those of the table, counted from 0.
        info, numbers = probe(options.video), {row: row for row in wanted}
        if info.frames != len(table):
            raise DataError(f"{options.video}: has {info.frames} frames, not {len(table)}; run protect again")
    else:
        numbers = {int(table.number[row]): row for row in wanted}
    with progress(options, title, max(numbers) - min(numbers) + 1) as bar:
        yield from video_pictures(options.video, info, numbers, bar, on_truncated=options.on_truncated)

"""Follow objects through a video, and fill the frames in which the network missed them. Runs no network."""

from __future__ import annotations

import argparse

from objmask.verbs.options import add_detection_outputs, add_setting, add_video, progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    from pathlib import Path

    add_video(parser)
    parser.add_argument("--detections", type=Path, required=True, metavar="PARQUET", help="detections of one model")
    for key in ("gap_s", "extend_s", "memory_s"):
        add_setting(parser, f"tracks.{key}")
    add_setting(parser, "tracks.flow", help="do not use the motion of the picture: faster, less exact")
    add_detection_outputs(parser)


def run(options: argparse.Namespace) -> None:
    """Writes the two files."""
    from objmask.objects.tables import read_tables
    from objmask.objects.track import TrackSettings, track
    from objmask.video.info import VideoInfo
    from objmask.video.reader import read_frames

    info = VideoInfo.read(options.probe)
    tables = read_tables([options.detections], info.identity)
    frames = read_frames(
        options.video, info, window=(options.start_s, options.end_s), on_truncated=options.on_truncated
    )
    with progress(options, f"track {options.out.stem}", len(tables[0][1])) as bar:
        track(
            info,
            tables,
            None if options.no_flow else frames,
            TrackSettings(options.gap_s, options.extend_s, options.memory_s),
            options.out,
            options.out_frames,
            bar,
        )

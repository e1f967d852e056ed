"""Options that several verbs share, as they are typed. What they come to is in `objmask.verbs.values`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objmask.progress import Progress


def share(text: str) -> float:
    """A number in 0..1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not in 0..1")
    return value


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """A whole number of at least `low`, at most `high`."""

    def number(text: str) -> int:
        value = int(text)
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"{text} is not {f'in {low}..{high}' if high else f'at least {low}'}")
        return value

    return number


def step(text: str) -> int | str:
    """`adaptive`, or a whole number of at least 1."""
    return text if text == "adaptive" else whole(1)(text)


def positive(text: str) -> float:
    """A finite number above 0."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def seconds(text: str) -> float:
    """A time from the first frame, at least 0."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not at least 0, or not finite")
    return value


def add_probe(parser: argparse.ArgumentParser) -> None:
    """`--probe`."""
    parser.add_argument("--probe", type=Path, required=True, metavar="JSON", help="what `probe` wrote about the video")


def add_window(parser: argparse.ArgumentParser) -> None:
    """`--start-s`, `--end-s`."""
    parser.add_argument("--start-s", type=seconds, metavar="S", help="first second, from the first frame; none: start")
    parser.add_argument("--end-s", type=seconds, metavar="S", help="up to this second; none: end")


def add_video(parser: argparse.ArgumentParser) -> None:
    """A video, what is known of it, and which part of it is meant."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    add_probe(parser)
    add_window(parser)
    add_on_truncated(parser)


def add_on_truncated(parser: argparse.ArgumentParser) -> None:
    """`--on-truncated`."""
    parser.add_argument("--on-truncated", choices=("fail", "keep"), default="fail", help="for a video that breaks off")


def add_chunk(parser: argparse.ArgumentParser) -> None:
    """Which frames of a video get inference, and for which models."""
    parser.add_argument("--chunk", metavar="FIRST-STOP", help="e.g. 00000000-00000300; none: the whole video")
    parser.add_argument("--every", type=step, default=1, help="inference on every n-th frame, or adaptive")
    parser.add_argument(
        "--model", type=Path, required=True, action="append", metavar="FOLDER", help="an installed model; once a model"
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """What `frames` wrote."""
    parser.add_argument("--frames", type=Path, required=True, metavar="NUT", help="frames file from `frames`")
    parser.add_argument("--table", type=Path, required=True, metavar="PARQUET", help="frames table from `frames`")


def add_detections(parser: argparse.ArgumentParser, score: float, threshold: float) -> None:
    """Detections, and which of them count."""
    add_tables(parser)
    parser.add_argument("--score", type=share, default=score, help="use detections scoring at least this, 0..1")
    parser.add_argument(
        "--threshold", type=share, default=threshold, help="mask probability of an object's pixels, 0..1"
    )
    parser.add_argument("--corrections", metavar="JSON", help="list of this video's entries of a file of corrections")


def add_tables(parser: argparse.ArgumentParser) -> None:
    """`--detections`."""
    parser.add_argument(
        "--detections",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="PARQUET",
        help="detections of each model, with their .frames.parquet beside",
    )


def add_every(parser: argparse.ArgumentParser) -> None:
    """`--every`, of exported frames."""
    parser.add_argument("--every", type=whole(1), default=1, help="export frames whose number is a multiple of this")


def add_groups(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """The palette."""
    parser.add_argument(
        "--groups",
        required=required,
        metavar="JSON",
        help='{"name": {"objects": […], "colour": [r, g, b], "sensitive": …}}',
    )


def add_video_table(parser: argparse.ArgumentParser) -> None:
    """`--videos`: thousands of names do not fit on a command line."""
    parser.add_argument(
        "--videos",
        type=Path,
        required=True,
        metavar="TSV",
        help="table of the videos that count, with the columns name, label, subject, excluded (why, or empty)",
    )


def add_names(parser: argparse.ArgumentParser) -> None:
    """What the names of videos say."""
    parser.add_argument(
        "--names", choices=("plain", "fpvo"), default="plain", help="what file names say: fpvo: subject"
    )


def add_clips(parser: argparse.ArgumentParser) -> None:
    """What `clips` wrote."""
    parser.add_argument("--clips", type=Path, required=True, metavar="FOLDER", help="folder of the files of `clips`")


def add_hidden(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """What `protect` hides, and in which shape; `required`: the objects must be named."""
    add_objects(parser, required=required)
    parser.add_argument("--shape", choices=("mask", "box", "ellipse"), default="mask", help="what to hide")
    parser.add_argument("--grow", type=share, default=0.05, help="margin, share of the object's longer side, 0..1")
    parser.add_argument("--zones", default="[]", metavar="JSON", help="polygons [[x, y], …] hidden always, shares 0..1")
    parser.add_argument(
        "--whole-frame-when", choices=("never", "no_detection"), default="never", help="hide whole frames"
    )


def add_hold(parser: argparse.ArgumentParser) -> None:
    """`--hold`."""
    parser.add_argument(
        "--hold",
        default="0.1 s",
        help="how long before and after it hides its place too: frames, or a time such as 0.1 s",
    )


def add_nothing_hidden(parser: argparse.ArgumentParser) -> None:
    """`--nothing-hidden`."""
    parser.add_argument(
        "--nothing-hidden",
        choices=("warn", "fail"),
        default="warn",
        help="for a video in which, or in a long part of which, nothing at all is hidden",
    )


def add_objects(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--objects`."""
    none = "" if required else "; none: the configuration's defaults"
    parser.add_argument(
        "--objects", required=required, metavar="JSON", help=f'what to hide, e.g. \'["person", "laptop"]\'{none}'
    )


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """Output video."""
    parser.add_argument("--quality", type=whole(0, 51), default=20, help="H.264 crf, 0..51, lower is better")
    add_mp4(parser)


def add_mp4(parser: argparse.ArgumentParser) -> None:
    """Output video of a quality that is not the user's to choose."""
    parser.add_argument("--preset", default="veryfast", help="H.264 effort")
    parser.add_argument("--out", type=Path, required=True, metavar="MP4", help="video to write")


def add_detection_outputs(parser: argparse.ArgumentParser) -> None:
    """The two files that hold detections."""
    parser.add_argument("--out", type=Path, required=True, metavar="PARQUET", help="detections to write")
    parser.add_argument("--out-frames", type=Path, required=True, metavar="PARQUET", help="frames table to write")


def progress(options: argparse.Namespace, what: str, total: int, unit: str = "frames") -> Progress:
    """Progress of a verb: a bar by hand, lines in the workflow's log."""
    from objmask.progress import Progress

    return Progress(what, total, unit=unit, bar=options.log is None)


def add_network_settings(parser: argparse.ArgumentParser) -> None:
    """`--set`, any number of times: a list of (key, value) of `objmask.maskrcnn.config.MaskRCNNConfig`."""
    parser.add_argument(
        "--set",
        action="append",
        type=_setting,
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the network, such as proposals=100, score_floor=0.05 or clip_before_nms=true",
    )


def _setting(text: str) -> tuple[str, Any]:
    key, _, value = text.partition("=")
    from objmask.files.whole import parse_json

    try:
        return key, parse_json(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not KEY=VALUE with a number, true, false or a list") from error

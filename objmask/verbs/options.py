"""Options that several verbs share. `objmask.verbs.values` turns them into settings."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objmask.config.hiding import Section
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
    parser.add_argument(
        "--start-s", type=seconds, metavar="S", help="start, in seconds since the first frame; none: the first frame"
    )
    parser.add_argument(
        "--end-s", type=seconds, metavar="S", help="end (exclusive), in seconds since the first frame; none: the end"
    )


def add_video(parser: argparse.ArgumentParser) -> None:
    """`--video`, `--probe` and the window."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    add_probe(parser)
    add_window(parser)
    add_on_truncated(parser)


def add_on_truncated(parser: argparse.ArgumentParser) -> None:
    """`--on-truncated`."""
    parser.add_argument(
        "--on-truncated", choices=("fail", "keep"), default="fail", help="what to do with a video that breaks off"
    )


def add_chunk(parser: argparse.ArgumentParser) -> None:
    """The frames of a video for inference, and the models that need them."""
    parser.add_argument(
        "--chunk", metavar="FIRST-STOP", help="part of the video, e.g. 00000000-00000300; none: the whole video"
    )
    parser.add_argument("--every", type=step, default=1, help="run the network on every n-th frame, or `adaptive`")
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        action="append",
        metavar="FOLDER",
        help="folder of an installed model; repeat it for each model",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """The files that `frames` wrote."""
    parser.add_argument("--frames", type=Path, required=True, metavar="NUT", help="frames file that `frames` wrote")
    parser.add_argument("--table", type=Path, required=True, metavar="PARQUET", help="frames table that `frames` wrote")


def add_detections(parser: argparse.ArgumentParser, score: float, threshold: float) -> None:
    """Detections, and the thresholds that choose among them."""
    add_corrected(parser)
    parser.add_argument("--score", type=share, default=score, help="use detections with at least this score, 0..1")
    parser.add_argument(
        "--threshold", type=share, default=threshold, help="mask probability of an object's pixels, 0..1"
    )


def add_corrected(parser: argparse.ArgumentParser) -> None:
    """Detections, and their corrections."""
    add_tables(parser)
    parser.add_argument("--corrections", metavar="JSON", help="corrections of this video: a JSON list of entries")


def add_tables(parser: argparse.ArgumentParser) -> None:
    """`--detections`."""
    parser.add_argument(
        "--detections",
        type=Path,
        required=True,
        action="extend",
        nargs="+",
        metavar="PARQUET",
        help="detections of each model, with their .frames.parquet beside them",
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
    """`--videos`: a table, because thousands of names do not fit on a command line."""
    parser.add_argument(
        "--videos",
        type=Path,
        required=True,
        metavar="TSV",
        help="table of the videos, with the columns name, label, subject, excluded (the reason, or empty)",
    )


def add_names(parser: argparse.ArgumentParser) -> None:
    """`--names`: what file names say."""
    parser.add_argument(
        "--names", choices=("plain", "fpvo"), default="plain", help="what file names say; fpvo: the subject"
    )


def add_clips(parser: argparse.ArgumentParser) -> None:
    """The files that `clips` wrote."""
    parser.add_argument(
        "--clips", type=Path, required=True, metavar="FOLDER", help="folder with the files that `clips` wrote"
    )


def add_hiding(parser: argparse.ArgumentParser, *single: str) -> None:
    """`--hiding`: what `protect` hides. Each key in `single` has an option of its own, which takes precedence."""
    from objmask.config.hiding import Hiding

    _add_values(parser, Hiding, "hiding", "what is hidden", single)


def add_look(parser: argparse.ArgumentParser) -> None:
    """`--look`: how hidden areas look. Each key has an option of its own, which takes precedence."""
    from objmask.config.hiding import HiddenLook

    _add_values(parser, HiddenLook, "look", "how hidden areas look", tuple(HiddenLook.model_fields))


def _add_values(
    parser: argparse.ArgumentParser, kind: type[Section], name: str, what: str, single: tuple[str, ...]
) -> None:
    from objmask.config.hiding import as_option, told

    defaults = json.loads(as_option(kind()))
    parser.add_argument(
        f"--{name}", metavar="JSON", help=f"{what}: keys and values; none: those of {as_option(kind())}"
    )
    for key in single:
        said = f"{told(kind, key)}{f' (default: {defaults[key]})' if defaults[key] else ''}"
        parser.add_argument(f"--{key.replace('_', '-')}", dest=f"{name}_{key}", metavar="VALUE", help=said)


def add_nothing_hidden(parser: argparse.ArgumentParser) -> None:
    """`--nothing-hidden`."""
    parser.add_argument(
        "--nothing-hidden",
        choices=("warn", "fail"),
        default="warn",
        help="what to do when nothing is hidden in the video or a long part of it",
    )


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """Encoding of the output video."""
    parser.add_argument(
        "--quality", type=whole(0, 51), default=20, help="H.264 constant rate factor, 0..51; lower is better"
    )
    add_mp4(parser)


def add_mp4(parser: argparse.ArgumentParser) -> None:
    """Output video with a fixed quality."""
    parser.add_argument("--preset", default="veryfast", help="effort of the H.264 encoder")
    parser.add_argument("--out", type=Path, required=True, metavar="MP4", help="video to write")


def add_detection_outputs(parser: argparse.ArgumentParser) -> None:
    """The two output files of detections."""
    parser.add_argument("--out", type=Path, required=True, metavar="PARQUET", help="detections to write")
    parser.add_argument("--out-frames", type=Path, required=True, metavar="PARQUET", help="frames table to write")


def progress(options: argparse.Namespace, what: str, total: int, unit: str = "frames") -> Progress:
    """Progress of a verb: a bar on a terminal, lines in the log of a workflow."""
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

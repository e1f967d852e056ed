"""Options that several verbs share. `objmask.verbs.values` turns them into settings."""

from __future__ import annotations

import argparse
import json
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objmask.config.hiding import Section
    from objmask.progress import Progress


_SETTINGS = Path(__file__).parents[1] / "config" / "settings.json"
"""The schema of the settings, which `make settings` writes: reading it takes no library."""


def add_setting(parser: argparse._ActionsContainer, key: str, help: str = "") -> None:
    """An option that is a setting of the workflow: what may stand there, its default and its help are the setting's.

    Of a switch that is on by default, the option turns it off: `--no-flow`.

    Args:
        parser: gets the option.
        key: the setting, such as `detect.floor`.
        help: what is said of it, where a verb has more or less to say than the settings.
    """
    part = _schema()
    for name in key.split("."):
        part = part["properties"][name]
    name = key.rpartition(".")[2]
    comment = " ".join(part["description"].partition("\n\n")[0].split())
    said = (help or comment.replace("null:", "none:")).replace("%", "%%")
    spelt = name.replace("_", "-")
    if part.get("type") == "boolean":
        parser.add_argument(f"--{'no-' if part['default'] else ''}{spelt}", action="store_true", help=said)
        return
    parser.add_argument(
        f"--{spelt}",
        type=_reader(part),
        choices=part.get("enum"),
        default=part["default"],
        metavar=None if "enum" in part else "N",
        help=said,
    )


@cache
def _schema() -> Mapping[str, Any]:
    schema: dict[str, Any] = json.loads(_SETTINGS.read_text(encoding="utf-8"))
    return schema


def _reader(part: Mapping[str, Any]) -> Callable[[str], float | str]:
    """What reads an option's text as the value that a setting takes."""
    kinds = part.get("oneOf", [part])
    words = [word for one in kinds for word in one.get("enum", [one.get("const")])]
    numbers: Mapping[str, Any] = next((one for one in kinds if "type" in one), {})
    limits = [(said, holds, numbers[bound]) for bound, (said, holds) in _BOUNDS.items() if bound in numbers]

    def number(text: str) -> float | str:
        if text in words or not numbers:
            return text  # a word that there is not is refused by the parser
        value = int(text) if "integer" in numbers["type"] else float(text)
        if not math.isfinite(value) or not all(holds(value, limit) for _, holds, limit in limits):
            possible = " and ".join(f"{said} {limit:g}" for said, _, limit in limits)
            raise argparse.ArgumentTypeError(f"{text} is not {possible or 'finite'}")
        return value

    return number


_BOUNDS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", operator.ge),
    "exclusiveMinimum": ("above", operator.gt),
    "maximum": ("at most", operator.le),
    "exclusiveMaximum": ("below", operator.lt),
}


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
    add_setting(parser, "window.start_s")
    add_setting(parser, "window.end_s")


def add_video(parser: argparse.ArgumentParser) -> None:
    """`--video`, `--probe` and the window."""
    parser.add_argument("--video", type=Path, required=True, metavar="FILE", help="the video")
    add_probe(parser)
    add_window(parser)
    add_on_truncated(parser)


def add_protected(parser: argparse.ArgumentParser) -> None:
    """`--protected` and `--protected-probe`."""
    parser.add_argument("--protected", type=Path, required=True, metavar="MP4", help="the protected video")
    parser.add_argument(
        "--protected-probe",
        type=Path,
        required=True,
        metavar="JSON",
        help="what `probe` wrote about the protected video",
    )


def add_on_truncated(parser: argparse.ArgumentParser) -> None:
    """`--on-truncated`."""
    add_setting(parser, "on_truncated")


def add_chunk(parser: argparse.ArgumentParser) -> None:
    """The frames of a video for inference, and the models that need them."""
    parser.add_argument(
        "--chunk", metavar="FIRST-STOP", help="part of the video, e.g. 00000000-00000300; none: the whole video"
    )
    add_setting(parser, "detect.every")
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


def add_counting(parser: argparse.ArgumentParser) -> None:
    """`--counting`: which detections of each model count."""
    parser.add_argument(
        "--counting",
        metavar="JSON",
        help='models whose detections count by their own rules: {"<model>": {"score": 0.2, "objects": ["cup"]}}',
    )


def add_painted(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--painted`: the table of what is painted."""
    parser.add_argument(
        "--painted",
        type=Path,
        required=required,
        metavar="PARQUET",
        help="what `paint` wrote, with its .frames.parquet beside it",
    )


def add_hidden(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """`--hidden`: the table of what is hidden."""
    parser.add_argument(
        "--hidden",
        type=Path,
        required=required,
        metavar="PARQUET",
        help="what `hide` wrote, with its .frames.parquet beside it",
    )


def add_table_out(parser: argparse.ArgumentParser) -> None:
    """`--out`, of a table."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PARQUET", help="table to write, and .frames.parquet beside it"
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
    add_setting(parser, "exports.every")


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
    add_setting(parser, "clips.names")


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
    add_setting(parser, "privacy.nothing_hidden")


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """Encoding of the output video."""
    add_setting(parser, "video.quality")
    add_mp4(parser)


def add_mp4(parser: argparse.ArgumentParser) -> None:
    """Output video with a fixed quality."""
    add_setting(parser, "video.preset")
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

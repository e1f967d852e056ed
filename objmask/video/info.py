"""What is known about a video before any of its pictures is looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
import numpy.typing as npt
from annotated_types import Gt

from objmask.files.documents import Amount, Count, Degrees, Sha256, Size, Whole, read_document, typed

ColorRange = Literal["tv", "pc"]
PtsRule = Literal["kept", "sorted", "repaired"]
FieldOrder = Literal["tff", "bff"]
"""Which lines of an interlaced picture were seen first: the first, third, ... (top field) or the others."""

BT709, BT601 = 1, 6
"""Colour matrices as FFmpeg numbers them (AVColorSpace)."""
_HD_LINES = 720
_FRACTIONS = ("sample_aspect", "time_base", "rate")


@dataclass(frozen=True)
class ColorTags:
    """How the numbers of a YUV picture are to be read.

    Attributes:
        range: `tv` (luma 16..235) or `pc` (0..255).
        matrix: RGB to YUV matrix, an FFmpeg AVColorSpace number.
        primaries: FFmpeg AVColorPrimaries number, 2 when unknown.
        transfer: FFmpeg AVColorTransferCharacteristic number, 2 when unknown.
    """

    range: ColorRange
    matrix: int
    primaries: int = 2
    transfer: int = 2


BT709_TV = ColorTags("tv", BT709, 1, 1)
"""What browsers and players expect of a video that has no source to follow."""


def matrix_for(lines: int) -> int:
    """The colour matrix of a picture whose file does not say: BT.709 from 720 lines up, else BT.601."""
    return BT709 if lines >= _HD_LINES else BT601


def _sum(turn: int, further: int) -> Degrees:
    return cast(Degrees, (turn + further) % 360)


@dataclass(frozen=True)
class VideoInfo:
    """One video stream and the file around it, as decoding the whole of it showed.

    Attributes:
        sha256: of the file, hex.
        blocks: of the file, see `objmask.video.fingerprint`.
        container: FFmpeg's name of the file format.
        stream: index of the video stream that is used, in the file.
        codec: FFmpeg's name of the stream's codec, e.g. `h264`.
        pix_fmt: FFmpeg's name of the decoder's pixel format.
        bits: bits a sample.
        stored_width, stored_height: px, as decoded.
        width, height: px, as shown, after rotation.
        rotation: degrees clockwise that the stored picture must be turned for showing.
        rotate: degrees clockwise, seen as shown, that were added to what the file says (setting `rotate`).
        mirrored: whether it must then be flipped left to right.
        sample_aspect: width / height of a sample as shown, 1 when unknown.
        color_range, colorspace, primaries, transfer: as used, see `colors`.
        declared_color_range: `tv`, `pc`, or None when the file does not say.
        declared_colorspace: AVColorSpace as stored; 2 when the file does not say, 0 for RGB.
        field_order: of interlaced pictures; None when the file calls none so.
        time_base: seconds a pts unit.
        rate: nominal frames a second.
        packets: pictures counted by demuxing.
        frames: pictures that decode; frames are numbered 0..frames-1.
        declared_frames: what the file says or implies by duration x rate, None when it says nothing.
        start_pts: pts of the first frame, at least 0.
        end_pts: pts of the last frame plus its duration.
        duration_s: (end_pts - start_pts) x time_base.
        declared_duration_s: of the video, as the file says; None when it does not.
        shift_pts: added to all times of the file, since none may lie below zero; of the sound too. 0 when none does.
        pts_rule: which rule of `objmask.video.timing` gave the frames their times.
        pts_changed: how many frames' times it changed.
        truncated: the file is damaged or ends early, and what can be read of it is kept.
        audio: one item an audio stream: stream, codec, sample_rate, channels, default.
        other_streams: types of the remaining streams.
        warnings: one line each, for the log and the report.
        keyframes: (frame number, pts, shifted as all are) of pictures that can be seeked to, thinned out.
        cuts: numbers of the frames that begin another scene at once, rising.
    """

    sha256: Sha256
    blocks: str
    container: str
    stream: Count
    codec: str
    pix_fmt: str
    bits: Size
    stored_width: Size
    stored_height: Size
    width: Size
    height: Size
    rotation: Degrees
    rotate: Degrees
    mirrored: bool
    sample_aspect: Annotated[Fraction, Gt(0)]
    color_range: ColorRange
    colorspace: Count
    primaries: Count
    transfer: Count
    declared_color_range: ColorRange | None
    declared_colorspace: Count
    field_order: FieldOrder | None
    time_base: Annotated[Fraction, Gt(0)]
    rate: Annotated[Fraction, Gt(0)]
    packets: Count
    frames: Size
    declared_frames: Whole | None
    start_pts: Whole
    end_pts: Whole
    duration_s: Amount
    declared_duration_s: float | None
    shift_pts: Whole
    pts_rule: PtsRule
    pts_changed: Count
    truncated: bool
    audio: list[dict[str, Any]]
    other_streams: list[str]
    warnings: list[str]
    keyframes: list[tuple[Count, Whole]]
    cuts: list[Count]

    def __post_init__(self) -> None:
        if self.end_pts <= self.start_pts:
            raise ValueError(f"end_pts: {self.end_pts} is not after start_pts {self.start_pts}")

    @property
    def colors(self) -> ColorTags:
        """The colour tags as used: read so, and written on every output that follows the source."""
        return ColorTags(self.color_range, self.colorspace, self.primaries, self.transfer)

    def scenes(self, numbers: npt.NDArray[np.int64]) -> list[range]:
        """Rows of each scene that has any, in order.

        Args:
            numbers: (n,) of some of its frames, rising.
        """
        sides = [0, *np.searchsorted(numbers, self.cuts).tolist(), len(numbers)]
        return [range(first, stop) for first, stop in pairwise(sides) if first < stop]

    @property
    def identity(self) -> str:
        """What tables of its frames belong to: the file, and how much further it is turned than the file says."""
        return f"{self.sha256} turned by {self.rotate}" if self.rotate else self.sha256

    def turned(self, degrees: Degrees) -> VideoInfo:
        """The same video whose picture is turned further.

        Args:
            degrees: clockwise, of the picture as shown so far.
        """
        sides, aspect = (self.width, self.height), self.sample_aspect
        if degrees in (90, 270):
            sides, aspect = sides[::-1], 1 / aspect
        return replace(
            self,
            width=sides[0],
            height=sides[1],
            sample_aspect=aspect,
            # The flip comes after the rotation, so that the stored picture turns the other way.
            rotation=_sum(self.rotation, -degrees if self.mirrored else degrees),
            rotate=_sum(self.rotate, degrees),
        )

    @property
    def written_fields(self) -> FieldOrder | None:
        """Field order of outputs that follow the source; None: they are progressive.

        The lines of a picture that was turned are no fields any more.
        """
        return None if self.rotation else self.field_order

    @property
    def intact(self) -> bool:
        """Whether every picture of the file decodes."""
        return not self.truncated and self.frames == self.packets

    def to_json(self) -> dict[str, Any]:
        """A document for `json.dump`; fractions are strings such as `30000/1001`."""
        document = asdict(self)
        document.update({name: str(document[name]) for name in _FRACTIONS})
        document["keyframes"] = [list(pair) for pair in self.keyframes]
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> VideoInfo:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, unknown, of another type or impossible.
        """
        return typed(document, cls)

    @classmethod
    def read(cls, path: Path) -> VideoInfo:
        """Reads the JSON file that the probe step wrote.

        Raises:
            DataError: the file is missing, damaged or of another version of objmask.
        """
        return read_document(path, cls, "run probe again")

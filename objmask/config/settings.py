"""Every setting: its key, type, range, default, and what it is. All else that says so is made from here.

The first paragraph below a setting is its comment in config.yaml, in lower case and without a full stop; more of it is
for the documentation and for the lines of mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from objmask.config.defaults import PALETTE, SCORES, SENSITIVE
from objmask.config.hiding import HiddenLook, HidingRules, MaskProbability, Section, Share
from objmask.files.documents import Degrees

_MOST_CLIP_BYTES = 10**9
"""Of a video's training clips, which are put together in memory; what the rule asks for."""
_DISTINCT = Field(json_schema_extra={"uniqueItems": True})

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Floor = Annotated[float, Field(ge=0.001, le=1)]
Seconds = Annotated[float, Field(ge=0)]
UpTo2Seconds = Annotated[float, Field(ge=0, le=2)]
Positive = Annotated[float, Field(gt=0)]
Level = Annotated[int, Field(ge=0, le=255)]
Pixels = Annotated[int, Field(ge=1, le=4096)]
Every = Annotated[int, Field(ge=1, le=300)] | Literal["adaptive"]
Names = Annotated[tuple[str, ...], _DISTINCT]
SomeNames = Annotated[Names, Field(min_length=1)]
ModelName = Annotated[str, Field(pattern="^[A-Za-z0-9._-]+$")]
GroupName = Annotated[str, Field(pattern='^[^,"\\r\\n]{1,64}$')]
ImageKind = Literal["none", "png", "jpg"]
Output = Literal[
    "detections",
    "tracks",
    "painted",
    "hidden",
    "masks",
    "overlay",
    "protected",
    "coverage",
    "report",
    "coco",
    "masks_png",
    "yolo",
    "cvat",
    "clips",
    "evaluation",
    "audit",
]


class WindowSection(Section):
    """the part of each video that is processed

    All outputs have exactly these frames."""

    start_s: Seconds | None = None
    """seconds from the first frame; null: the start"""
    end_s: Positive | None = None
    """seconds from the first frame, exclusive; null: the end"""


class GroupSection(TypedDict):
    """objects that share a colour"""

    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)  # type: ignore[misc]

    objects: SomeNames
    """class names of the model (COCO names)"""
    colour: Annotated[tuple[Level, ...], Field(min_length=3, max_length=3)] | str
    """[red, green, blue], 0..255 each; or a name ('teal') or '#rrggbb' in quotes, as on web pages"""
    sensitive: NotRequired[bool]
    """whether protected video hides these objects; without it sensitive_objects decides"""


class ModelSection(TypedDict):
    """a model, and what is not for it as for all models"""

    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)  # type: ignore[misc]

    model: Text
    """a name of `objmask models`, or a file or folder"""
    score: NotRequired[Share]
    """its detections scoring at least this count; without it masks.score and privacy.score say"""
    every: NotRequired[Every]
    """inference on every n-th frame, or adaptive; without it detect.every. Tracks carry masks to the others"""
    size: NotRequired[Annotated[int, Field(ge=64, le=4096)]]
    """longer side, in pixels, of the pictures that the network sees, where its file does not fix that"""
    tiles: NotRequired[Annotated[int, Field(ge=1, le=8)]]
    """it also looks at each picture in so many overlapping parts a side, for small things in large pictures

    2 takes five times as long: four parts and the whole. At most 8."""
    objects: NotRequired[SomeNames]
    """class names of those of its objects that count; without it all"""


class TracksSection(Section):
    """objects followed through time: what the network missed is filled in; no inference. See docs/tracks.md"""

    enabled: bool = True
    """false: every frame for itself

    Tracks are what is painted, counted and hidden; false: what the network said."""
    gap_s: UpTo2Seconds = 0.5
    """seconds: an object missed for up to so long is the same, and its masks are carried across"""
    extend_s: UpTo2Seconds = 0.2
    """seconds that hidden masks go on before an object is first found and after it is last"""
    memory_s: Annotated[float, Field(ge=0, le=10)] = 0.5
    """seconds: a weak detection so near to a strong one of its track counts as much"""
    flow: bool = True
    """move masks as the picture moves; false: along straight lines, faster and less exact"""


class DetectSection(Section):
    """inference"""

    floor: Floor = 0.05
    """detections scoring less are not stored; score 0..1"""
    max_per_frame: Annotated[int, Field(ge=1, le=1000)] = 100
    """at most so many detections a frame are stored, the best"""
    every: Every = 1
    """inference on every n-th frame, or adaptive: where the picture moves; protected video is safest with 1

    On the first and last frame too. Tracks carry masks to the others."""
    batch: Count | None = None
    """frames that the network sees at once; null: what the model likes"""
    precision: Literal["auto", "float32", "mixed"] = "auto"
    """of TensorFlow graphs: float32, mixed (16 bits where that loses little), or auto: mixed on GPUs

    mixed is float16 on GPUs and bfloat16 on CPUs. auto is mixed on GPUs that are made for it, and float32 on CPUs,
    some of which mixed makes faster."""
    optimise: bool = True
    """let TensorFlow rewrite graphs before they run; false takes less memory, and longer"""
    chunk_frames: Annotated[int, Field(ge=0)] | None = None
    """videos are worked on in pieces of so many frames; 0: whole videos; null: minutes of work

    Each piece is a job of its own. null is 600 for TensorFlow graphs and 6000 for YOLO."""


class FramesSection(Section):
    """the frames that the network saw"""

    keep: ImageKind = "none"
    """none, png or jpg: keep the frames that the network saw as numbered images"""


class MasksSection(Section):
    """what is painted and counted"""

    score: Share = 0.3
    """detections scoring at least this are painted and counted; score 0..1"""
    threshold: MaskProbability = 0.5
    """a pixel belongs to an object above this mask probability; 0..1"""
    lossless: bool = False
    """also write masks_lossless/ (FFV1)"""
    models: SomeNames | None = None
    """names of the models to paint; null: all that give masks

    What gives boxes, or shapes around faces, hands and text, is painted only when it is named here."""


class PrivacySection(HiddenLook, HidingRules):
    """what is hidden in protected video, and how. See docs/privacy.md"""

    nothing_hidden: Literal["warn", "fail"] = "warn"
    """of videos in which, or in long parts of which, nothing at all is hidden: warn, or fail

    A long part is at least 2 s or half of the frames. warn: said on the console and in the report; fail: the video does
    not come to protected/, and the run fails."""
    audio: Literal["drop", "copy"] = "drop"
    """drop (voices identify people) or copy"""
    models: SomeNames | None = None
    """names of the models whose objects are hidden; null: all"""


class ExportsSection(Section):
    """for coco, masks_png, yolo, cvat among outputs

    Annotations are of what masks.score and masks.threshold paint."""

    every: Count = 1
    """annotations of frames whose number is a multiple of this, of those that had inference"""
    images: ImageKind = "none"
    """none, png or jpg: also write these frames in full size; raw pixels, not for sharing"""


class SplitSection(Section):
    """lists of videos to train and to test with; no subject is in both"""

    test_share: Share = 0.3
    """of the subjects, and of each label's videos that have none; 0..1"""
    test_subjects: Annotated[tuple[str | int, ...], _DISTINCT] = ()
    """to test with these subjects and nothing else

    test_share does not count then."""
    leave_one_subject_out: bool = False
    """also lists with each subject in turn to test with"""


class ClipsSection(Section):
    """training clips, with `clips` among the outputs; see docs/clips.md

    The input of an activity-recognition network: a fixed number of small pictures a video."""

    of: Literal["masks", "picture", "protected"] = "masks"
    """masks, picture (raw: people and screens as they are), or protected (from protected video)"""
    frames: Annotated[int, Field(ge=1, le=10000)] = 40
    """pictures a clip"""
    size: Pixels | Annotated[tuple[Pixels, ...], Field(min_length=2, max_length=2)] = 64
    """pixels: one side of a square, or [width, height]; frames are squeezed to it"""
    resize: Literal["area", "cubic", "nearest"] = "area"
    """area (mean of what a pixel covers), cubic (sharper, as the original), or nearest (exact colours)"""
    sampling: Literal["random", "even"] = "random"
    """random start and step, or even over the whole video

    random: drawn from the seed and the video's name."""
    per_video: Annotated[int, Field(ge=1, le=10000)] = 1
    """clips a video"""
    seed: Annotated[int, Field(ge=0)] = 0
    """of random starts and steps and of the split"""
    rate: Annotated[float, Field(gt=0, le=1000)] | None = None
    """read videos at so many frames a second, by time, before frames are chosen; null: their own frames

    For clips of unequal or variable rates."""
    step_min: Count = 1
    """smallest random step, frames"""
    step_max: Count | None = None
    """largest random step, frames; null: what fits"""
    short: Literal["repeat", "loop", "zeros"] = "repeat"
    """for too few frames: repeat (the first one, in front), loop (all of them), zeros (black ones behind)"""
    flip_when_fps_over: Positive | None = None
    """turn videos of more frames a second by 180 degrees, as their camera hung so; null: none"""
    names: Literal["plain", "fpvo"] = "plain"
    """plain, or fpvo: file names such as 1_10_walk and 0dry-2 say the subject, and a label where none is"""
    formats: Annotated[tuple[Literal["npz", "png", "tfrecord"], ...], _DISTINCT, Field(min_length=1)] = ("npz", "png")
    """npz is always made; png: a folder a label; tfrecord: SequenceExamples"""
    split: SplitSection = SplitSection()

    def contradictions(self) -> Iterator[str]:
        """Values that do not go together, and how to mend them; a line each."""
        if self.step_max is not None and self.step_max < self.step_min:
            yield (
                f"clips.step_max: {self.step_max} is below clips.step_min {self.step_min}; raise it, or set it to null"
            )
        width, height = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        size_bytes = self.per_video * self.frames * width * height * 3
        if size_bytes > _MOST_CLIP_BYTES:
            yield (
                f"clips: those of one video would take {size_bytes / 1e9:.1f} GB of memory, at most "
                f"{_MOST_CLIP_BYTES / 1e9:.0f} are possible; lower clips.per_video, frames or size"
            )


class VideoSection(Section):
    """videos that are written"""

    quality: Annotated[int, Field(ge=0, le=51)] = 20
    """H.264 constant rate factor of overlay and protected video, 0..51; lower is better and larger"""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = "veryfast"
    """H.264 effort: slower presets make smaller files"""


class ReportSection(Section):
    """report.html: one page that opens without a network"""

    thumbnails: Annotated[int, Field(ge=0, le=24)] = 6
    """moments of each video that are shown as pictures, 0..24; fewer when videos are many"""
    raw_pictures: bool = False
    """also show pictures of the videos themselves, with what protected video hides: not for sharing"""
    leak_pictures: bool = False
    """with output audit, also show pictures of what protected video still shows: not for sharing"""
    players: Literal["none", "link", "embed"] = "link"
    """of masks and protected video: none, link (to the files beside it), or embed (those up to 2 MB)"""


class EvaluationSection(Section):
    """output evaluation: models beside annotated frames of the videos"""

    annotations: Text | None = None
    """COCO file, or folder of them, whose images say `video` and `frame`"""
    scores: Annotated[tuple[Share, ...], _DISTINCT, Field(min_length=1)] = SCORES
    """score floors to compare at; 0..1, none under detect.floor"""

    def contradictions(self, floor: float) -> Iterator[str]:
        """Values that do not go together, and how to mend them; a line each."""
        if not self.annotations:
            yield "evaluation.annotations: output evaluation needs the truth; set it to a COCO file or a folder"
        lowest = min(self.scores)
        if lowest < floor:
            yield (
                f"evaluation.scores: {lowest} is below detect.floor {floor}, under which nothing is stored; "
                "lower detect.floor or leave that score out"
            )


class AuditSection(Section):
    """output audit: protected video is read back and searched again before it comes to protected/; see docs/audit.md"""

    model: Text | SomeNames | None = None
    """names of models, or further ones as in `models`; null: those whose objects are hidden, and another for faces

    Another network finds what the first one misses: where faces are hidden by centerface, blazeface searches as well,
    and the other way round. Where words are read (`audit.read`), models that find nothing but text do not search."""
    floor: Floor | None = None
    """what is found again below this score is not listed; score 0..1; null: half of privacy.score"""
    score: Share | None = None
    """what is found again from this score up is a leak, the rest to be looked at; null: privacy.score"""
    read: bool | Literal["auto"] = "auto"
    """whether words are read, in protected video as in its source; auto: where a model finds text, and it is hidden

    What can be read in both is a leak. The words are written nowhere, only their place and length."""
    read_every_s: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """a frame is read each time that so much has passed, and the last one; seconds"""
    thumbnails: Annotated[int, Field(ge=0, le=1000)] = 100
    """moments of each video that have a picture, worst first"""
    fail_over: Annotated[float, Field(ge=0, le=1000)] | None = None
    """leaking frames in 1,000 above which a video goes to quarantine/ and the run fails; null: none"""


def _default_groups() -> dict[str, Any]:
    return {one.name: {"objects": [*one.objects], "colour": [*one.colour]} for one in PALETTE.groups}


class Settings(Section):
    """All settings."""

    videos: Annotated[Text, Field(examples=["videos"])]
    """folder tree of videos (folder = label), or a table with the columns path, label, subject"""
    models: Annotated[
        Annotated[tuple[Text, ...], _DISTINCT, Field(min_length=1)]
        | Annotated[dict[ModelName, Text | ModelSection], Field(min_length=1)],
        Field(examples=[["demo"]]),
    ]
    """names of `objmask models`, files (.onnx, .tflite, .pb, .tar.gz), SavedModel folders; or {office: a.tflite, faces:
    {model: centerface, score: 0.2}}. demo knows rendered desks only; real footage: rfdetr-seg-medium, or a file

    See docs/models.md."""
    rotate: Degrees | dict[Text, Degrees] = 0
    """degrees clockwise that turn pictures upright: 0, 90, 180, 270; or by video: {tilted: 90, 'desk/*': 180}

    Before anything else, and on top of what a file itself says. Names are those of the results; in a pattern * stands
    for anything, also for /, and a video's own name counts before patterns."""
    mirror: Text | None = None
    """folder or address (http, https, file) to get named models from; null: their publisher's"""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """auto, cpu, or gpu (fails when there is none)"""
    window: WindowSection = WindowSection()
    outputs: Annotated[tuple[Output, ...], _DISTINCT, Field(min_length=1)] = (
        *("masks", "overlay", "protected", "coverage", "report"),
    )
    """what to make; also: detections, tracks, painted, hidden, clips, evaluation, audit, coco, yolo, masks_png, cvat

    coco, yolo, masks_png and cvat are for other tools. coverage includes the summaries, and so does report."""
    groups: Annotated[
        dict[GroupName, GroupSection],
        Field(min_length=1, json_schema_extra={"propertyNames": {"not": {"const": "background"}}}),
    ] = _default_groups()
    """objects that share a colour: [red, green, blue], 0..255, or a name (teal) or '#8b4513' in quotes"""
    sensitive_objects: Names = SENSITIVE
    """hidden in protected video; `sensitive: true` or `false` in a group overrides it for that group"""
    tracks: TracksSection = TracksSection()
    corrections: Text | None = None
    """YAML file, or folder of them, of what to put right by hand; see docs/review.md"""
    detect: DetectSection = DetectSection()
    frames: FramesSection = FramesSection()
    masks: MasksSection = MasksSection()
    privacy: PrivacySection = PrivacySection()
    exports: ExportsSection = ExportsSection()
    clips: ClipsSection = ClipsSection()
    video: VideoSection = VideoSection()
    report: ReportSection = ReportSection()
    evaluation: EvaluationSection = EvaluationSection()
    audit: AuditSection = AuditSection()
    on_unreadable: Literal["fail", "exclude"] = "fail"
    """fail, or exclude: leave videos that cannot be used out and list them in summary/excluded.csv"""
    on_truncated: Literal["fail", "keep"] = "fail"
    """fail, or keep: process the readable part of videos that break off, and warn"""

    @property
    def protects(self) -> bool:
        """Whether it is decided what is hidden: for protected video, kept or to make clips of, or for its own sake."""
        of_clips = "clips" in self.outputs and self.clips.of == "protected"
        return of_clips or bool({"protected", "audit", "hidden"} & {*self.outputs})

    @property
    def _own(self) -> dict[str, ModelSection]:
        """The models that have settings of their own, by name."""
        named = self.models if isinstance(self.models, dict) else {}
        return {name: one for name, one in named.items() if isinstance(one, dict)}

    def contradictions(self, hidden: frozenset[str]) -> Iterator[str]:
        """Values that do not go together, and how to mend them; a line each.

        Args:
            hidden: the objects that protected video hides.
        """
        floor = self.detect.floor
        given = self._own
        scores = {"masks.score": self.masks.score, "privacy.score": self.privacy.score}
        scores |= {f"models.{name}.score": one["score"] for name, one in given.items() if "score" in one}
        for key, score in scores.items():
            if score < floor:
                yield (
                    f"{key}: {score} is below detect.floor {floor}, "
                    f"under which nothing is stored; lower detect.floor or raise {key}"
                )
        rhythms = {f"models.{name}.every": one.get("every", 1) for name, one in given.items()}
        uneven = [key for key, every in {"detect.every": self.detect.every, **rhythms}.items() if every != 1]
        if self.protects and uneven and not self.tracks.enabled:
            yield (
                f"{uneven[0]}: a frame without inference would leak in protected video; set it to 1, or tracks.enabled "
                "to true, which carries masks to such frames"
            )
        privacy = self.privacy
        if self.protects and not (hidden or privacy.zones or privacy.whole_frame_when != "never"):
            yield "sensitive_objects: protected video would hide nothing; name objects, or leave protected out"
        yield from self.clips.contradictions()
        if "evaluation" in self.outputs:
            yield from self.evaluation.contradictions(floor)
        start, end = self.window.start_s, self.window.end_s
        if end is not None and end <= (start or 0):
            yield f"window: end_s {end} is not after start_s {start or 0}"

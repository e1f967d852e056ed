"""What protected video hides, and what is seen in its place: values that travel whole, from a rule to the verbs.

They decide results, so they lie apart from the other settings: a change of those makes no video again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from objmask.config.defaults import SENSITIVE
from objmask.detections.counting import Counting
from objmask.errors import ConfigError

Values = TypeVar("Values", bound="Section")
Style = Literal["solid", "pixelate", "blur"]
Shape = Literal["mask", "box", "ellipse"]
Share = Annotated[float, Field(ge=0, le=1)]
"""0..1."""
MaskProbability = Annotated[float, Field(ge=0, lt=1)]
"""0..1; of 1 no pixel could be above."""
Frames = Annotated[int, Field(ge=0, le=60)]
TimeText = Annotated[str, Field(pattern=r"^([0-5]?[0-9]|60|[0-9](\.[0-9]{1,6})? ?s)$")]
Corner = Annotated[tuple[Share, ...], Field(min_length=2, max_length=2)]
Zone = Annotated[tuple[Corner, ...], Field(min_length=3, description="a polygon needs at least three corners")]


class Section(BaseModel):
    """Settings that belong together; what each is stands below it, and becomes its help, its comment and its line."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class HidingRules(Section):
    """Which detections are hidden, where, and for how long."""

    score: Share = 0.1
    """detections scoring at least this are hidden; score 0..1"""
    large_score: Share = 0.3
    """detections that fill a tenth of the picture or more need at least this; score 0..1

    From a hundredth to a tenth of the picture it rises from score to this. One below score counts as score."""
    threshold: MaskProbability = 0.1
    """a pixel is hidden above this mask probability; 0..1"""
    shape: Shape = "mask"
    """shape of what is hidden: mask, box or ellipse"""
    grow: Share = 0.008
    """margin around an object: this share of the picture's shorter side, and 2.5 times it of the object's; 0..1"""
    hold: Frames | TimeText = "0.5 s"
    """a detection also hides its place for so long before and after it: a time, or a number of frames

    Of a time, a large object is held for a part: up to 2 % of the picture for all of it, from 20 % on for a fifth. A
    number of frames counts for all. Never across a cut of the scene. 0..60 frames, or a time below 10 seconds, such as
    0.1 s."""
    zones: tuple[Zone, ...] = ()
    """always hidden: convex polygons of [x, y], shares of width and height, 0..1"""
    whole_frame_when: Literal["never", "no_detection"] = "never"
    """never, or no_detection: hide frames in which nothing sensitive was found"""


class HiddenLook(Section):
    """What is seen in place of what is hidden."""

    style: Style = "blur"
    """solid (grey), pixelate (coarse cells), or blur (coarse cells, then smoothed)"""
    strength: Annotated[int, Field(ge=1, le=8)] = 6
    """cells along the object's longer side for pixelate and blur, 1..8; fewer hide more"""


DEFAULT_LOOK = HiddenLook()


class Hiding(HidingRules):
    """What is hidden: of which objects, and by which rules."""

    objects: frozenset[str] = frozenset(SENSITIVE)
    """class names of the objects that are hidden"""
    models: Mapping[str, Counting] = {}
    """by name of the model, which of its detections count, where that is not as for all"""

    def of(self, model: str) -> Hiding:
        """What is hidden of a model's detections."""
        own = self.models.get(model)
        if own is None:
            return self
        objects = self.objects if own.objects is None else self.objects & own.objects
        return self.model_copy(
            update={"score": self.score if own.score is None else own.score, "objects": objects, "models": {}}
        )


def as_option(values: Section) -> str:
    """JSON, as verbs take it; the same of two that are equal."""
    whole = values.model_dump(mode="json")
    return json.dumps(_sorted(whole))


def _sorted(value: Any) -> Any:
    """Without an order where there is none: of sets of objects, and of models."""
    if not isinstance(value, dict):
        return value
    return {
        key: sorted(part) if key == "objects" and part is not None else _sorted(part) for key, part in value.items()
    }


def from_options(kind: type[Values], name: str, text: str | None, single: Mapping[str, Any]) -> Values:
    """From the options of a verb, complete with defaults.

    Args:
        kind: which values.
        name: of the option that holds any of them.
        text: its JSON; None: not given.
        single: options of single keys, which come before those of `text`; None: not given.

    Raises:
        ConfigError: a value that cannot be, or a key that there is not; a line for each.
    """
    together = {} if text is None else _json(text)
    if not isinstance(together, dict):
        raise ConfigError(f"--{name}: expected keys and values as JSON, e.g. {as_option(kind())}")
    own = {key: _json(value) for key, value in single.items() if value is not None}
    try:
        return kind.model_validate({**together, **own})
    except ValidationError as error:
        lines: dict[str, str] = {}
        for one in error.errors():
            key = str(one["loc"][0])
            where = f"--{key.replace('_', '-')}" if key in own else f"--{name}: {key}"
            lines.setdefault(where, f"{where}: {one['msg']}{_meant(kind, key)}")
        raise ConfigError(*lines.values()) from error


def _json(value: Any) -> Any:
    """What a text stands for as JSON; another text is one."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _meant(kind: type[Section], key: str) -> str:
    """What a key is; of one that there is not, those that there are."""
    if key not in kind.model_fields:
        return f"; possible: {', '.join(kind.model_fields)}"
    return f" ({told(kind, key)})"


def told(kind: type[Section], key: str) -> str:
    """What a setting is, in a line."""
    return (kind.model_fields[key].description or "").partition("\n\n")[0].replace("\n", " ")

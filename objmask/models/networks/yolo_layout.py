"""Which tensor of a YOLO network is what, told from the shapes and what the exporter noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from objmask.errors import ModelError
from objmask.models.coco import COCO_NAMES
from objmask.models.noted_names import noted_names
from objmask.models.tensors import ANY, NetworkFile

_STRIDES = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))  # usual, P6 and P2 heads
_ANCHORS_A_CELL = (1, 3)
"""Of YOLOv8 and later, and of YOLOv5 and 7, whose anchors also say how sure it is that something is there at all."""
_USUAL_SIDE = 640
_TASKS = ("segment", "detect", "pose")
"""What a network may be made for; of keypoints only the boxes are used."""
_END_TO_END = 6
"""Numbers of a detection whose overlaps the network has removed itself: box, score, class; then the mask's."""


@dataclass(frozen=True)
class YoloLayout:
    """The input and the outputs of a network.

    Attributes:
        batch: frames at a time; ANY: as many as one likes.
        height: input height in pixels; ANY: not fixed.
        width: input width in pixels; ANY: not fixed.
        channels_first: whether the input is `(batch, 3, height, width)` rather than `(batch, height, width, 3)`.
        predictions: index of the output `(batch, 4 + classes + coefficients, anchors)`.
        prototypes: index of the output that holds the prototype masks; None: it gives boxes only.
        anchors_first: whether predictions are `(batch, anchors, 4 + classes + coefficients)` instead.
        prototypes_first: whether prototypes are `(batch, coefficients, rows, columns)` rather than
            `(batch, rows, columns, coefficients)`.
        classes: number of object classes; 0: the predictions do not tell.
        coefficients: number of mask coefficients and of prototype masks.
        objectness: whether a number between box and classes says how sure it is that something is there.
        end_to_end: whether predictions are `(batch, detections, left top right bottom score class coefficients)`.
    """

    batch: int
    height: int
    width: int
    channels_first: bool
    predictions: int
    prototypes: int | None
    anchors_first: bool
    prototypes_first: bool
    classes: int
    coefficients: int
    objectness: bool = False
    end_to_end: bool = False

    @classmethod
    def of(cls, file: NetworkFile) -> YoloLayout:
        """Tells the tensors apart.

        Raises:
            ModelError: they are not those of a YOLO network; the message lacks the file's name.
        """
        task = str(file.metadata.get("task", "segment"))
        if task not in _TASKS:
            raise ModelError(f"a YOLO export for '{task}', which gives no areas; export one of {', '.join(_TASKS)}")
        batch, height, width, channels_first = _input([tensor.shape for tensor in file.inputs])
        outputs = [tensor.shape for tensor in file.outputs]
        by_rank = {len(shape): i for i, shape in enumerate(outputs)}
        if len(by_rank) != len(outputs) or sorted(by_rank) not in ([3], [3, 4]):
            raise ModelError(
                f"expected predictions, and mask prototypes if it gives masks, but it gives {_shapes(outputs)}"
            )
        sides = height if height != ANY else _USUAL_SIDE, width if width != ANY else _USUAL_SIDE
        prototypes_first, coefficients = _prototypes(outputs[by_rank[4]], *sides) if 4 in by_rank else (False, 0)
        anchors_first, channels, objectness, end_to_end = _predictions(
            outputs[by_rank[3]], sides, file.metadata, coefficients, fixed=ANY not in (height, width)
        )
        classes = 0 if end_to_end or channels == ANY else channels - 4 - objectness - coefficients
        if not (end_to_end or channels == ANY) and classes < 1:
            raise ModelError(f"{channels} channels leave no classes beside 4 box sides and {coefficients} coefficients")
        if task == "pose":
            classes = 0  # keypoints follow them
        return cls(
            batch,
            height,
            width,
            channels_first,
            by_rank[3],
            by_rank.get(4),
            anchors_first,
            prototypes_first,
            classes,
            coefficients,
            objectness,
            end_to_end,
        )


def input_size(layout: YoloLayout, metadata: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of the input: as the file fixes it, else as its exporter noted, else the usual one."""
    noted = metadata.get("imgsz")
    if not (isinstance(noted, list) and len(noted) == 2 and all(isinstance(side, int) and side > 0 for side in noted)):
        noted = [_USUAL_SIDE, _USUAL_SIDE]
    height, width = (
        side if side != ANY else own for side, own in zip((layout.height, layout.width), noted, strict=True)
    )
    return height, width


def suppresses(metadata: Mapping[str, Any]) -> bool:
    """Whether the exporter noted that overlaps are removed in the file itself, and with them what scores low."""
    arguments = metadata.get("args")
    return bool(arguments.get("nms")) if isinstance(arguments, dict) else False


def _input(inputs: Sequence[Sequence[int]]) -> tuple[int, int, int, bool]:
    """(batch, height, width, channels_first) of the only input."""
    if len(inputs) == 1 and len(inputs[0]) == 4:
        batch, first, middle, last = inputs[0]
        if last == 3 and all(side == ANY or side >= 32 for side in (first, middle)):
            return batch, first, middle, False
        if first == 3 and all(side == ANY or side >= 32 for side in (middle, last)):
            return batch, middle, last, True
    raise ModelError(f"expected one image input (n, height, width, 3) or (n, 3, height, width), got {_shapes(inputs)}")


def _predictions(
    shape: Sequence[int], sides: tuple[int, int], metadata: Mapping[str, Any], coefficients: int, *, fixed: bool
) -> tuple[bool, int, bool, bool]:
    """(anchors_first, channels, objectness, end_to_end) of the predictions; channels may be ANY."""
    noted, numbers = suppresses(metadata) or str(metadata.get("end2end", "")).lower() == "true", shape[2]
    if not noted:
        raw = _raw_by_anchors(shape, sides) if fixed else None
        raw = raw or _raw_by_channels(shape, metadata, coefficients)
        if raw is not None:
            return *raw, False
    finished = numbers == _END_TO_END + coefficients or (numbers > _END_TO_END and metadata.get("task") == "pose")
    if finished or (noted and numbers == ANY):
        return True, numbers, False, True
    raise ModelError(
        f"its predictions {_shapes([shape])} are neither raw anchors nor finished detections of a YOLO network"
    )


def _raw_by_anchors(shape: Sequence[int], sides: tuple[int, int]) -> tuple[bool, int, bool] | None:
    """(anchors_first, channels, objectness): one axis has the anchors of an input of this height and width."""
    height, width = sides
    cells = {sum((height // s) * (width // s) for s in strides) for strides in _STRIDES}
    for per_cell in _ANCHORS_A_CELL:
        for axis in (2, 1):
            if shape[axis] in {per_cell * count for count in cells} and shape[3 - axis] != ANY:
                return axis == 1, shape[3 - axis], per_cell > 1
    return None


def _raw_by_channels(
    shape: Sequence[int], metadata: Mapping[str, Any], coefficients: int
) -> tuple[bool, int, bool] | None:
    """(anchors_first, channels, objectness) where the number of anchors is open: the other axis has a class each.

    Where the file leaves both axes open, as Ultralytics' `dynamic=True` does, channels come first.
    """
    named, pose = len(noted_names(metadata.get("names"))), metadata.get("task") == "pose"
    for axis in (1, 2):
        more = shape[axis] - 4 - coefficients - (named or len(COCO_NAMES))
        if shape[axis] != ANY and shape[3 - axis] == ANY and (more in (0, 1) or pose):
            return axis == 2, shape[axis], more == 1 and not pose
    if named and shape[1] == shape[2] == ANY:
        return False, ANY, False
    return None


def _prototypes(shape: Sequence[int], height: int, width: int) -> tuple[bool, int]:
    """(prototypes_first, coefficients): the grid has the input's proportions, the odd side out counts prototypes."""
    _, first, middle, last = shape
    if middle == last == ANY != first:
        return True, first
    if first == middle == ANY != last:
        return False, last
    if ANY not in shape[1:] and first * width == middle * height:
        return False, last
    if ANY not in shape[1:] and middle * width == last * height:
        return True, first
    raise ModelError(f"its mask prototypes {_shapes([shape])} do not fit the input {height}x{width}")


def _shapes(shapes: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"({', '.join('any' if side == ANY else str(side) for side in shape)})" for shape in shapes)

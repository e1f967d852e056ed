"""What a Mask R-CNN consists of: `MaskRCNNConfig`, and the named networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from objmask.errors import DataError, ModelError
from objmask.files.documents import read_document, typed
from objmask.files.whole import write_json
from objmask.models.coco import COCO_IDS, OFFICE_NAMES

Architecture = Literal["inception_resnet_v2", "inception_v2", "desk"]
_COUNTS = (
    "min_dimension", "max_dimension", "stride_px", "anchor_base_px", "rpn_depth", "rpn_dilation", "proposals",
    "crop_size", "crop_pooling", "mask_size", "mask_depth", "per_class", "detections",
)  # fmt: skip


@dataclass(frozen=True)
class MaskRCNNConfig:
    """Settings of a network; the defaults are those that the published COCO networks share.

    Attributes:
        architecture: backbone and second stage.
        classes: names of the objects, in the order of the network's channels.
        class_ids: their ids in the label map and in `detection_classes`, 1-based.
        min_dimension, max_dimension: pictures are resized, keeping their shape, to at least the first on the short
            side unless the long one would exceed the second.
        stride_px: input pixels a cell of the map that the region proposals come from.
        anchor_base_px, anchor_scales, anchor_ratios: anchors have sides base x scale x or / sqrt(ratio).
        clip_anchors: cut anchors at the picture's border.
        rpn_depth, rpn_dilation: channels and dilation of the proposals' convolution.
        proposals: the most regions of interest a picture.
        proposal_iou: a proposal overlapping a better one by more is dropped.
        crop_size: cells a side that are sampled from the feature map for a region.
        crop_pooling: side and stride of the maximum over the sampled cells; 1: none.
        mask_crop_size: `crop_size` for masks; None: the same.
        mask_size: samples a side of a mask.
        mask_convs: convolutions before the mask's last one, mask_depth channels each.
        score_floor: detections scoring less are dropped, and no mask is computed for them; 0..1.
        detection_iou: a detection overlapping a better one of its class by more is dropped.
        per_class, detections: the most detections a class and a picture.
        clip_before_nms: cut boxes at the picture's border before overlaps are judged, as early versions of the
            Object Detection API did, and not after.
    """

    architecture: Architecture
    classes: tuple[str, ...]
    class_ids: tuple[int, ...]
    min_dimension: int = 800
    max_dimension: int = 1365
    stride_px: int = 8
    anchor_base_px: int = 256
    anchor_scales: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    anchor_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    clip_anchors: bool = True
    rpn_depth: int = 512
    rpn_dilation: int = 1
    proposals: int = 300
    proposal_iou: float = 0.7
    crop_size: int = 17
    crop_pooling: int = 1
    mask_crop_size: int | None = None
    mask_size: int = 33
    mask_convs: int = 3
    mask_depth: int = 256
    score_floor: float = 0.0
    detection_iou: float = 0.6
    per_class: int = 100
    detections: int = 100
    clip_before_nms: bool = False

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            ValueError: classes and ids do not fit, or a number is out of range.
        """
        if not self.classes or len(self.classes) != len(self.class_ids) or len(set(self.class_ids)) < len(self.classes):
            raise ValueError(f"{len(self.classes)} classes and {len(set(self.class_ids))} different ids")
        if min(self.class_ids) < 1 or not 0 < self.min_dimension <= self.max_dimension:
            raise ValueError("expected class ids of at least 1 and 0 < min_dimension <= max_dimension")
        for name in ("score_floor", "detection_iou", "proposal_iou"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: expected 0..1, got {getattr(self, name)}")
        self._check_counts()

    def _check_counts(self) -> None:
        if self.architecture not in get_args(Architecture):
            raise ValueError(f"architecture: expected one of {', '.join(get_args(Architecture))}")
        for name in _COUNTS:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value}")
        for name in ("anchor_scales", "anchor_ratios"):
            values = getattr(self, name)
            if not isinstance(values, tuple) or not values or min(values) <= 0:
                raise ValueError(f"{name}: expected a list of numbers above 0, got {values}")

    @property
    def anchors_per_cell(self) -> int:
        """Anchors at each cell."""
        return len(self.anchor_scales) * len(self.anchor_ratios)

    def resized(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that a picture has inside the network."""
        low, high = self.min_dimension, self.max_dimension
        targets = (low, high) if height < width else (high, low)
        scale = min(targets[0] / height, targets[1] / width)
        return max(1, round(scale * height)), max(1, round(scale * width))

    def write(self, path: Path) -> None:
        """Writes it as JSON, atomically."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> MaskRCNNConfig:
        """The reverse of `write`.

        Raises:
            ModelError: the file is missing or is no such configuration.
        """
        try:
            return read_document(path, cls, "import or train the network again")
        except DataError as error:
            raise ModelError(str(error)) from error

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> MaskRCNNConfig:
        """From a document of plain JSON types.

        Raises:
            ValueError: a field is missing, unknown, of another type or impossible.
        """
        return typed(document, cls)


_PLACES = 90
"""COCO's ids run to 90, and ten of them name nothing; the published networks have a channel for each."""


_NAMES = {number: name for name, number in COCO_IDS.items()}
_COCO = tuple(_NAMES.get(number, f"unused {number}") for number in range(1, _PLACES + 1))


CONFIGS: Mapping[str, MaskRCNNConfig] = {
    "inception_resnet_v2_atrous_coco": MaskRCNNConfig(
        "inception_resnet_v2", _COCO, tuple(range(1, _PLACES + 1)), rpn_dilation=2
    ),
    "inception_v2_coco": MaskRCNNConfig(
        "inception_v2",
        _COCO,
        tuple(range(1, _PLACES + 1)),
        stride_px=16,
        proposals=100,
        crop_size=14,
        crop_pooling=2,
        mask_size=15,
        mask_convs=1,
    ),
    "desk": MaskRCNNConfig(
        "desk",
        OFFICE_NAMES,
        tuple(COCO_IDS[name] for name in OFFICE_NAMES),
        min_dimension=252,
        max_dimension=448,
        anchor_base_px=64,
        anchor_scales=(0.25, 0.5, 1.0, 2.0, 4.0),
        clip_anchors=False,
        rpn_depth=64,
        proposals=60,
        crop_size=14,
        mask_crop_size=20,
        mask_size=40,
        mask_convs=1,
        mask_depth=32,
        score_floor=0.05,
        detections=50,
    ),
}
"""Name to network: the two published for COCO, and the small one that is trained on rendered desks."""


def named(name: str, **changes: Any) -> MaskRCNNConfig:
    """The named network, with some settings changed.

    Raises:
        ModelError: there is none of that name, or a setting is unknown or out of range.
    """
    if name not in CONFIGS:
        raise ModelError(f"{name}: no network of that name; there are {', '.join(CONFIGS)}")
    return changed(CONFIGS[name], changes)


def changed(config: MaskRCNNConfig, changes: Mapping[str, Any]) -> MaskRCNNConfig:
    """`config` with some settings changed.

    Raises:
        ModelError: a setting is unknown or out of range.
    """
    try:
        return MaskRCNNConfig.from_json({**asdict(config), **changes})
    except ValueError as error:
        raise ModelError(f"network settings: {error}") from error

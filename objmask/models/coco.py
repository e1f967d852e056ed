"""The 80 object classes of COCO: their order in YOLO networks and their official ids, 1..90 with ten gaps."""

from __future__ import annotations

COCO_NAMES: tuple[str, ...] = (
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
)
"""Names in YOLO order (index 0..79), as in Ultralytics' `coco.yaml` and COCO's `instances_val2017.json`."""

OFFICE_NAMES: tuple[str, ...] = (
    "person",
    "bottle",
    "wine glass",
    "cup",
    "tv",
    "laptop",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "sink",
    "book",
)
"""Objects of the configuration's default groups: what the rendered office holds, and the built-in model finds."""

TEXT = "text"
BEYOND_COCO: tuple[str, ...] = ("face", "hand", TEXT)
"""What models for hiding find and COCO has no word for."""

KNOWN_OBJECTS: tuple[str, ...] = (*COCO_NAMES, *BEYOND_COCO)
"""Objects that a configuration may name whichever models it has."""

_UNUSED_IDS = frozenset({12, 26, 29, 30, 45, 66, 68, 69, 71, 83})

COCO_IDS: dict[str, int] = dict(zip(COCO_NAMES, (i for i in range(1, 91) if i not in _UNUSED_IDS), strict=True))
"""Name to official id, as in `mscoco_label_map.pbtxt` of the TensorFlow Object Detection API."""

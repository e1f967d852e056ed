"""Reads exported annotations with datumaro, in an interpreter of its own, and says in JSON what came out.

    <python with datumaro> read_annotations.py coco|voc FOLDER

For each image: [label, pixels, checksum of the mask, box] of every object, sorted. `coco` wants a folder with
`annotations/instances_default.json`, `voc` an unpacked zip for CVAT.
"""

import json
import sys
import zlib

import numpy as np
from datumaro import Dataset
from datumaro.components.annotation import AnnotationType

FORMATS = {"coco": "coco_instances", "voc": "voc_segmentation"}


def main(kind: str, folder: str) -> None:
    """Prints the JSON."""
    dataset = Dataset.import_from(folder, FORMATS[kind])
    names = [label.name for label in dataset.categories()[AnnotationType.label]]
    read = {}
    for item in dataset:
        objects = []
        for one in item.annotations:
            if one.type == AnnotationType.mask:
                mask = np.ascontiguousarray(one.image, np.uint8)
                box = [int(side) for side in one.get_bbox()]
                objects.append([names[one.label], int(mask.sum()), zlib.crc32(mask.tobytes()), box])
        read[item.id] = sorted(objects)
    json.dump(read, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

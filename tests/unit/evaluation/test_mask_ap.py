import json

import cv2
import numpy as np
import pytest
from shapes import annotation, write_shapes

from objmask.detections.arrays import Detections
from objmask.errors import DataError
from objmask.evaluation.annotations import read_annotations
from objmask.evaluation.mask_ap import mask_ap
from objmask.maskrcnn.samples import Dataset

CANVAS = (96, 128)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_annotations(None, write_shapes(tmp_path_factory.mktemp("shapes") / "s", 12, *CANVAS))


def truth(data, *, score=0.9, change=lambda boxes, masks, names: (boxes, masks, names)):
    """A detector that knows the truth, `change`d, and has pictures in the order in which they are asked for."""
    samples = iter(Dataset(data, data.classes, CANVAS).sample(i) for i in range(len(data.pictures)))

    def detect(frames):
        found = []
        for _ in frames:
            sample = next(samples)
            boxes = (sample.boxes / np.float32([*CANVAS] * 2)).astype(np.float32)
            names = [data.classes[k] for k in sample.classes]
            boxes, masks, names = change(boxes, sample.masks, names)
            scores = np.full(len(names), score, np.float32)
            found.append(Detections(scores, tuple(names), boxes, tuple(masks)))
        return found

    return detect


def test_the_truth_is_perfect_and_every_class_is_counted(data):
    result = mask_ap(truth(data), data)
    assert result.ap > 0.97
    assert result.ap50 == result.box_ap50 == pytest.approx(1)
    assert result.pictures == 12
    counts = {name: one.instances for name, one in result.classes.items()}
    assert counts == {n: sum(i.name == n for p in data.pictures for i in p.instances) for n in data.classes}
    assert "keyboard" in result.table()


def test_batches_are_judged_as_single_pictures(data):
    assert mask_ap(truth(data), data, frames_at_once=5) == mask_ap(truth(data), data)


@pytest.mark.parametrize("score", [0.01, 0.049])
def test_what_scores_below_the_floor_does_not_count(data, score):
    assert mask_ap(truth(data, score=score), data).ap == 0


def test_wrong_classes_are_wrong_and_unknown_ones_are_nothing(data):
    swap = {"cup": "book", "book": "keyboard", "keyboard": "cup"}
    wrong = mask_ap(truth(data, change=lambda b, m, n: (b, m, [swap[x] for x in n])), data)
    assert wrong.ap50 < 0.2
    assert mask_ap(truth(data, change=lambda b, m, n: (b, m, ["dog"] * len(n))), data).ap50 == 0


def test_masks_are_judged_not_only_boxes(data):
    halves = mask_ap(truth(data, change=lambda b, m, n: (b, m * (np.arange(56) < 20)[None, :, None], n)), data)
    assert halves.box_ap50 == pytest.approx(1)
    assert halves.ap50 < 0.2


def test_nothing_found(data):
    result = mask_ap(lambda frames: [Detections.empty() for _ in frames], data)
    assert (result.ap, result.ap50, result.box_ap) == (0, 0, 0)


def one_picture(tmp_path, annotations):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((*CANVAS, 3), np.uint8))
    images = [{"id": 1, "file_name": "a.png", "height": CANVAS[0], "width": CANVAS[1]}]
    categories = [{"id": 47, "name": "cup"}, {"id": 84, "name": "book"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "annotations.json").write_text(json.dumps(document))
    return read_annotations(("cup", "book"), tmp_path)


def test_crowds_are_neither_right_nor_wrong(tmp_path):
    crowd, cup = np.zeros(CANVAS, np.uint8), np.zeros(CANVAS, np.uint8)
    crowd[:, :60], cup[20:60, 80:120] = 1, 1
    data = one_picture(tmp_path, [annotation(1, 1, 47, crowd, crowd=1), annotation(2, 1, 47, cup)])
    boxes = np.float32([[0, 0, 0.5, 0.4], [20 / 96, 80 / 128, 60 / 96, 120 / 128]])
    full = np.full((8, 8), 255, np.uint8)
    found = Detections(np.float32([0.9, 0.8]), ("cup", "cup"), boxes, (full, full))
    result = mask_ap(lambda frames: [found], data)
    assert result.classes["cup"].ap50 == pytest.approx(1)
    assert result.classes["cup"].instances == 1
    assert np.isnan(result.classes["book"].ap)
    assert result.ap50 == pytest.approx(1)


def test_a_damaged_segmentation_is_named_with_its_picture(tmp_path):
    damaged = {**annotation(1, 1, 47, np.ones(CANVAS, np.uint8)), "segmentation": {"size": [7, 9], "counts": [63]}}
    data = one_picture(tmp_path, [damaged])
    with pytest.raises(DataError, match=r"a\.png: a 'cup' has a damaged segmentation"):
        mask_ap(lambda frames: [Detections.empty()], data)


def test_a_picture_without_objects(tmp_path):
    result = mask_ap(lambda frames: [Detections.empty()], one_picture(tmp_path, []))
    assert np.isnan(result.ap)

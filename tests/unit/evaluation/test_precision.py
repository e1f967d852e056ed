"""COCO's precision, collected picture by picture: the same as pycocotools over all at once, and numbers by hand."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from objmask.evaluation.precision import Figures, Marked, Precision

SIZE = (40, 60)
NAMES = ("cup", "book", "person")


def rectangle(name, top, left, bottom, right, *, score=0.0, crowd=False):
    mask = np.zeros(SIZE, np.uint8, order="F")
    mask[top:bottom, left:right] = 1
    box = (float(left), float(top), float(right - left), float(bottom - top))
    return Marked(name, rle.encode(mask), box, float(mask.sum()), crowd, float(np.float32(score)))  # as detections are


def random_pictures(count, seed=3):
    """Objects anywhere, and detections that are near them, or anywhere."""
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        truth, found = [], []
        for _ in range(rng.integers(0, 5)):
            top, left = rng.integers(0, 25), rng.integers(0, 40)
            bottom, right = top + rng.integers(4, 15), left + rng.integers(4, 20)
            name, crowd = str(rng.choice(NAMES)), bool(rng.random() < 0.15)
            truth.append(rectangle(name, top, left, bottom, right, crowd=crowd))
            if rng.random() < 0.8:
                a, b = rng.integers(-2, 3, 2)
                sides = (max(0, top + a), max(0, left + b), bottom + b, right + a)
                found.append(rectangle(name, *sides, score=round(float(rng.random()), 1)))
        for _ in range(rng.integers(0, 3)):
            top, left = rng.integers(0, 25), rng.integers(0, 40)
            found.append(rectangle(str(rng.choice(NAMES)), top, left, top + 8, left + 9, score=float(rng.random())))
        pictures.append((truth, found))
    return pictures


def at_once(pictures, kind, score):
    """pycocotools as its own documentation uses it; the twelve figures' AP, AP50, AP75 and AR."""

    def document(which, floor):
        marked = [(i, one) for i, picture in enumerate(pictures, 1) for one in picture[which] if one.score >= floor]
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i, "height": SIZE[0], "width": SIZE[1]} for i in range(1, len(pictures) + 1)],
            "categories": [{"id": k, "name": name} for k, name in enumerate(NAMES, 1)],
            "annotations": [
                {"id": k, "image_id": i, "category_id": NAMES.index(one.name) + 1, "bbox": list(one.box),
                 "segmentation": one.runs, "area": one.area, "iscrowd": int(one.crowd), "score": one.score}
                for k, (i, one) in enumerate(marked, 1)
            ],
        }  # fmt: skip
        coco.createIndex()
        return coco

    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(document(0, 0.0), document(1, score), kind)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [judge.stats[k] for k in (0, 1, 2, 8)]


@pytest.fixture(scope="module")
def collected():
    pictures = random_pictures(75)
    precision = Precision(NAMES)
    for truth, found in pictures:
        precision.add(*SIZE, truth, found)
    return pictures, precision


@pytest.mark.parametrize("kind", ["segm", "bbox"])
@pytest.mark.parametrize("score", [0.0, 0.3, 0.5, 0.8])
def test_it_is_what_pycocotools_says_of_all_at_once(collected, kind, score):
    pictures, precision = collected
    figures = precision.figures(kind, score=score)
    expected = at_once(pictures, kind, np.float32(score))
    assert [figures.ap, figures.ap50, figures.ap75, figures.ar] == pytest.approx(expected, abs=1e-12)
    assert 0 < figures.ap < 1


def test_one_found_one_missed_one_wrong():
    """Two cups; found: one exactly, and before it one where there is nothing. Precision is 1/2 up to recall 1/2."""
    precision = Precision(("cup", "book"))
    truth = [rectangle("cup", 0, 0, 10, 10), rectangle("cup", 20, 20, 30, 30)]
    precision.add(*SIZE, truth, [rectangle("cup", 0, 0, 10, 10, score=0.5), rectangle("cup", 0, 40, 9, 50, score=0.9)])
    figures = precision.figures("segm")
    assert figures.ap == figures.ap50 == pytest.approx(0.5 * 51 / 101)
    assert figures.ar == 0.5
    assert precision.instances == {"cup": 2, "book": 0}
    # From 0.6 up only the wrong one is left; a class without objects does not count.
    assert precision.figures("segm", score=0.6) == Figures(0, 0, 0, 0)
    assert np.isnan(precision.figures("segm", ["book"]).ap)


def test_a_group_is_the_union_of_its_classes():
    """A tv that is called a laptop is wrong as a class and right as a screen."""
    truth, found = [rectangle("tv", 0, 0, 10, 10)], [rectangle("laptop", 0, 0, 10, 10, score=0.9)]
    by_class, by_group = Precision(("tv", "laptop")), Precision(("screen",), {"tv": "screen", "laptop": "screen"})
    for precision in (by_class, by_group):
        precision.add(*SIZE, truth, found)
    assert by_class.figures("segm").ap == 0
    assert by_group.figures("segm").ap == pytest.approx(1)


def test_what_is_in_a_crowd_counts_neither_way():
    precision = Precision(("cup",))
    truth = [rectangle("cup", 0, 0, 40, 30, crowd=True), rectangle("cup", 5, 40, 15, 50)]
    found = [rectangle("cup", 0, 0, 10, 10, score=0.9), rectangle("cup", 5, 40, 15, 50, score=0.5)]
    precision.add(*SIZE, truth, found)
    assert precision.figures("segm").ap == pytest.approx(1)
    assert precision.instances == {"cup": 1}


def test_adding_after_asking_counts():
    precision = Precision(("cup",))
    precision.add(*SIZE, [rectangle("cup", 0, 0, 10, 10)], [])
    assert precision.figures("bbox").ap == 0
    precision.add(*SIZE, [rectangle("cup", 0, 0, 10, 10)], [rectangle("cup", 0, 0, 10, 10, score=0.4)])
    assert precision.figures("bbox").ar == 0.5

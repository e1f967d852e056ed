"""Figures of tiny pictures, worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from builders import PALETTE, found
from pycocotools import mask as rle

from objmask.config.hiding import HiddenLook, Hiding
from objmask.detections.arrays import Detections
from objmask.detections.classes import Group, Palette
from objmask.evaluation.coverage_error import ABSOLUTE, BIAS, CoverageErrors
from objmask.evaluation.document import AnnotatedInstance
from objmask.evaluation.ground_truth import true_objects
from objmask.evaluation.hiding import HidingCounts
from objmask.evaluation.judge import Judge, JudgeSettings
from objmask.evaluation.pixels import group_pixels
from objmask.hidden.decide import Hider
from objmask.painted.decide import PaintRules, paint_frame
from objmask.painted.objects import labels_of
from objmask.render.privacy import Privacy
from objmask.video.planes import Planes

SCORES = (0.1, 0.5)
HIDE = Hiding(objects=frozenset({"person", "tv", "laptop"}), shape="box", grow=0.0, hold=0)


@dataclass(frozen=True)
class Truth:
    """A picture of 40 x 60 pixels, or another size."""

    instances: tuple[AnnotatedInstance, ...] = ()
    height: int = 40
    width: int = 60
    masks: dict[int, np.ndarray] = field(default_factory=dict)

    def mask(self, instance):
        return self.masks[id(instance)]


def truth(*objects, height=40, width=60):
    """Objects (class, top, left, bottom, right), and a `crowd` behind them where it is one; pixels."""
    instances, masks = [], {}
    for name, top, left, bottom, right, *crowd in objects:
        mask = np.zeros((height, width), np.uint8)
        mask[top:bottom, left:right] = 1
        runs = rle.encode(np.asfortranarray(mask))
        instances.append(AnnotatedInstance(name, runs, (top, left, bottom, right), float(mask.sum()), bool(crowd)))
        masks[id(instances[-1])] = mask
    return Truth(tuple(instances), height, width, masks)


def box(top, left, bottom, right, height=40, width=60):
    """The box under which exactly these pixels lie: a pixel i of H has the coordinate i / (H - 1)."""
    return (top / (height - 1), left / (width - 1), (bottom - 1) / (height - 1), (right - 1) / (width - 1))


def counted(picture, detections, scores=SCORES, palette=PALETTE):
    return group_pixels(true_objects(picture), detections, palette, scores, 0.5, (picture.height, picture.width))


def hiding(picture, detections, settings=HIDE, scores=SCORES):
    counts = HidingCounts(settings, scores)
    counts.add(true_objects(picture), detections, picture)
    return counts


def test_pixels_of_groups():
    """Person 10 x 10, found 10 x 20 over it; a screen of 100 pixels found at 0.3 only."""
    picture = truth(("person", 0, 0, 10, 10), ("tv", 20, 20, 30, 30))
    pixels = counted(picture, found(("person", 0.9, box(0, 0, 10, 20)), ("laptop", 0.3, box(20, 20, 30, 30))))
    assert pixels.true.tolist() == [100, 100, 0]
    assert pixels.painted.tolist() == [[200, 100, 0], [200, 0, 0]]
    assert pixels.common.tolist() == [[100, 100, 0], [100, 0, 0]]
    assert pixels.iou()[:, :2].tolist() == [[0.5, 1], [0.5, 0]]
    assert np.isnan(pixels.iou()[:, 2]).all()


def test_pixels_are_those_of_the_painted_map():
    """Where two overlap, the one on top has the pixel, as in masks and coverage: a person, if a cup is hardly surer."""
    for score, expected in ((0.65, [400, 0, 300]), (0.75, [300, 0, 400])):
        detections = found(("person", 0.6, box(0, 0, 20, 20)), ("cup", score, box(10, 10, 30, 30)))
        pixels = counted(truth(), detections)
        objects = paint_frame(detections, ["m", "m"], PaintRules(PALETTE, 0.5, 0.5), 40, 60)
        labels = labels_of(objects, PALETTE, 40, 60)
        assert pixels.painted[1].tolist() == np.bincount(labels.ravel(), minlength=4)[1:].tolist() == expected


def test_ignored_pixels_count_neither_way():
    """A crowd of persons over the left half: what is found there is not wrong, but an object in it is still one."""
    picture = truth(("person", 0, 0, 40, 30, "crowd"), ("person", 0, 0, 10, 10))
    detections = found(("person", 0.9, box(0, 0, 40, 40)))
    pixels = counted(picture, detections)
    assert pixels.true[0] == 100
    assert pixels.painted[0, 0] == 100 + 40 * 10  # the object, and what lies to the right of the crowd
    counts = hiding(picture, detections)
    assert counts.sensitive == 100
    assert counts.other == 40 * 30
    assert counts.sensitive_hidden.tolist() == [100, 100]
    # Grown by a pixel and in blocks of 2 x 2: columns 40 and 41.
    assert counts.other_hidden.tolist() == [40 * 12] * 2
    assert counts.objects.tolist() == [0, 1, 0]


def test_hidden_pixels_and_instances():
    """Two persons of 100 pixels: one found whole, of one 8 of 10 rows at 0.3; nothing else is hidden beside margins."""
    picture = truth(("person", 0, 0, 10, 10), ("person", 20, 20, 30, 30), ("cup", 0, 40, 10, 50))
    detections = found(("person", 0.9, box(0, 0, 10, 10)), ("person", 0.3, box(20, 20, 26, 30)))
    counts = hiding(picture, detections)
    rows_hidden = 8  # rows 20 to 25, grown by a pixel: the block of rows 26 and 27 as well
    assert counts.sensitive == 200
    assert counts.sensitive_hidden.tolist() == [100 + rows_hidden * 10, 100]
    assert counts.objects[counts.classes.index("person")] == 2
    assert counts.objects_hidden[:, counts.classes.index("person")].tolist() == [1, 1]
    assert counts.other == 40 * 60 - 200


def protected(picture, detections, settings, score):
    """Pixels that `protect` changes, of a picture in which every pixel would."""
    rng = np.random.default_rng(0)
    height, width = picture.height, picture.width
    half = ((height + 1) // 2, (width + 1) // 2)
    planes = Planes(*(rng.integers(0, 100, size, np.uint8) for size in ((height, width), half, half)))
    hider = Hider(settings.model_copy(update={"score": score}), picture)
    areas = hider.areas([hider.prepare([("m", detections)])], 0)
    return Privacy(HiddenLook(style="solid")).render(planes, areas).y != planes.y


@pytest.mark.parametrize("size", [(40, 60), (41, 61), (1, 1), (2, 3)])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"shape": "mask", "grow": 0.2},
        {"shape": "ellipse", "zones": (((0.5, 0.5), (1.0, 0.5), (1.0, 1.0)),)},
        {"whole_frame_when": "no_detection"},
    ],
)
def test_hidden_is_what_protect_hides(size, change):
    settings = HIDE.model_copy(update=change)
    height, width = size
    picture = truth(("person", 0, 0, height, width), height=height, width=width)
    items = [("person", 0.2, (0.1, 0.2, 0.4, 0.5)), ("tv", 0.6, (0.5, 0.5, 1, 1)), ("cup", 0.9, (0, 0, 1, 1))]
    for detections in (found(*items, side=5), found(*items[:1]), Detections.empty()):
        counts = hiding(picture, detections, settings, (0.1, 0.3, 0.7))
        expected = [protected(picture, detections, settings, score).sum() for score in (0.1, 0.3, 0.7)]
        assert counts.sensitive_hidden.tolist() == expected


def test_a_lower_floor_never_hides_less():
    rng = np.random.default_rng(1)
    scores = tuple(np.arange(1, 20) / 20)
    for _ in range(20):
        corners = np.sort(rng.random((8, 2, 2)), 1)
        items = [("person", float(rng.random()), (*a, *(b + 0.01).clip(0, 1))) for a, b in corners * 0.98]
        counts = hiding(truth(("person", 5, 5, 35, 50)), found(*items), scores=scores)
        assert (np.diff(counts.sensitive_hidden) <= 0).all()
        assert (np.diff(counts.objects_hidden, axis=0) <= 0).all()
        assert (np.diff(counts.other_hidden) <= 0).all()


def test_coverage_errors_of_frames_do_not_cancel():
    errors = CoverageErrors(1, 2)
    errors.add(np.array([[0.12, 0.01]]), np.array([0.1, 0.0]))
    errors.add(np.array([[0.18, 0.0]]), np.array([0.2, 0.0]))
    errors.end_video([0.0, 0.04])
    estimate = errors.estimate()
    assert estimate.mean[BIAS, 0] == pytest.approx([0, 0.5, 0.25])
    assert estimate.mean[ABSOLUTE, 0] == pytest.approx([2, 0.5, 1.25])
    assert np.isnan(estimate.low).all()


def test_a_video_counts_as_one_however_long_and_three_have_an_interval():
    errors = CoverageErrors(1, 1)
    for frames, error in ((10, 0.01), (1000, 0.02), (10, 0.03)):
        for _ in range(frames):
            errors.add(np.array([[error]]), np.array([0.0]))
        errors.end_video(np.arange(frames) / 10)
    estimate = errors.estimate()
    assert estimate.mean[ABSOLUTE, 0, 0] == pytest.approx(2)
    assert estimate.low[ABSOLUTE, 0, 0] == pytest.approx(1, abs=0.35)
    assert estimate.high[ABSOLUTE, 0, 0] == pytest.approx(3, abs=0.35)


def test_the_interval_of_pictures_resamples_pictures():
    errors = CoverageErrors(1, 1)
    rng = np.random.default_rng(0)
    for error in rng.normal(0.05, 0.01, 400):
        errors.add(np.array([[error]]), np.array([0.0]))
    errors.end_video(None)
    estimate = errors.estimate()
    width = estimate.high[BIAS, 0, 0] - estimate.low[BIAS, 0, 0]
    assert width == pytest.approx(2 * 1.96 * 1 / 20, rel=0.2)


def judged(pictures, classes=("person", "tv", "laptop", "cup")):
    judge = Judge(JudgeSettings(SCORES, PALETTE, 0.5, HIDE), classes)
    for picture, detections in pictures:
        judge.add(picture, detections)
    judge.end_video()
    return judge.judged("m", "0" * 64)


def test_all_tables():
    picture = truth(("person", 0, 0, 10, 10), ("tv", 20, 20, 30, 30))
    detections = found(("person", 0.9, box(0, 0, 10, 10)), ("laptop", 0.3, box(20, 20, 30, 30)))
    result = judged([(picture, detections)])
    low, high = result.scores
    assert (low["score"], low["mask_ap"], low["group_mask_ap"]) == (0.1, pytest.approx(0.5), pytest.approx(1))
    assert (high["mask_ap"], high["group_mask_ap"]) == (pytest.approx(0.5), pytest.approx(0.5))
    assert (low["group_iou"], high["group_iou"]) == (1, 0.5)
    assert (low["hidden_pixels"], high["hidden_pixels"]) == (1, 0.5)
    assert (low["hidden_instances"], high["hidden_instances"]) == (1, 0.5)
    # Of three groups one is missed at 0.5: a screen of 100 of 2400 pixels.
    assert high["coverage_bias"] == pytest.approx(-100 * 100 / 2400 / 3)
    assert high["coverage_error"] == pytest.approx(100 * 100 / 2400 / 3)
    screen = next(row for row in result.groups if row["group"] == "screen" and row["score"] == 0.5)
    assert (screen["instances"], screen["iou"], screen["coverage"]) == (1, 0, 0)
    assert screen["true_coverage"] == pytest.approx(100 / 24)
    assert [row["group"] for row in result.groups if row["score"] == 0.1] == ["person", "screen", "drink", "all"]
    cup = next(row for row in result.classes if row["class"] == "cup")
    assert cup["sensitive"] == 0
    assert np.isnan(cup["hidden_pixels"])


@pytest.mark.parametrize(
    "pictures",
    [[], [(truth(), Detections.empty())], [(truth(("person", 0, 0, 1, 1), height=1, width=1), Detections.empty())]],
)
def test_nothing_or_a_single_pixel(pictures):
    low, _ = judged(pictures).scores
    assert low["over_blur"] in (0, pytest.approx(np.nan, nan_ok=True))
    if pictures and pictures[0][0].instances:
        assert low["hidden_pixels"] == low["mask_ap"] == 0


def test_classes_that_the_truth_does_not_know_are_nothing_in_masks_and_are_hidden_all_the_same():
    palette = Palette((Group("person", ("person",), (255, 255, 255)), Group("screen", ("tv",), (255, 0, 0))))
    judge = Judge(JudgeSettings((0.1,), palette, 0.5, HIDE), ("person",))
    judge.add(truth(("person", 0, 0, 10, 10)), found(("tv", 0.9, box(0, 30, 40, 60))))
    judge.end_video()
    result = judge.judged("m", "")
    assert [row["group"] for row in result.groups] == ["person", "all"]
    assert result.scores[0]["coverage_error"] == pytest.approx(100 * 100 / 2400)
    assert result.scores[0]["over_blur"] > 0.5


@pytest.mark.parametrize("scores", [(), (0.5, 0.1), (0.1, 0.1), (-0.1, 0.5)])
def test_scores_rise(scores):
    with pytest.raises(ValueError, match="rising numbers"):
        JudgeSettings(scores, PALETTE, 0.5, HIDE)

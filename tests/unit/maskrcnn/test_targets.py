import numpy as np
import pytest


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global EVERYTHING, TargetSampling, Truth, anchor_targets, boxes, chosen, mask_targets, region_targets, tf
    import tensorflow as tf

    from objmask.maskrcnn import boxes
    from objmask.maskrcnn.targets import (
        TargetSampling,
        Truth,
        anchor_targets,
        chosen,
        mask_targets,
        region_targets,
    )

    EVERYTHING = TargetSampling(anchors=100, anchors_positive=100, regions=8, regions_positive=8)


SEED = np.int32([1, 2])


def truth(found, classes, size=(100, 100), masks=None):
    """Of one picture."""
    found = np.float32([found]).reshape(1, -1, 4)
    masks = np.full((1, found.shape[1], 8, 8), 255, np.uint8) if masks is None else masks[None]
    return Truth(*(tf.constant(x) for x in (np.float32([size]), found, np.int32([classes]), masks)))


def test_anchors_by_overlap():
    anchors = np.float32(
        [
            [0, 0, 40, 40],  # the object itself
            [0, 0, 40, 32],  # IoU 0.8
            [0, 0, 40, 20],  # 0.5: neither
            [0, 0, 20, 20],  # 0.25: background
            [60, 60, 90, 90],  # background
        ]
    )
    targets = anchor_targets(tf.constant(anchors), truth([[0, 0, 40, 40]], [3]), EVERYTHING, SEED)
    assert targets.object.numpy().tolist() == [[True, True, False, False, False]]
    assert targets.sampled.numpy().tolist() == [[1, 1, 0, 1, 1]]
    assert targets.positive.numpy().tolist() == [[1, 1, 0, 0, 0]]
    # ty, tx: centre offset over the anchor's side, times 10; th, tw: logarithm, times 5 (arXiv:1506.01497, 3.1.2).
    assert targets.deltas[0, 1].numpy().tolist() == pytest.approx([0, 10 * 4 / 32, 0, 5 * np.log(40 / 32)], abs=1e-5)
    decoded = boxes.decode(targets.deltas, anchors)[0, :2].numpy()
    np.testing.assert_allclose(decoded, [[0, 0, 40, 40]] * 2, atol=1e-4)


def test_every_object_gets_its_best_anchor_however_bad():
    anchors = np.float32([[0, 0, 50, 50], [50, 50, 100, 100]])
    targets = anchor_targets(
        tf.constant(anchors), truth([[0, 0, 45, 50], [0, 0, 10, 10], [80, 80, 90, 90]], [0, 1, 2]), EVERYTHING, SEED
    )
    assert targets.object.numpy().tolist() == [[True, True]]
    # The second object has no anchor but the first's, and wins or shares it; the third gets the other one.
    np.testing.assert_allclose(boxes.decode(targets.deltas, anchors)[0, 1], [80, 80, 90, 90], atol=1e-4)


def test_padding_crowds_and_nothing():
    anchors = np.float32([[0, 0, 20, 20], [0, 60, 20, 80], [70, 0, 100, 20], [40, 40, 60, 60]])
    some = truth([[30, 30, 70, 70], [0, 0, 0, 0]], [-1, -2], size=(60, 100))
    targets = anchor_targets(tf.constant(anchors), some, EVERYTHING, SEED)
    assert targets.sampled.numpy().tolist() == [[1, 1, 0, 0]]
    assert not targets.object.numpy().any()
    assert np.isfinite(targets.deltas.numpy()).all()


@pytest.mark.parametrize(("most", "expected"), [(0, 0), (1, 1), (3, 3), (5, 5), (9, 5)])
def test_draws(most, expected):
    candidates = tf.constant([[True, False, True, True, True, True], [False] * 6])
    drawn = chosen(candidates, tf.constant([most, most]), 9, SEED).numpy()
    assert drawn.sum(axis=1).tolist() == [expected, 0]
    assert not drawn[0, 1]
    assert (chosen(candidates, tf.constant([most, most]), 9, SEED).numpy() == drawn).all()


def test_sampling_keeps_to_its_numbers_and_varies_with_the_seed():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 80, (500, 2))
    anchors = np.float32(np.concatenate([corners, corners + rng.uniform(10, 20, (500, 2))], axis=1))
    some = truth(anchors[:30] + np.float32(0.1), [0] * 30)
    sampling = TargetSampling(anchors=60, anchors_positive=10)
    first, second = (anchor_targets(tf.constant(anchors), some, sampling, np.int32([s, 0])) for s in (1, 2))
    assert (first.sampled.numpy().sum(), first.positive.numpy().sum()) == (60, 10)
    assert (first.sampled.numpy() != second.sampled.numpy()).any()


def test_regions_are_proposals_and_objects():
    proposals = tf.constant(np.float32([[[0, 0, 40, 30], [50, 50, 90, 90], [0, 0, 0, 0], [10, 60, 30, 80]]]))
    valid = tf.constant([[True, True, False, True]])
    some = truth([[0, 0, 40, 40], [10, 55, 40, 90], [0, 0, 0, 0]], [2, -1, -2])
    targets = region_targets(proposals, valid, some, EVERYTHING, SEED)
    classes, sampled, positive = (x.numpy()[0].tolist() for x in (targets.classes, targets.sampled, targets.positive))
    assert classes == [3, 3, 0, 0, 0, 0, 0, 0]
    assert sampled == [1, 1, 1, 0, 0, 0, 0, 0]
    assert positive == [1, 1, 0, 0, 0, 0, 0, 0]
    found = {tuple(box) for box in targets.boxes.numpy()[0].tolist()}
    assert found == {(0, 0, 40, 30), (0, 0, 40, 40), (50, 50, 90, 90), (0, 0, 0, 0)}
    decoded = boxes.decode(targets.deltas, targets.boxes)[0, :2].numpy()
    np.testing.assert_allclose(decoded, [[0, 0, 40, 40]] * 2, atol=1e-4)


def test_a_picture_without_objects_has_background_only():
    proposals = tf.constant(np.float32([[[0, 0, 40, 30], [50, 50, 90, 90]]]))
    targets = region_targets(proposals, tf.constant([[True, True]]), truth([[0, 0, 0, 0]], [-2]), EVERYTHING, SEED)
    assert (targets.sampled.numpy().sum(), targets.classes.numpy().sum(), targets.positive.numpy().sum()) == (2, 0, 0)


def test_regions_get_no_gradient():
    proposals = tf.Variable(np.float32([[[0, 0, 40, 30]]]))
    with tf.GradientTape() as tape:
        targets = region_targets(proposals, tf.constant([[True]]), truth([[0, 0, 40, 40]], [0]), EVERYTHING, SEED)
        total = tf.reduce_sum(targets.boxes) + tf.reduce_sum(targets.deltas)
    assert tape.gradient(total, proposals) is None


def test_masks_are_cut_from_their_object():
    # Left half of a 8 x 8 grid over rows 10..50, columns 20..60.
    grid = np.zeros((1, 8, 8), np.uint8)
    grid[0, :, :4] = 255
    some = truth([[10, 20, 50, 60]], [0], masks=grid)
    regions = np.float32([[10, 20, 50, 60], [10, 20, 50, 40], [10, 40, 50, 60], [0, 0, 40, 60]])
    cut = mask_targets(tf.constant(regions), tf.zeros(4, tf.int32), tf.zeros(4, tf.int32), some, 4).numpy()
    assert cut[0].tolist() == [[1, 1, 0, 0]] * 4
    assert cut[1].mean() >= 0.75  # the last column lies on the border between the halves
    assert cut[1][:, :3].all()
    assert not cut[2][:, 1:].any()
    # Columns 0, 20, 40, 60 and rows 0, 13.3, 26.7, 40: outside of the object's box there is nothing of it.
    assert cut[3].tolist() == [[0, 0, 0, 0]] + [[0, 1, 1, 0]] * 3 or cut[3][1:, 1].all()
    assert not cut[3][0].any()
    assert not cut[3][:, 0].any()


def test_masks_are_those_of_the_right_picture_and_instance():
    masks = np.zeros((2, 2, 8, 8), np.uint8)
    masks[1, 1] = 255
    found = np.tile(np.float32([0, 0, 10, 10]), (2, 2, 1))
    both = Truth(*(tf.constant(x) for x in (np.float32([[10, 10]] * 2), found, np.int32([[0, 0]] * 2), masks)))
    picture, instance = tf.constant([0, 0, 1, 1]), tf.constant([0, 1, 0, 1])
    cut = mask_targets(tf.constant(found.reshape(4, 4)), picture, instance, both, 3).numpy()
    assert cut.mean(axis=(1, 2)).tolist() == [0, 0, 0, 1]

import numpy as np
import pytest


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global AnchorTargets, Losses, RegionTargets, anchor_losses, huber, mask_loss, region_losses, tf
    import tensorflow as tf

    from objmask.maskrcnn.losses import Losses, anchor_losses, huber, mask_loss, region_losses
    from objmask.maskrcnn.targets import AnchorTargets, RegionTargets


def test_huber():
    values = huber(tf.constant([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])).numpy()
    assert values.tolist() == [2.5, 0.5, 0.125, 0, 0.125, 0.5, 1.5]


def test_anchors_by_hand():
    # Three anchors: an object's, background, and one that is left out.
    targets = AnchorTargets(
        tf.constant([[True, False, False]]),
        tf.constant([[1.0, 1.0, 0.0]]),
        tf.constant([[1.0, 0.0, 0.0]]),
        tf.constant([[[1.0, 0, 0, 0], [9.0] * 4, [9.0] * 4]]),
    )
    objectness = tf.constant([[[0.0, np.log(3.0)], [0.0, 0.0], [50.0, -50.0]]])
    deltas = tf.constant([[[0.0, 0, 0, 3.0], [0.0] * 4, [0.0] * 4]])
    found = anchor_losses(objectness, deltas, targets)
    assert float(found[0]) == pytest.approx((-np.log(0.75) - np.log(0.5)) / 2, abs=1e-6)
    assert float(found[1]) == pytest.approx((0.5 + 2.5) / 2)


def regions(classes, deltas=((0.0,) * 4,) * 3):
    classes = np.int32([classes])
    return RegionTargets(
        tf.zeros((1, 3, 4)),
        tf.constant(classes),
        tf.constant([[1.0, 1.0, 0.0]]),
        tf.constant(np.float32(classes > 0)),
        tf.constant(np.float32([deltas])),
        tf.zeros((1, 3), tf.int32),
    )


def test_regions_by_hand():
    # Class 1 (the second channel of the offsets), background, padding.
    targets = regions([2, 0, 0], ((0.5, 0, 0, 0), (7,) * 4, (7,) * 4))
    logits = tf.constant([[[0.0, 0.0, np.log(2.0)], [np.log(8.0), 0, 0], [0.0, 99.0, 0.0]]])
    deltas = np.full((1, 3, 2, 4), 55, np.float32)
    deltas[0, 0, 1] = 0
    found = region_losses(logits, tf.constant(deltas), targets)
    assert float(found[0]) == pytest.approx((-np.log(0.5) - np.log(0.8)) / 2, abs=1e-6)
    assert float(found[1]) == pytest.approx(0.125 / 2)


def test_masks_of_the_true_class_only():
    logits = np.zeros((2, 3, 4, 4), np.float32)
    logits[0, 1] = np.log(3.0)
    logits[0, 0] = logits[0, 2] = logits[1] = 40
    wanted = np.ones((2, 4, 4), np.float32)
    found = mask_loss(tf.constant(logits), tf.constant([2, 0]), tf.constant(wanted), tf.constant([1.0, 0.0]))
    assert float(found) == pytest.approx(-np.log(0.75), abs=1e-6)


def test_only_the_true_class_and_sampled_regions_get_gradients():
    logits = tf.Variable(np.random.default_rng(0).normal(size=(2, 3, 2, 2)).astype(np.float32))
    with tf.GradientTape() as tape:
        loss = mask_loss(logits, tf.constant([1, 0]), tf.ones((2, 2, 2)), tf.constant([1.0, 0.0]))
    gradient = tape.gradient(loss, logits).numpy()
    assert gradient[0, 0].all()
    assert not gradient[0, 1:].any()
    assert not gradient[1].any()


def test_nothing_sampled_and_infinite_offsets_of_padding_cost_nothing():
    nothing = tf.zeros((1, 3))
    targets = AnchorTargets(tf.zeros((1, 3), tf.bool), nothing, nothing, tf.fill((1, 3, 4), -np.inf))
    assert [float(v) for v in anchor_losses(tf.zeros((1, 3, 2)), tf.zeros((1, 3, 4)), targets)] == [0, 0]
    wanted = tf.zeros((1, 4, 4))
    assert float(mask_loss(tf.zeros((1, 2, 4, 4)), tf.constant([0]), wanted, tf.constant([0.0]))) == 0


def test_total():
    assert float(Losses(*(tf.constant(v) for v in (1.0, 2.0, 3.0, 4.0, 5.0))).total) == 15

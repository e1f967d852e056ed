import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objmask.detections.masks import Patch, paste, union

F = np.float32


@pytest.fixture(scope="module")
def reframe():
    """The Object Detection API's way: an image-sized crop of the mask by the frame in the box's coordinates."""
    tf = pytest.importorskip("tensorflow")

    def probability(mask, box, height, width):
        ymin, xmin, ymax, xmax = (F(side) for side in box)
        rows, columns = ymax - ymin, xmax - xmin
        frame = [(F(0) - ymin) / rows, (F(0) - xmin) / columns, (F(1) - ymin) / rows, (F(1) - xmin) / columns]
        image = (mask.astype(F) / F(255))[None, :, :, None]
        crop = tf.image.crop_and_resize(image, [frame], [0], (height, width), extrapolation_value=0)
        return crop.numpy()[0, :, :, 0]

    return probability


def whole(patch, height, width):
    picture = np.zeros((height, width), np.bool_)
    picture[patch.rows, patch.columns] = patch.mask
    return picture


def compare(reframe, mask, box, height, width, threshold):
    """Equal wherever the reference is not within two levels of the threshold."""
    patch = paste(mask, np.array(box, F), height, width, threshold)
    assert 0 <= patch.top <= patch.rows.stop <= height
    assert 0 <= patch.left <= patch.columns.stop <= width
    expected = reframe(mask, box, height, width)
    clear = np.abs(expected - threshold) > 2 / 255
    wrong = clear & (whole(patch, height, width) != (expected > threshold))
    assert not wrong.any(), (mask.shape, box, height, width, threshold, np.argwhere(wrong)[:5])
    return int((expected > threshold).sum())


def random_box(rng, kind):
    if kind == "tiny":
        start = rng.random(2) * 0.98
        return (*start, *np.minimum(start + rng.random(2) * 0.02 + 1e-4, 1))
    low, high = rng.random(2) * 0.6, 1 - rng.random(2) * 0.3
    if kind == "edges":
        low, high = np.where(rng.random(2) < 0.5, 0, low), np.where(rng.random(2) < 0.7, 1, high)
    return (*low, *np.maximum(high, low + 1e-3))


@pytest.mark.parametrize("kind", ["any", "edges", "tiny"])
def test_masks_land_where_the_original_put_them(reframe, kind):
    rng = np.random.default_rng(["any", "edges", "tiny"].index(kind))
    painted = 0
    for case in range(250):
        height, width = rng.integers(1, 200, 2) if case % 5 else rng.choice([1, 2, 3], 2)
        rows, columns = rng.integers(2, 161, 2) if case % 2 else rng.choice([2, 15, 33], 2)
        mask = rng.integers(0, 256, (rows, columns)).astype(np.uint8)
        if case % 3 == 0:
            mask[:] = 255
        box = tuple(float(F(side)) for side in random_box(rng, kind))
        painted += compare(reframe, mask, box, int(height), int(width), float(rng.choice([0.0, 0.3, 0.5, 0.9])))
    assert painted > 100


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (1080, 1920), (359, 641)])
def test_masks_on_real_frame_sizes(reframe, height, width):
    rng = np.random.default_rng(height)
    y, x = np.mgrid[-1:1:33j, -1:1:33j]
    blob = np.clip(255 * (1.2 - np.hypot(y, x)), 0, 255).astype(np.uint8)
    for kind in ("any", "edges", "tiny") * 2:
        compare(reframe, blob, tuple(float(F(side)) for side in random_box(rng, kind)), height, width, 0.5)


SIDES = st.floats(0, 1, width=32, allow_subnormal=False)  # TensorFlow takes those for 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_mask_in_any_box(reframe, data):
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    rows, columns = data.draw(st.integers(2, 20)), data.draw(st.integers(2, 20))
    (ymin, ymax), (xmin, xmax) = (
        data.draw(st.tuples(SIDES, SIDES).map(sorted).filter(lambda s: s[1] - s[0] > 1e-3)) for _ in range(2)
    )
    level = data.draw(st.integers(0, 255))
    mask = np.full((rows, columns), level, np.uint8)
    mask[data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))] = 255 - level
    compare(reframe, mask, (ymin, xmin, ymax, xmax), height, width, data.draw(st.sampled_from([0.3, 0.5])))


def test_a_full_mask_fills_its_box_and_no_more():
    patch = paste(np.full((33, 33), 255, np.uint8), np.array([0.15, 0.38, 0.65, 0.82], F), 11, 21, 0.5)
    expected = np.zeros((11, 21), np.bool_)
    expected[2:7, 8:17] = True
    assert np.array_equal(whole(patch, 11, 21), expected)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1)])
def test_a_single_sample_stands_for_its_box_and_not_for_the_frame(shape):
    mask = np.full(shape, 200, np.uint8)
    for box in ([0.15, 0.38, 0.65, 0.82], [0, 0, 1, 1], [0.85, 0, 1, 0.12]):
        one = paste(mask, np.array(box, F), 11, 21, 0.5)
        two = paste(np.full((2, 2), 200, np.uint8), np.array(box, F), 11, 21, 0.5)
        assert np.array_equal(whole(one, 11, 21), whole(two, 11, 21))
    assert not paste(mask, np.array([0.2, 0.4, 0.6, 0.8], F), 11, 21, 0.9).mask.any()


def test_the_box_of_the_whole_frame_reaches_every_edge():
    for height, width in ((1, 1), (1, 9), (2, 2), (720, 1280), (2160, 3840)):
        assert paste(np.full((2, 2), 255, np.uint8), np.array([0, 0, 1, 1], F), height, width, 0.5).mask.all()
        assert paste(np.full((2, 2), 255, np.uint8), np.array([0, 0, 1, 1], F), height, width, 0.5).mask.size == (
            height * width
        )


def test_a_box_between_two_pixels_hits_none():
    patch = paste(np.full((2, 2), 255, np.uint8), np.array([0.51, 0.51, 0.52, 0.52], F), 3, 3, 0.5)
    assert whole(patch, 3, 3).sum() == 0


def test_the_threshold_itself_is_outside():
    mask = np.full((2, 2), 128, np.uint8)
    box = np.array([0, 0, 1, 1], F)
    assert not paste(mask, box, 4, 4, 128 / 255).mask.any()
    assert paste(mask, box, 4, 4, 127 / 255).mask.all()


def test_the_detection_is_not_changed():
    mask, box = np.arange(9, dtype=np.uint8).reshape(3, 3), np.array([0.1, 0.1, 0.9, 0.9], F)
    mask.setflags(write=False)
    box.setflags(write=False)
    paste(mask, box, 50, 50, 0.0)


@pytest.mark.parametrize("pixels", [[], [(0, 0)], [(4, 6)], [(1, 2), (3, 5)], [(0, 6), (4, 0)]])
def test_trimming_keeps_the_pixels(pixels):
    mask = np.zeros((5, 7), np.bool_)
    for pixel in pixels:
        mask[pixel] = True
    patch = Patch(10, 20, mask)
    trimmed = patch.trimmed()
    assert np.array_equal(whole(trimmed, 40, 40), whole(patch, 40, 40))
    assert trimmed.mask.size == (0 if not pixels else np.prod(np.ptp(np.array(pixels), axis=0) + 1))


@pytest.mark.parametrize("seed", range(5))
def test_a_union_has_the_pixels_of_all_and_no_others(seed):
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 20, (6, 4))
    patches = [Patch(int(t), int(x), rng.random((int(h), int(w))) < 0.5) for t, x, h, w in places]
    expected = np.zeros((40, 40), np.bool_)
    for patch in patches:
        expected[patch.rows, patch.columns] |= patch.mask
    assert np.array_equal(whole(union(patches), 40, 40), expected)
    assert np.array_equal(whole(union(patches[:1]), 40, 40), whole(patches[0], 40, 40))

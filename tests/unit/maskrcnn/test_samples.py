import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as rle
from shapes import KINDS, annotation, write_shapes

from objmask.detections.masks import paste
from objmask.errors import DataError
from objmask.evaluation.annotations import read_annotations
from objmask.maskrcnn.augment import Augmentation, mirrored, resample, zoomed
from objmask.maskrcnn.sample import Sample
from objmask.maskrcnn.samples import MASK_GRID, MOST_INSTANCES, Batch, Dataset, batches

NAMES = ("person", "cup", "book", "keyboard")


def folder_of(tmp_path, annotations, size=(40, 60), categories=KINDS, pictures=("a.png",)):
    """A folder with grey pictures and these annotations."""
    images = []
    for number, name in enumerate(pictures, start=1):
        cv2.imwrite(str(tmp_path / name), np.full((*size, 3), 90, np.uint8))
        images.append({"id": number, "file_name": name, "height": size[0], "width": size[1]})
    categories = [{"id": number, "name": name} for name, number in categories.items()]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "annotations.json").write_text(json.dumps(document))
    return tmp_path


def block(top, left, bottom, right, size=(40, 60)):
    mask = np.zeros(size, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def repainted(sample, i):
    """An instance's pixels, as detections are painted."""
    height, width = sample.picture.shape[:2]
    box = (sample.boxes[i] / np.float32([height, width] * 2)).astype(np.float32)
    patch = paste(sample.masks[i], box, height, width, 0.5)
    whole = np.zeros((height, width), np.uint8)
    whole[patch.rows, patch.columns] = patch.mask
    return whole


def iou(a, b):
    return (a & b).sum() / max(1, (a | b).sum())


def test_polygons_and_both_kinds_of_run_lengths_say_the_same(tmp_path):
    mask = block(10, 20, 30, 50)
    whole = annotation(1, 1, 47, mask)
    polygon = {**whole, "id": 2, "segmentation": [[20, 10, 50, 10, 50, 30, 20, 30]]}
    counts = [len(run) for run in np.split(mask.ravel("F"), np.flatnonzero(np.diff(mask.ravel("F"))) + 1)]
    plain = {**whole, "id": 3, "segmentation": {"size": [40, 60], "counts": counts}}
    data = read_annotations(NAMES, folder_of(tmp_path, [whole, polygon, plain]))
    assert data.classes == ("cup", "book", "keyboard")
    [picture] = data.pictures
    for instance in picture.instances:
        assert instance.box == (10, 20, 30, 50)
        np.testing.assert_array_equal(picture.mask(instance), mask)


def test_what_is_stored_comes_back_where_it_was(tmp_path):
    mask = block(0, 0, 33, 41)
    cv2.ellipse(mask, (45, 25), (14, 14), 0, 0, 360, 1, -1)
    data = Dataset(read_annotations(NAMES, folder_of(tmp_path, [annotation(1, 1, 84, mask)])), NAMES, (40, 60))
    sample = data.sample(0)
    assert sample.classes.tolist() == [2]
    assert sample.boxes.tolist() == [[0, 0, 40, 60]]
    assert iou(repainted(sample, 0), mask) > 0.98


@pytest.mark.parametrize("seed", range(5))
def test_varied_samples_keep_picture_and_truth_together(tmp_path, seed):
    picture = np.zeros((100, 150, 3), np.uint8)
    cv2.ellipse(picture, ((75, 55), (90, 60), 30), (255, 255, 255), -1)
    cv2.imwrite(str(tmp_path / "x.png"), picture)
    folder = folder_of(tmp_path, [annotation(1, 1, 47, picture[:, :, 0] // 255)], (100, 150), pictures=())
    document = json.loads((folder / "annotations.json").read_text())
    document["images"] = [{"id": 1, "file_name": "x.png", "height": 100, "width": 150}]
    (folder / "annotations.json").write_text(json.dumps(document))
    data = Dataset(read_annotations(NAMES, folder), NAMES, (100, 150))
    varied = Augmentation(zoom=1.6, light=0, tint=0, blur=0, noise=0).apply(data.sample(0), np.random.default_rng(seed))
    seen = (varied.picture[:, :, 0] > 190).astype(np.uint8)
    assert iou(repainted(varied, 0), seen) > 0.96
    rows, columns = np.nonzero(seen)
    expected = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
    np.testing.assert_allclose(varied.boxes[0], expected, atol=2.5)


def test_mirroring_twice_is_nothing():
    rng = np.random.default_rng(0)
    sample = Sample(
        rng.integers(0, 256, (20, 30, 3), np.uint8),
        (20, 25),
        np.float32([[1, 2, 10, 12]]),
        np.int32([0]),
        rng.integers(0, 256, (1, MASK_GRID, MASK_GRID), np.uint8),
    )
    once, twice = mirrored(sample), mirrored(mirrored(sample))
    assert once.boxes.tolist() == [[1, 13, 10, 23]]
    assert once.picture[0, 0].tolist() == sample.picture[0, 24].tolist()
    for name in ("picture", "boxes", "masks"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(sample, name))


def test_what_is_cropped_away_is_neither_object_nor_background():
    masks = np.full((2, MASK_GRID, MASK_GRID), 255, np.uint8)
    boxes = np.float32([[0, 0, 10, 10], [8, 8, 20, 20]])
    sample = Sample(np.zeros((20, 20, 3), np.uint8), (20, 20), boxes, np.int32([0, 1]), masks)
    zoom = zoomed(sample, 2.0, np.ones(2))  # keeps the bottom right quarter
    assert zoom.classes.tolist() == [1]
    np.testing.assert_allclose(zoom.boxes, [[0, 0, 20, 20]], atol=1e-5)
    part = zoomed(sample, 1.1, np.ones(2))
    assert part.classes.tolist() == [0, 1]
    np.testing.assert_allclose(part.boxes[0], [0, 0, 9, 9], atol=1e-5)
    sliver = zoomed(sample, 2.0, np.array([0.7, 0.7]))
    assert sliver.classes.tolist() == [-1, 1]


def test_pictures_of_other_sizes_are_fit_and_padded(tmp_path):
    folder = folder_of(tmp_path, [annotation(1, 1, 47, block(0, 0, 40, 30))])
    data = Dataset(read_annotations(NAMES, folder), NAMES, (80, 160))
    sample = data.sample(0)
    assert sample.picture.shape == (80, 160, 3)
    assert sample.size == (80, 120)
    assert sample.boxes.tolist() == [[0, 0, 80, 60]]
    assert (sample.picture[:, :120] == 90).all()
    assert (sample.picture[:, 120:] == 127).all()


def test_resampling_is_that_of_the_network():
    tf = pytest.importorskip("tensorflow")
    picture = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    ours = resample(picture, np.array([0.7, 0.7]), np.zeros(2), (21, 35), 0)
    theirs = tf.raw_ops.ResizeBilinear(images=picture[None].astype(np.float32), size=(21, 35))[0].numpy()
    assert np.abs(ours - theirs).max() < 4  # OpenCV's weights are multiples of 1/32


def test_crowds_and_objects_beyond_the_limit_are_left_out_of_account(tmp_path):
    mask = block(5, 5, 35, 55)
    crowd = annotation(1, 1, 47, mask, crowd=1)
    small = [annotation(2 + i, 1, 84, block(i, i, i + 6, i + 6)) for i in range(MOST_INSTANCES)]
    data = Dataset(read_annotations(NAMES, folder_of(tmp_path, [crowd, *small])), NAMES, (40, 60))
    classes = data.sample(0).classes
    assert classes.tolist() == [-1] + [2] * (MOST_INSTANCES - 1) + [-1]


def test_a_picture_without_objects_and_one_with(tmp_path):
    folder = folder_of(tmp_path, [annotation(1, 2, 47, block(0, 0, 9, 9))], pictures=("a.png", "b.png"))
    data = Dataset(read_annotations(NAMES, folder), NAMES, (40, 60))
    batch = Batch.of([data.sample(0), data.sample(1)])
    assert batch.classes.tolist() == [[-2], [1]]
    assert batch.boxes[0].tolist() == [[0, 0, 0, 0]]
    assert Batch.of([data.sample(0)]).masks.shape == (1, 1, MASK_GRID, MASK_GRID)


def test_the_order_is_the_same_for_any_threads_and_can_be_entered_anywhere(tmp_path):
    data = Dataset(read_annotations(None, write_shapes(tmp_path / "s", 5)), tuple(KINDS), (96, 128))

    def some(start, threads, count):
        stream = batches(data, 2, seed=3, start=start, augmentation=Augmentation(), threads=threads)
        found = [next(stream) for _ in range(count)]
        stream.close()
        return found

    whole = some(0, 1, 6)
    for one, other in zip(whole[3:], some(3, 3, 3), strict=True):
        for name in ("pictures", "sizes", "boxes", "classes", "masks"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert not np.array_equal(whole[0].pictures, whole[1].pictures)


def test_every_picture_is_used_once_before_any_is_used_again(tmp_path):
    folder = folder_of(tmp_path, [], pictures=[f"{i}.png" for i in range(6)])
    for i in range(6):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((40, 60, 3), 10 * i, np.uint8))
    data = Dataset(read_annotations(NAMES, folder), NAMES, (40, 60))
    stream = batches(data, 2, seed=0, start=0, augmentation=None)
    levels = [int(p[0, 0, 0]) for _ in range(6) for p in next(stream).pictures]
    assert sorted(levels[:6]) == sorted(levels[6:]) == [0, 10, 20, 30, 40, 50]


def test_unknown_classes_are_left_out_with_one_warning(tmp_path, caplog):
    annotations = [annotation(i, 1, 18 if i else 47, block(0, 0, 9, 9)) for i in range(3)]
    folder = folder_of(tmp_path, annotations, categories={"cup": 47, "dog": 18})
    data = read_annotations(NAMES, folder)
    assert [i.name for i in data.pictures[0].instances] == ["cup"]
    assert [r.getMessage() for r in caplog.records] == [
        "2 objects of classes that are not learnt are left out: dog (2)"
    ]


def test_the_split_goes_by_name(tmp_path):
    data = read_annotations(None, write_shapes(tmp_path / "s", 60, 8, 8))
    rest, held = data.split(0.25)
    assert 5 <= len(held.pictures) <= 25
    assert len(rest.pictures) + len(held.pictures) == 60
    again = read_annotations(None, tmp_path / "s").split(0.25)[1]
    assert [p.path for p in again.pictures] == [p.path for p in held.pictures]


HOSTILE = {
    "not JSON": (b"{", "not COCO annotations"),
    "empty": (b"", "not COCO annotations"),
    "a list": (b"[]", "not COCO annotations"),
    "no images": (b'{"categories": [{"id": 1, "name": "cup"}], "images": [], "annotations": []}', "pictures"),
    "no categories": (b'{"categories": [], "images": [], "annotations": []}', "its classes are none"),
    "other classes": (
        b'{"categories": [{"id": 1, "name": "dog"}], "annotations": [],'
        b' "images": [{"id": 1, "file_name": "a.png", "height": 4, "width": 4}]}',
        "any class to be learnt; its classes are dog",
    ),
    "no segmentation": (
        b'{"categories": [{"id": 1, "name": "cup"}], "images": [{"id": 1, "file_name": "a", "height": 4, "width": 4}],'
        b' "annotations": [{"id": 7, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2], "segmentation": []}]}',
        "annotation 7 has no segmentation",
    ),
    "segmentation left out": (
        b'{"categories": [{"id": 1, "name": "cup"}], "images": [], '
        b'"annotations": [{"id": 8, "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2]}]}',
        "annotation 8 has no segmentation",
    ),
    "an endless side": (
        b'{"categories": [{"id": 1, "name": "cup"}], "annotations": [],'
        b' "images": [{"id": 1, "file_name": "a", "height": 1e999, "width": 4}]}',
        "not COCO annotations",
    ),
    "an id that is none": (
        b'{"categories": [{"id": 1, "name": "cup"}], "annotations": [],'
        b' "images": [{"id": [1], "file_name": "a", "height": 4, "width": 4}]}',
        "not COCO annotations",
    ),
    "nested without end": (b"[" * 200_000, "not COCO annotations"),
    "no size": (b'{"categories": [{"id": 1, "name": "cup"}], "images": [{"id": 1}], "annotations": []}', "height"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_unusable_annotations(tmp_path, name):
    content, message = HOSTILE[name]
    (tmp_path / "annotations.json").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_annotations(NAMES, tmp_path)


def test_files_that_are_missing_or_damaged(tmp_path):
    with pytest.raises(DataError, match=r"annotations\.json: missing"):
        read_annotations(NAMES, tmp_path)
    lengths = rle.encode(np.asfortranarray(np.ones((7, 9), np.uint8)))
    wrong = annotation(1, 1, 47, block(0, 0, 9, 9))
    wrong["segmentation"] = {"size": [7, 9], "counts": lengths["counts"].decode()}
    folder = folder_of(tmp_path, [wrong])
    with pytest.raises(DataError, match=r"a\.png: a 'cup' has a damaged segmentation \(a mask of \[7, 9\]"):
        Dataset(read_annotations(NAMES, folder), NAMES, (40, 60)).sample(0)
    folder = folder_of(tmp_path, [])
    (folder / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="missing or not a picture"):
        Dataset(read_annotations(NAMES, folder), NAMES, (40, 60)).sample(0)
    cv2.imwrite(str(folder / "a.png"), np.zeros((5, 5, 3), np.uint8))
    with pytest.raises(DataError, match="its annotations say"):
        next(batches(Dataset(read_annotations(NAMES, folder), NAMES, (40, 60)), 1, seed=0, start=0, augmentation=None))


DAMAGED = {
    "two corners": [[1, 2, 30, 20]],
    "no corners": [[]],
    "an odd number": [[1, 2, 30, 2, 30, 20, 7]],
    "no number": [[1, 2, 30, None, 30, 20]],
    "text": [["a", "b", "c", "d", "e", "f"]],
    "far away": [[1, 2, 1e12, 2, 30, 20]],
    "a number": [5],
    "too long": {"size": [40, 60], "counts": [5, 99999]},
    "negative": {"size": [40, 60], "counts": [-5, 99]},
    "no counts": {"size": [40, 60], "counts": None},
    "not run lengths": {"size": [40, 60], "counts": "\u00e9"},
    "another size": {"size": [60, 40], "counts": [2400]},
    "of no size": {"size": None, "counts": [2400]},
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_segmentations_are_named_with_their_picture(tmp_path, name):
    damaged = {**annotation(1, 1, 47, block(0, 0, 9, 9)), "segmentation": DAMAGED[name]}
    data = read_annotations(NAMES, folder_of(tmp_path, [damaged]))
    with pytest.raises(DataError, match=r"a\.png: a 'cup' has a damaged segmentation .*mend or remove"):
        Dataset(data, NAMES, (40, 60)).sample(0)


def test_parts_of_an_object_without_area_do_not_count(tmp_path):
    parts = {**annotation(1, 1, 47, block(10, 20, 30, 50)), "segmentation": [[20, 10, 50, 10, 50, 30, 20, 30], [1, 1]]}
    [picture] = read_annotations(NAMES, folder_of(tmp_path, [parts])).pictures
    np.testing.assert_array_equal(picture.mask(picture.instances[0]), block(10, 20, 30, 50))


@pytest.mark.parametrize("name", ["../a.png", "sub/../../a.png", "/a.png", "a.png\0.txt", "\ud800.png", 7])
def test_annotations_of_others_do_not_lead_out_of_the_folder(tmp_path, name):
    inside = tmp_path / "inside"
    inside.mkdir()
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 60, 3), np.uint8))
    folder = folder_of(inside, [])
    document = json.loads((folder / "annotations.json").read_text())
    document["images"][0]["file_name"] = name
    (folder / "annotations.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="not COCO annotations"):
        read_annotations(NAMES, folder)


def test_missing_pictures_are_named_before_anything_is_learnt(tmp_path):
    folder = folder_of(tmp_path, [], pictures=("a.png", "b.png", "c.png"))
    (folder / "b.png").unlink()
    with pytest.raises(DataError, match=r"b\.png: missing \(1 of 3 pictures are\)"):
        read_annotations(NAMES, folder)


@pytest.mark.parametrize("size", [(1, 500), (500, 1), (1, 1)])
def test_pictures_of_odd_shapes(tmp_path, size):
    data = Dataset(read_annotations(NAMES, folder_of(tmp_path, [], size)), NAMES, (40, 60))
    stream = batches(data, 4, seed=0, start=0, augmentation=Augmentation())
    assert next(stream).pictures.shape == (4, 40, 60, 3)
    stream.close()


@pytest.mark.parametrize(("name", "kind", "level"), [("a.jpg", np.uint8, 90), ("a.png", np.uint16, 90 * 257)])
def test_grey_and_deep_pictures_become_rgb(tmp_path, name, kind, level):
    folder = folder_of(tmp_path, [], pictures=(name,))
    cv2.imwrite(str(folder / name), np.full((40, 60), level, kind))
    [picture] = read_annotations(NAMES, folder).pictures
    stored = picture.read()
    assert (stored.shape, stored.dtype) == ((40, 60, 3), np.uint8)
    assert np.abs(stored.astype(int) - 90).max() <= 1

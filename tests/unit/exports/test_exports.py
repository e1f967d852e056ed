"""Every format says the same: the frames that were looked at, and the pixels that are painted, each with its object."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from builders import HOSTILE, METADATA, found, random_detections, write_detections
from clips import make
from patience import AT_MOST_S
from PIL import Image
from pycocotools import mask as rle
from pycocotools.coco import COCO
from test_polygons import drawn

from objmask.cli import main
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.classes import Palette
from objmask.evaluation.annotations import read_annotations
from objmask.exports.cvat import voc_colours
from objmask.files.whole import sha256_of
from objmask.video import probe, read_frames

GROUPS = {
    "person": {"objects": ["person"], "colour": [255, 255, 255]},
    "drink <script>": {"objects": ["cup", "wine glass"], "colour": [0, 0, 255]},
    "皿 \N{CAMERA} 'x'": {"objects": ["Schüssel 皿"], "colour": [100, 150, 200]},
}
PALETTE = Palette.from_config(GROUPS)
OBJECTS = ["person", "cup", "wine glass", "Schüssel 皿"]
READERS = Path(__file__).parents[2] / "readers"


def call(verb: str, **options: object) -> int:
    return main([verb, *(f"--{key.replace('_', '-')}={value}" for key, value in options.items())])


@dataclass(frozen=True)
class Export:
    """A video with detections, and what the verb makes of it in `folder`."""

    folder: Path
    video: Path

    def run(self, verb: str, **options: object) -> int:
        """A verb that reads what is painted with the `groups` that it is given."""
        given = {"probe": self.folder / "p.json", "groups": json.dumps(GROUPS), **options}
        painted = self.folder / f"painted/{hash(given['groups'])}.parquet"
        if not painted.exists():
            decided = {key: given[key] for key in ("probe", "groups")}
            assert call("paint", **decided, detections=self.folder / "d.parquet", out=painted) == 0
        return call(verb, **given, painted=painted)

    def images(self, out: Path, **options: object) -> int:
        """The frames as images."""
        given = {"probe": self.folder / "p.json", "detections": self.folder / "d.parquet", **options}
        return call("annotated-images", video=self.video, out=out, **given)

    def write(self, kind: str, name: str = "a", **options: object) -> Path:
        """A format's file or folder."""
        out = self.folder / kind / f"{name}{ {'coco': '.json', 'cvat': '.zip'}.get(kind, '') }"
        assert self.run("annotations", format=kind, name=name, out=out, **options) == 0
        return out


def prepare(folder: Path, frames, *, size=(64, 48), left_out=()) -> Export:
    """A video of so many frames, and these detections; `left_out`: frames without inference."""
    video = make(folder / "v.mp4", size=size, pts=range(0, 1001 * max(len(frames), 1), 1001))
    assert main(["probe", f"--video={video}", f"--out={folder / 'p.json'}"]) == 0
    metadata = {**METADATA, "video_sha256": sha256_of(video)}
    with DetectionWriter(folder / "d.parquet", folder / "d.frames.parquet", metadata) as writer:
        for number, one in enumerate(frames):
            seen = number not in left_out
            writer.write(number, number * 1001, 1001, inferred=seen, found=one if seen else Detections.empty())
    return Export(folder, video)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Frames full of objects that overlap, one with none, one that no network saw."""
    rng = np.random.default_rng(3)
    frames = [random_detections(rng, 12, tracked=False) for _ in range(6)]
    frames[2] = Detections.empty()
    return prepare(tmp_path_factory.mktemp("crowd"), frames, left_out=[4])


def coverage(export: Export) -> dict[tuple[int, str], int]:
    """(frame, group) -> pixels, as `coverage` counts them."""
    out = export.folder / "c.csv"
    assert export.run("coverage", out=out) == 0
    with out.open(newline="", encoding="utf-8") as stream:
        return {(int(r["frame"]), r["group"]): int(r["pixels"]) for r in csv.DictReader(stream) if r["pixels"]}


def coco_pixels(path: Path) -> dict[int, list[tuple[str, np.ndarray]]]:
    """Frame -> (class, mask) of each annotation, read by pycocotools."""
    coco = COCO(str(path))
    names = {kind["id"]: kind["name"] for kind in coco.loadCats(coco.getCatIds())}
    found = {}
    for image in coco.loadImgs(coco.getImgIds()):
        annotations = coco.loadAnns(coco.getAnnIds(image["id"]))
        found[image["frame"]] = [(names[a["category_id"]], coco.annToMask(a)) for a in annotations]
    return found


def test_coco_holds_the_pixels_that_coverage_counts(crowd):
    path = crowd.write("coco")
    read, expected = coco_pixels(path), coverage(crowd)
    assert sorted(read) == [0, 1, 2, 3, 5]
    group_of = {name: group for group, content in GROUPS.items() for name in content["objects"]}
    pixels = Counter(dict.fromkeys(expected, 0))
    for frame, objects in read.items():
        assert not objects or np.sum([mask for _, mask in objects], 0).max() == 1  # none shares a pixel
        for name, mask in objects:
            pixels[frame, group_of[name]] += int(mask.sum())
    assert pixels == expected
    assert sum(expected.values()) > 3000


def test_coco_says_what_tools_ask_for(crowd):
    document = json.loads(crowd.write("coco", images="png").read_text())
    assert [(c["id"], c["name"]) for c in document["categories"]] == list(enumerate(OBJECTS, 1))
    assert {c["supercategory"] for c in document["categories"]} == set(GROUPS)
    assert document["info"] == {"description": "objmask"}  # the version would refuse the files of the last one
    first = document["images"][0]
    assert first == {
        **{"id": 1, "file_name": "00000000.png", "width": 64, "height": 48},
        **{"video": "a", "frame": 0, "time_s": 0.0},
    }
    assert [image["frame"] for image in document["images"]] == [0, 1, 2, 3, 5]
    assert document["images"][-1]["time_s"] == pytest.approx(5 * 1001 / 30000, abs=1e-6)
    assert [a["id"] for a in document["annotations"]] == list(range(1, len(document["annotations"]) + 1))
    for a in document["annotations"]:
        assert a["iscrowd"] == 0
        assert 0.3 <= a["score"] <= 1
        assert a["area"] == rle.area(a["segmentation"])
        assert a["bbox"] == rle.toBbox(a["segmentation"]).tolist()
        assert {"source"} <= a.keys()


def test_palette_pngs_are_the_painted_map(crowd):
    folder, objects = crowd.write("masks_png"), coco_pixels(crowd.write("coco"))
    assert sorted(p.name for p in folder.iterdir()) == [*(f"{n:08d}.png" for n in (0, 1, 2, 3, 5)), "labelmap.txt"]
    for frame, instances in objects.items():
        with Image.open(folder / f"{frame:08d}.png") as png:
            assert png.mode == "P"
            assert np.array_equal(np.reshape(png.getpalette(), (-1, 3))[:4], PALETTE.colours)
            expected = np.zeros((48, 64), np.uint8)
            for name, mask in instances:
                expected[mask > 0] = PALETTE.index_of[name]
            assert np.array_equal(np.asarray(png), expected)
    lines = (folder / "labelmap.txt").read_text("utf-8").splitlines()
    assert lines == ["background:0,0,0::", *(f"{n}:{','.join(map(str, g['colour']))}::" for n, g in GROUPS.items())]


def test_cvat_zip_has_groups_and_instances(crowd, tmp_path):
    path, objects = crowd.write("cvat"), coco_pixels(crowd.write("coco"))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.read("ImageSets/Segmentation/default.txt").decode().split()
        assert names == [f"{n:08d}" for n in objects]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        for frame, instances in objects.items():
            kinds, numbers = (
                np.asarray(Image.open(io.BytesIO(archive.read(f"Segmentation{kind}/{frame:08d}.png"))).convert("RGB"))
                for kind in ("Class", "Object")
            )
            colours = voc_colours()
            for number, (name, mask) in enumerate(instances, 1):
                assert (numbers[mask > 0] == colours[number]).all()
                assert (kinds[mask > 0] == PALETTE.colours[PALETTE.index_of[name]]).all()
            assert len(np.unique(numbers.reshape(-1, 3), axis=0)) == len(instances) + 1


def test_voc_colours_are_the_published_ones():
    assert voc_colours()[[0, 1, 2, 3, 15, 20, 255]].tolist() == [
        *([0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0], [192, 128, 128], [0, 64, 128], [224, 224, 192])
    ]


def test_yolo_lines_are_the_instances(crowd):
    folder, objects = crowd.write("yolo"), coco_pixels(crowd.write("coco"))
    assert sorted(p.name for p in (folder / "labels").iterdir()) == [f"{n:08d}.txt" for n in objects]
    assert (folder / "images.txt").read_text().split() == [f"./images/{n:08d}.jpg" for n in objects]
    assert (folder / "classes.txt").read_text("utf-8").splitlines() == OBJECTS
    data = yaml.safe_load((folder / "data.yaml").read_text("utf-8"))
    assert data == {"train": "images.txt", "val": "images.txt", "names": dict(enumerate(OBJECTS))}
    for frame, instances in objects.items():
        lines = (folder / "labels" / f"{frame:08d}.txt").read_text().splitlines()
        assert [OBJECTS[int(line.split()[0])] for line in lines] == [name for name, _ in instances]
        for line, (_, mask) in zip(lines, instances, strict=True):
            corners = np.array(line.split()[1:], float)
            assert len(corners) >= 6
            assert ((corners >= 0) & (corners <= 1)).all()
            if cv2.connectedComponents(mask)[0] == 2:  # one part
                assert np.array_equal(drawn(corners.reshape(-1, 2) * (64, 48), (48, 64)), mask > 0)


@pytest.mark.parametrize("kind", ["coco", "masks_png", "yolo", "cvat"])
def test_twice_the_same_bytes(crowd, kind):
    first = sha256_of(crowd.write(kind))
    assert sha256_of(crowd.write(kind)) == first


@pytest.mark.parametrize("name", [*HOSTILE[:2], HOSTILE[3], HOSTILE[4], "<script>alert(1)</script>"])
def test_any_name_of_a_video(tmp_path, name):
    export = prepare(tmp_path, [found(("cup", 0.9, (0, 0, 1, 0.5)))] * 2)
    export.write("cvat", name)
    export.write("masks_png", name)
    assert json.loads(export.write("coco", name).read_text())["images"][1]["video"] == name
    images = tmp_path / "images"
    linked = export.write("yolo", name, image_folder=images)
    assert export.images(images / name) == 0
    assert [p.name for p in sorted((linked / "images").iterdir())] == ["00000000.jpg", "00000001.jpg"]


def join(export: Export, kind: str, names, tmp_path: Path) -> int:
    table = tmp_path / "videos.tsv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        rows = [("name", "label", "subject", "excluded"), *((name, "", "", "") for name in names), ("x", "", "", "bad")]
        csv.writer(stream, delimiter="\t", lineterminator="\n").writerows(rows)
    out = tmp_path / ("annotations.json" if kind == "coco" else "data.yaml")
    given = (f"--annotations={export.folder / kind}", f"--videos={table}", f"--groups={json.dumps(GROUPS)}")
    return main(["dataset", f"--format={kind}", *given, f"--out={out}"])


def test_all_videos_in_one_file_that_objmask_can_learn_from(crowd, tmp_path):
    names = ["desk/b <script>", "a"]
    for name in names:
        crowd.write("coco", name)
        crowd.write("yolo", name, image_folder=tmp_path / "images")
        assert crowd.images(tmp_path / "images" / name) == 0
    assert join(crowd, "coco", names, tmp_path) == 0
    document = json.loads((tmp_path / "annotations.json").read_text())
    one = json.loads((crowd.folder / "coco/a.json").read_text())
    assert [image["file_name"] for image in document["images"]] == [
        f"{name}/{frame:08d}.jpg" for name in names for frame in (0, 1, 2, 3, 5)
    ]
    assert [len(document[key]) for key in ("images", "annotations")] == [
        2 * len(one[k]) for k in ("images", "annotations")
    ]
    for key in ("images", "annotations"):
        assert [entry["id"] for entry in document[key]] == list(range(1, len(document[key]) + 1))
    half = len(one["annotations"])
    assert [a["image_id"] for a in document["annotations"][half:]] == [5 + a["image_id"] for a in one["annotations"]]
    pictures = read_annotations(None, tmp_path).pictures
    assert len(pictures) == 10
    assert all(picture.read().shape == (48, 64, 3) for picture in pictures)
    assert join(crowd, "yolo", names, tmp_path) == 0
    listed = yaml.safe_load((tmp_path / "data.yaml").read_text("utf-8"))["train"]
    assert [(tmp_path / path).resolve() for path in listed] == [crowd.folder / "yolo" / n / "images.txt" for n in names]


@pytest.mark.parametrize("damage", ["", "{}", "half", "other"])
def test_a_damaged_file_is_named(crowd, tmp_path, capsys, damage):
    path = crowd.write("coco", "damaged")
    text = path.read_text()
    half = text[: text.rindex(",\n")] + "\n"
    path.write_text({"half": half, "other": text.replace('"cup"', '"mug"')}.get(damage, damage))
    assert join(crowd, "coco", ["damaged"], tmp_path) == 1
    assert "damaged.json: not annotations of these groups; delete it" in capsys.readouterr().err
    assert not (tmp_path / "annotations.json").exists()


def test_every_nth_frame_everywhere(crowd, tmp_path):
    assert list(coco_pixels(crowd.write("coco", "n", every=2))) == [0, 2]
    assert sorted(p.stem for p in crowd.write("masks_png", "n", every=3).glob("*.png")) == ["00000000", "00000003"]
    assert crowd.images(tmp_path / "i", every=5, kind="png") == 0
    assert sorted(os.listdir(tmp_path / "i")) == ["00000000.png", "00000005.png"]


def test_images_are_the_frames(crowd, tmp_path):
    """And a frame that no network saw is left out, here too: it would teach that there is nothing."""
    assert crowd.images(tmp_path / "i", kind="png") == 0
    info = probe(crowd.video)
    frames = {frame.number: frame.rgb() for frame in read_frames(crowd.video, info)}
    written = sorted((tmp_path / "i").iterdir())
    assert [int(path.stem) for path in written] == [0, 1, 2, 3, 5]
    for path in written:
        assert np.array_equal(np.asarray(Image.open(path)), frames[int(path.stem)])


def test_a_video_with_other_frames_is_refused(tmp_path, capsys):
    export = prepare(tmp_path, [Detections.empty()] * 3)
    sha256 = probe(export.video).sha256
    write_detections(tmp_path / "d.parquet", [Detections.empty()] * 3, pts=[0, 1001, 2003], video_sha256=sha256)
    assert export.images(tmp_path / "i") == 1
    assert "frame 2 at pts 2002 is not in its frames table; run detect again" in capsys.readouterr().err
    write_detections(tmp_path / "d.parquet", [Detections.empty()] * 5, video_sha256=sha256)
    assert export.images(tmp_path / "i") == 1
    assert "3 frames, but 5 in its frames table; run detect again" in capsys.readouterr().err
    assert not (tmp_path / "i").exists()


@pytest.mark.parametrize("frames", [[], [Detections.empty()], [found(("sofa", 0.9, (0, 0, 1, 1)))]])
def test_nothing_found(tmp_path, frames):
    export = prepare(tmp_path, frames)
    document = json.loads(export.write("coco").read_text())
    assert (len(document["images"]), document["annotations"]) == (len(frames), [])
    assert len(list(export.write("masks_png").glob("*.png"))) == len(frames)
    assert [p.read_text() for p in (export.write("yolo") / "labels").iterdir()] == [""] * len(frames)
    with zipfile.ZipFile(export.write("cvat")) as archive:
        assert len(archive.namelist()) == 2 + 2 * len(frames)
    assert export.images(tmp_path / "i") == 0
    assert len(os.listdir(tmp_path / "i")) == len(frames)


def test_254_groups(tmp_path):
    levels = [(r, g, b) for r in range(0, 256, 42) for g in range(0, 256, 42) for b in range(0, 256, 42)][1:255]
    groups = {f"g{i}": {"objects": [f"o{i}"], "colour": list(colour)} for i, colour in enumerate(levels)}
    boxes = [(f"o{i}", 0.9, (i // 16 / 16, i % 16 / 16, (i // 16 + 1) / 16, (i % 16 + 1) / 16)) for i in range(254)]
    export = prepare(tmp_path, [found(*boxes)], size=(256, 256))
    folder = export.write("masks_png", groups=json.dumps(groups))
    assert set(np.unique(np.asarray(Image.open(folder / "00000000.png")))) >= set(range(1, 255))
    assert len((folder / "labelmap.txt").read_text().splitlines()) == 255
    with zipfile.ZipFile(export.write("cvat", groups=json.dumps(groups))) as archive:
        numbers = np.asarray(Image.open(io.BytesIO(archive.read("SegmentationObject/00000000.png"))).convert("RGB"))
    assert len(np.unique(numbers.reshape(-1, 3), axis=0)) >= 254


def test_more_instances_than_the_zip_can_tell_apart(tmp_path, capsys):
    boxes = [("cup", 0.9, (i // 16 / 17, i % 16 / 16, (i // 16 + 1) / 17, (i % 16 + 1) / 16)) for i in range(256)]
    export = prepare(tmp_path, [found(*boxes)], size=(256, 256))
    assert export.run("annotations", format="cvat", out=tmp_path / "a.zip") == 1
    assert "frame 0: 256 instances, the cvat format holds 255 a frame" in capsys.readouterr().err
    assert len(json.loads(export.write("coco").read_text())["annotations"]) == 256


@pytest.mark.parametrize("name", ["a:b", "#a", " a", "a ", "a\u2028b"])
def test_group_names_that_a_label_map_cannot_hold(crowd, tmp_path, capsys, name):
    groups = json.dumps({name: {"objects": ["cup"], "colour": [255, 0, 0]}})
    for kind in ("cvat", "masks_png"):
        assert crowd.run("annotations", format=kind, groups=groups, out=tmp_path / kind) == 1
        assert f"groups.{' '.join(name.splitlines())}: label maps allow no" in capsys.readouterr().err
    assert crowd.run("annotations", format="coco", groups=groups, out=tmp_path / "c.json") == 0


def test_an_export_replaces_an_earlier_one_and_nothing_else(crowd, tmp_path, capsys):
    for kind in ("masks_png", "yolo"):
        out = tmp_path / kind
        assert crowd.run("annotations", format=kind, out=out) == 0
        assert crowd.run("annotations", format=kind, every=2, out=out) == 0
        assert len(list(out.rglob("0*"))) == 2
        (out / "notes.md").write_text("mine")
        assert crowd.run("annotations", format=kind, out=out) == 1
        assert f"{out}: would be replaced, but holds notes.md" in capsys.readouterr().err
        assert (out / "notes.md").read_text() == "mine"


@pytest.mark.parametrize(
    "theirs", ["images/00000000.jpg", "labels/cup.txt", "00000000.png", "labelmap.txt", "labels/train/00000000.txt"]
)
def test_a_data_set_of_the_user_s_own_is_not_replaced(crowd, tmp_path, capsys, theirs):
    """It may be laid out as an export is; what looks like another kind of export is no earlier one either."""
    out = tmp_path / "data"
    (out / theirs).parent.mkdir(parents=True)
    (out / theirs).write_text("mine")
    (out / "data.yaml").write_text("train: images")
    assert crowd.run("annotations", format="yolo", out=out) == 1
    assert crowd.run("annotations", format="masks_png", out=out) == 1
    assert crowd.images(out) == 1
    assert capsys.readouterr().err.count("would be replaced, but holds") == 3
    assert (out / theirs).read_text() == "mine"


@pytest.fixture(scope="module")
def datumaro() -> str:
    """A Python that has datumaro, which is CVAT's own reader."""
    python = os.environ.get("OBJMASK_TEST_DATUMARO")
    if not python:
        pytest.skip("needs datumaro: set OBJMASK_TEST_DATUMARO to a Python that has it (tests/readers/README.md)")
    return python


@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_datumaro_reads_the_same(crowd, tmp_path, datumaro, kind):
    if kind == "coco":
        (tmp_path / "images").mkdir()
        (tmp_path / "annotations").mkdir()
        (tmp_path / "annotations/instances_default.json").write_bytes(crowd.write("coco").read_bytes())
    else:
        with zipfile.ZipFile(crowd.write("cvat")) as archive:
            archive.extractall(tmp_path)
    command = [datumaro, str(READERS / "read_annotations.py"), kind, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST_S, check=False)
    assert done.returncode == 0, done.stderr
    group_of = {name: group for group, content in GROUPS.items() for name in content["objects"]}
    expected = {
        f"{frame:08d}": sorted(
            [name if kind == "coco" else group_of[name], int(mask.sum()), zlib.crc32(np.ascontiguousarray(mask))]
            for name, mask in instances
        )
        for frame, instances in coco_pixels(crowd.write("coco")).items()
    }
    assert {frame: [one[:3] for one in some] for frame, some in json.loads(done.stdout).items()} == expected

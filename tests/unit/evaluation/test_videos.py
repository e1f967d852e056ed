"""Annotated videos: which frames count, and what is wrong in one line."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import clips
import numpy as np
import pytest
from builders import METADATA, found, write_detections
from shapes import annotation

from objmask.cli import main
from objmask.detections.arrays import Detections, DetectionWriter
from objmask.detections.frames_table import frames_path
from objmask.errors import ConfigError, DataError
from objmask.evaluation.video_index import check_known, index_annotations
from objmask.evaluation.videos import VideoAnnotations
from objmask.video.info import VideoInfo

TABLE = "name\tlabel\tsubject\texcluded\n"


def image(number, video="a/x", frame=0, height=40, width=60):
    return {"id": number, "file_name": f"{video}.mp4", "video": video, "frame": frame, "height": height, "width": width}


def document(images, annotations=None, categories=None):
    mask = np.zeros((40, 60), np.uint8)
    mask[:10, :10] = 1
    one = [annotation(1, images[0]["id"], 1, mask)] if images and annotations is None else annotations or []
    categories = categories or [{"id": 1, "name": "person"}, {"id": 47, "name": "cup"}]
    return {"images": images, "annotations": one, "categories": categories}


def written(path: Path, content) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_files_of_a_folder_are_one_truth(tmp_path):
    written(tmp_path / "t/a.json", document([image(1, frame=3), image(2, frame=1)]))
    written(tmp_path / "t/deep/b.json", document([image(1, "b <script>"), image(7, frame=2)]))
    written(tmp_path / "t/.hidden.json", {})
    truth = VideoAnnotations(tmp_path / "t")
    assert truth.videos == ("a/x", "b <script>")
    assert truth.classes == ("person", "cup")
    frames = truth.frames("a/x")
    assert [frame.number for frame in frames] == [1, 2, 3]
    assert [len(frame.instances) for frame in frames] == [0, 0, 1]
    assert frames[2].mask(frames[2].instances[0]).sum() == 100
    index = index_annotations(tmp_path / "t", tmp_path / "index.json")
    assert (index.videos, index.digest) == (truth.videos, truth.digest)


BAD = {
    "no video": (document([{**image(1), "video": None}]), r"image 1 must say `video`"),
    "a frame that is no number": (document([{**image(1), "frame": "0"}]), r"and `frame`"),
    "a frame before the first": (document([image(1, frame=-1)]), r"and `frame`"),
    "one id for two images": (document([image(1), image(1, frame=1)]), "1 is the id of two images"),
    "one id for two annotations": (
        document([image(1)], [annotation(5, 1, 1, np.ones((40, 60), np.uint8))] * 2),
        "5 is the id of two annotations",
    ),
    "one id for two categories": (
        document([image(1)], categories=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]),
        "1 is the id of two categories",
    ),
    "one name for two categories": (
        document([image(1)], categories=[{"id": 1, "name": "a"}, {"id": 2, "name": "a"}]),
        "'a' is the name of two categories",
    ),
    "an annotation of no image": (
        document([image(1)], [annotation(1, 9, 1, np.ones((40, 60), np.uint8))]),
        "image_id 9, and no images has that id",
    ),
    "an annotation of no category": (
        document([image(1)], [annotation(1, 1, 9, np.ones((40, 60), np.uint8))]),
        "category_id 9, and no categories has that id",
    ),
    "nothing annotated": (document([image(1)], []), "no annotation at all"),
    "no images": (document([], []), "no annotation at all"),
    "an endless picture": (document([image(1, height=10**9)]), "is said to have 1000000000 x 60 pixels"),
    "not COCO": ([1], "not COCO annotations"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_annotations(tmp_path, name):
    content, message = BAD[name]
    with pytest.raises(DataError, match=message):
        VideoAnnotations(written(tmp_path / "t.json", content))


def test_a_frame_that_is_there_twice(tmp_path):
    for name in "ab":
        written(tmp_path / f"t/{name}.json", document([image(1)]))
    with pytest.raises(DataError, match="frame 0 of 'a/x' is there twice"):
        VideoAnnotations(tmp_path / "t").frames("a/x")


def test_the_index_follows_content_and_not_time(tmp_path):
    cache, file = tmp_path / "i.json", written(tmp_path / "t.json", document([image(1)]))
    first = index_annotations(file, cache)
    os.utime(file, (1, 1))
    assert index_annotations(file, cache) == first
    written(file, document([image(1, frame=5)]))
    assert index_annotations(file, cache).digest != first.digest
    cache.write_text('{"x": [1]}')
    assert index_annotations(file, cache).videos == ("a/x",)
    with pytest.raises(DataError, match="not COCO annotations of video frames"):
        index_annotations(written(tmp_path / "u.json", {"images": [[]]}), cache)
    with pytest.raises(ConfigError, match="no COCO file"):
        index_annotations(tmp_path / "no", cache)


def test_videos_that_are_not_there(tmp_path):
    assert check_known(["a", "b"], ["a", "c"], tmp_path) == ["b"]
    with pytest.raises(DataError, match="names none of the videos"):
        check_known(["b"], ["a"], tmp_path)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results of a video of 5 frames of 48 x 64 in which a model has found its upper left quarter in each but one."""
    folder = tmp_path / "results"
    clips.make(tmp_path / "x.mp4", size=(64, 48), pts=[0, 1, 2, 3, 4])
    assert main(["probe", f"--video={tmp_path / 'x.mp4'}", f"--out={folder / 'probe/a/x.json'}"]) == 0
    info = VideoInfo.read(folder / "probe/a/x.json")
    one = found(("person", 0.9, (0, 0, 23 / 47, 31 / 63)))
    frames = [one, one, Detections.empty(), one, one][: info.frames]
    (folder / "detections/m/a").mkdir(parents=True)
    write_detections(folder / "detections/m/a/x.parquet", frames, video_sha256=info.sha256, model_sha256="f" * 64)
    (tmp_path / "videos.tsv").write_text(f"{TABLE}a/x\ta\t\t\n")
    return folder


def evaluate(results: Path, truth: Path, *more: str) -> int:
    where = results.parent
    return main(
        ["evaluate-videos", f"--annotations={truth}", f"--videos={where / 'videos.tsv'}", f"--results={results}",
         "--name", "m", f"--out={where / 'out'}", *more]
    )  # fmt: skip


def quarter(frames, height=48, width=64):
    mask = np.zeros((height, width), np.uint8)
    mask[: height // 2, : width // 2] = 1
    images = [image(k + 1, frame=frame, height=height, width=width) for k, frame in enumerate(frames)]
    return document(images, [annotation(k + 1, k + 1, 1, mask) for k in range(len(frames))])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_only_annotated_frames_count(results, tmp_path):
    assert evaluate(results, written(tmp_path / "t.json", quarter([4, 1])), "--scores=[0.5, 0.1]") == 0
    (model,) = rows(tmp_path / "out/models.csv")
    assert (model["pictures"], model["mask_ap"], model["group_iou@0.1"]) == ("2", "1.000000", "1.000000")
    assert (model["sha256"], model["ms"]) == ("f" * 64, "")
    assert evaluate(results, written(tmp_path / "t.json", quarter([1, 2])), "--scores=[0.5]") == 0
    (model,) = rows(tmp_path / "out/models.csv")
    assert (model["hidden_pixels@0.5"], model["hidden_instances@0.5"]) == ("0.500000", "0.500000")
    (video,) = rows(tmp_path / "out/videos.csv")
    assert (video["annotated"], video["judged"]) == ("2", "2")
    assert "<svg" in (tmp_path / "out/evaluation.html").read_text()


def test_frames_outside_the_window_or_without_inference_are_counted_and_left_out(results, tmp_path, capsys):
    path = results / "detections/m/a/x.parquet"
    info = VideoInfo.read(results / "probe/a/x.json")
    metadata = {**METADATA, "video_sha256": info.sha256, "model_sha256": "f" * 64}
    with DetectionWriter(path, frames_path(path), metadata) as writer:
        for number in (1, 2, 3):
            one = found(("person", 0.9, (0, 0, 23 / 47, 31 / 63))) if number == 1 else Detections.empty()
            writer.write(number, number, 1, inferred=number == 1, found=one)
    assert evaluate(results, written(tmp_path / "t.json", quarter([0, 1, 2, 4]))) == 0
    (video,) = rows(tmp_path / "out/videos.csv")
    assert [video[name] for name in ("annotated", "judged", "outside_window", "not_inferred")] == ["4", "1", "2", "1"]
    assert rows(tmp_path / "out/models.csv")[0]["hidden_pixels@0.1"] == "1.000000"
    assert "a/x: 3 of 4 annotated frames are left out" in capsys.readouterr().err
    assert evaluate(results, written(tmp_path / "t.json", quarter([0]))) == 1
    assert "no annotated frame lies in the window" in capsys.readouterr().err


def test_the_same_bytes_again(results, tmp_path):
    truth = written(tmp_path / "t.json", quarter([0, 1]))
    contents = []
    for _ in range(2):
        assert evaluate(results, truth) == 0
        contents.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 9
    assert not any(str(tmp_path).encode() in content for content in contents[0].values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (quarter([5]), "frame 5 of 'a/x', which has 5, the last 4"),
        (quarter([1], 64, 48), "is 48 x 64 pixels there, 64 x 48 in the video"),
        (document([image(1, "other")]), "names none of the videos"),
        (
            {**quarter([1]), "annotations": [{**annotation(1, 1, 1, np.ones((4, 4), np.uint8))}]},
            "a/x, frame 1: a 'person' has a damaged segmentation",
        ),
    ],
)
def test_truth_that_does_not_fit_the_video(results, tmp_path, capsys, content, message):
    assert evaluate(results, written(tmp_path / "t.json", content)) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_annotations_that_changed_meanwhile(results, tmp_path, capsys):
    assert evaluate(results, written(tmp_path / "t.json", quarter([1])), "--content=0") == 1
    assert "changed while the workflow ran" in capsys.readouterr().err


@pytest.mark.parametrize("scores", ["[]", "[2]", '["a"]', "1", "[true]", "{"])
def test_scores_that_are_none(results, tmp_path, capsys, scores):
    assert evaluate(results, written(tmp_path / "t.json", quarter([1])), f"--scores={scores}") == 1
    assert "--scores" in capsys.readouterr().err

"""From a name, an archive or a path to a model folder that is right, or none at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graphs import frame, frozen, saved_tf2
from servers import NAME, serving, zoo
from tiny_yolo import TINY_YOLO

from objmask.cli import main
from objmask.errors import ModelError
from objmask.files.whole import read_json, write_json
from objmask.models.coco import COCO_IDS
from objmask.models.info import ModelInfo
from objmask.models.install import install
from objmask.models.load import load
from objmask.models.source import ModelSource
from objmask.models.zoo import Zoo, ZooModel, the_zoo

LABELS = "item { id: 1 name: 'person' }\nitem { id: 72 name: 'screen' }\n"
PIPELINE = (
    "model { faster_rcnn { image_resizer { keep_aspect_ratio_resizer { min_dimension: 300 max_dimension: 500 } }\n"
    "first_stage_nms_score_threshold: 0.0\n"
    "second_stage_post_processing { batch_non_max_suppression { score_threshold: 0.2 } } } }\n"
)


def pack(path: Path, folder: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, NAME)
    return path


@pytest.fixture(scope="module")
def graph_folder(tmp_path_factory):
    """An extracted archive in the zoo's layout: a graph that says nothing of its own objects."""
    folder = tmp_path_factory.mktemp("net") / NAME
    frozen(folder / "frozen_inference_graph.pb")
    saved_tf2(folder / "saved_model")
    (folder / "pipeline.config").write_text(PIPELINE)
    (folder / "checkpoint").write_text("model.ckpt")
    return folder


@pytest.fixture
def archive(tmp_path, graph_folder):
    return pack(tmp_path / f"{NAME}.tar.gz", graph_folder)


def refused(source: object, folder: Path, *words: str, **options: object) -> None:
    with pytest.raises(ModelError) as caught:
        install(str(source), folder / "models/m", "m", **options)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text
    assert ".objmask-" not in text
    assert not list((folder / "models").rglob("*"))


def test_a_name_of_the_zoo(tmp_path, archive, graph_folder):
    whole = archive.read_bytes()
    with serving(whole) as server:
        known = zoo(tmp_path, whole, server.url, score_cut=0.3)
        asked = ModelSource.of(NAME.removesuffix("_2018_01_28"), known)
        assert asked.given == NAME
        expected = asked.describe()
        info = install(NAME, tmp_path / "m", zoo=known, cache=tmp_path / "cache")
        again = install(NAME, tmp_path / "other/m", zoo=known, cache=tmp_path / "cache")
        assert len(server.requests) == 1
    assert info == again == ModelInfo.read(tmp_path / "m")
    assert (info.name, info.source, info.licence, info.citation) == (NAME, NAME, "Apache-2.0", "somebody")
    assert info.archive == known.models[0].checksum == expected.archive
    assert (info.classes, info.class_ids) == (expected.classes, COCO_IDS)
    assert (info.short_side, info.long_side, info.score_cut) == (300, 500, 0.2)
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == ["frozen_inference_graph.pb", "model.json"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []
    detector, plain = load(tmp_path / "m", device="cpu"), install(graph_folder, tmp_path / "plain")
    assert plain.sha256 == info.sha256
    assert detector.detect([frame()])[0].classes[0] == "tv"


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_name_whose_network_is_one_file(tmp_path, mirrored):
    """As it is downloaded, so it is installed; a mirror has it under the last part of its address."""
    network = TINY_YOLO.read_bytes()
    with serving(network) as server:
        host = "http://127.0.0.1:9/" if mirrored else server.url
        changes = {"path": "", "address": f"{host}resolve/main/tiny%20net.tflite?download=true", "family": "yolo"}
        known = zoo(tmp_path, network, **changes)
        told = ModelSource.of(NAME, known).describe()
        mirror = server.url if mirrored else None
        info = install(NAME, tmp_path / "m", zoo=known, cache=tmp_path / "cache", mirror=mirror)
        assert len(server.requests) == 1
    assert (tmp_path / "cache/tiny net.tflite").read_bytes() == network
    assert (info.family, info.classes, info.sha256) == (told.family, told.classes, told.sha256)
    assert (info.source, info.licence, info.archive, told.archive) == (NAME, "Apache-2.0", "", "")
    (tmp_path / "tiny net.tflite").write_bytes(network)
    again = install(NAME, tmp_path / "n", zoo=known, cache=tmp_path / "none", mirror=str(tmp_path))
    assert (again, (tmp_path / "none").exists()) == (info, False)


def test_a_web_page_instead_of_a_network(tmp_path):
    page = b"<html>Please log in</html>"
    with serving(page) as server:
        known = zoo(tmp_path, page, path="", address=f"{server.url}net.onnx")
        refused(NAME, tmp_path, "web page", zoo=known, cache=tmp_path / "cache")


def test_an_archive_of_one_s_own(tmp_path, graph_folder):
    own = shutil.copytree(graph_folder, tmp_path / "own")
    (own / "label_map.pbtxt").write_text(LABELS)
    path = pack(tmp_path / "my net.tar.gz", own)
    described, info = ModelSource.of(str(path)).describe(), install(str(path), tmp_path / "m")
    for one in (described, info):
        assert (one.name, one.classes, one.licence) == ("my_net", ("person", "screen"), "unknown")
        assert (one.short_side, one.long_side, one.score_cut) == (300, 500, 0.2)
    assert info.archive == f"sha256:{described.sha256}"
    detector = load(tmp_path / "m", device="cpu")
    assert detector.detect([frame()])[0].classes[0] == "screen"


def test_an_archive_of_a_saved_model(tmp_path, graph_folder):
    own = shutil.copytree(graph_folder, tmp_path / "own")
    (own / "frozen_inference_graph.pb").unlink()
    info = install(pack(tmp_path / "net.tgz", own), tmp_path / "m")
    assert info.file == "saved_model"
    inside = install(pack(tmp_path / "root.tgz", own / "saved_model"), tmp_path / "root")
    for folder in ("m", "root"):
        found = load(tmp_path / folder, device="cpu").detect([frame()])[0]
        assert np.isclose(found.scores[0], 0.9)
    assert inside.file == "saved_model"


def test_a_wrong_checksum_is_said_before_the_archive_is_opened(tmp_path, archive):
    known = zoo(tmp_path, archive.read_bytes())
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    refused(NAME, tmp_path, "checksum", str(archive), zoo=known, cache=tmp_path / "c", mirror=str(tmp_path))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda folder: frozen(folder / "frozen_inference_graph.pb", leave_out="detection_boxes"), ["detection_boxes"]),
        (lambda folder: saved_without(folder / "saved_model"), ["lacks", "detection_boxes"]),
        (lambda folder: (folder / "saved_model.pb").write_bytes(b"\n\0"), ["cannot load this SavedModel"]),
        (lambda folder: (folder / "frozen_inference_graph.pb").write_bytes(b"text"), ["not a TensorFlow graph"]),
    ],
)
def test_archives_of_what_is_no_network_of_objects(tmp_path, build, words):
    (tmp_path / "net").mkdir()
    build(tmp_path / "net")
    path = pack(tmp_path / "net.tar.gz", tmp_path / "net")
    refused(path, tmp_path, str(path), *words)


def test_an_archive_of_boxes_is_refused_once_it_is_unpacked(tmp_path):
    frozen(tmp_path / "net/frozen_inference_graph.pb", leave_out="detection_masks")
    path = pack(tmp_path / "net.tar.gz", tmp_path / "net")
    assert ModelSource.of(str(path)).describe().masks
    refused(path, tmp_path, "gives boxes only; unpack it and give its folder")
    assert not install(str(tmp_path / "net"), tmp_path / "m").masks


def saved_without(path: Path) -> None:
    """A SavedModel of something else."""
    import tensorflow as tf

    module = tf.Module()
    call = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec((1, None, None, 3), tf.uint8)])
    tf.saved_model.save(module, str(path), signatures={"serving_default": call})


INSTALL = """
import sys
from pathlib import Path
from objmask.models.install import install
from objmask.models.zoo import Zoo
folder = Path(sys.argv[1])
zoo = Zoo.read(folder / "table.yaml")
install(zoo.models[0].name, folder / "models/m", zoo=zoo, cache=folder / "cache")
"""


def test_killed_at_any_moment_it_never_leaves_a_wrong_model(tmp_path, archive):
    whole = archive.read_bytes()
    with serving(whole) as server:
        zoo(tmp_path, whole, server.url)
        for k in range(6):
            process = subprocess.Popen([sys.executable, "-c", INSTALL, tmp_path])
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.3 + 0.5 * k)
            process.kill()
            process.wait()
            folder = tmp_path / "models/m"
            if folder.exists():
                load(folder, device="cpu").close()
                shutil.rmtree(folder)
        known = Zoo.read(tmp_path / "table.yaml")
        info = install(NAME, tmp_path / "models/m", zoo=known, cache=tmp_path / "cache")
    assert ModelInfo.read(tmp_path / "models/m") == info


def test_a_name_that_is_none():
    with pytest.raises(ModelError, match="did you mean 'mask_rcnn_inception_v2_coco'"):
        ModelSource.of("mask_rcnn_inception_v2_cocoo")
    with pytest.raises(ModelError, match=r"no such model.*mask_rcnn_resnet50_atrous_coco_2018_01_28"):
        ModelSource.of("big")
    with pytest.raises(ModelError, match="model name"):
        ModelSource.of("mask_rcnn_inception_v2_coco").describe("../up")


def test_a_built_in_model(tmp_path, graph_folder, monkeypatch, caplog):
    entry = ZooModel("demo", "MIT", "us", folder="demo-of-a-test", note="knows little")
    known = Zoo("http://127.0.0.1:9/", (entry,))
    refused("demo", tmp_path, "comes without it", zoo=known)
    monkeypatch.setattr(ZooModel, "built_in", graph_folder)
    info = install("demo", tmp_path / "m", zoo=known)
    assert (info.name, info.source, info.licence, info.citation) == ("demo", "demo", "MIT", "us")
    assert info == replace(ModelSource.of("demo", known).describe(), archive="")
    assert json.loads((tmp_path / "m/model.json").read_text())["note"] == "knows little"
    assert [(r.levelname, r.getMessage()) for r in caplog.records if "little" in r.getMessage()] == [
        ("WARNING", "demo: knows little")
    ]


def test_an_archive_whose_objects_are_others_than_the_table_says(tmp_path, graph_folder):
    """The configuration was judged by the table: what is sensitive would be missed without a word."""
    own = shutil.copytree(graph_folder, tmp_path / "own")
    (own / "label_map.pbtxt").write_text(LABELS)
    whole = pack(tmp_path / f"{NAME}.tar.gz", own).read_bytes()
    known = zoo(tmp_path, whole)
    refused(NAME, tmp_path, NAME, "differ in", zoo=known, cache=tmp_path / "c", mirror=str(tmp_path))


def test_a_resizer_of_fixed_shape(tmp_path, graph_folder):
    """Frames are stretched to it: neither side may be made smaller than it needs."""
    own = shutil.copytree(graph_folder, tmp_path / "own")
    (own / "pipeline.config").write_text("image_resizer { fixed_shape_resizer {\n height: 600\n width: 1024\n } }")
    info = ModelSource.of(str(own)).describe()
    assert info.frame_size(1920, 1080) == (1820, 1024)
    assert info.frame_size(800, 600) == (800, 600)


def test_licence_and_citation_do_not_make_another_model(graph_folder):
    info = ModelSource.of(str(graph_folder)).describe()
    told = replace(info, licence="MIT", citation="me", source="there", archive="sha256:0", note="small")
    assert told.digest() == info.digest()
    assert replace(info, score_cut=0.5).digest() != info.digest()


def test_an_older_model_json_is_still_read(tmp_path, graph_folder):
    info = install(graph_folder, tmp_path / "m")
    document = read_json(tmp_path / "m/model.json")
    del document["archive"], document["note"]
    write_json(tmp_path / "m/model.json", document)
    assert ModelInfo.read(tmp_path / "m") == info


def test_the_list_says_what_is_here(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OBJMASK_CACHE", str(tmp_path))
    (tmp_path / "mask_rcnn_inception_v2_coco_2018_01_28.tar.gz").touch()
    assert main(["models"]) == 0
    shown = capsys.readouterr().out
    lines = {line.split()[0]: line for line in shown.splitlines() if line}
    line = lines["mask_rcnn_inception_v2_coco_2018_01_28"]
    assert all(word in line for word in ("178 MB", "21.48", "79 ms", "Apache-2.0"))
    assert line.endswith("yes")
    assert lines["mask_rcnn_resnet50_atrous_coco_2018_01_28"].endswith("no")
    assert all(f"\n  {model.note}\n" in shown for model in the_zoo().models if model.note)
    assert "\n  knows rendered desks only; " in shown
    assert main(["models", "mask_rcnn_inception_v2_coco"]) == 0
    assert "Apache-2.0" in capsys.readouterr().out


def test_the_verb_takes_a_mirror(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OBJMASK_CACHE", str(tmp_path / "cache"))
    name = "mask_rcnn_inception_v2_coco_2018_01_28"
    (tmp_path / f"{name}.tar.gz").write_bytes(b"\x1f\x8b")
    assert main(["model", f"--source={name}", f"--out={tmp_path}/models/m", f"--mirror={tmp_path}"]) == 1
    assert "2 bytes, expected 177817887" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()

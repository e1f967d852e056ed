"""The table of named networks: what an entry may say, and whose file a user's file is."""

from __future__ import annotations

import shutil
import tarfile

import pytest
import yaml
from graphs import frozen
from package_index import MEMBER, WHEEL, build_wheel, zoo_of
from servers import NAME
from tiny_yolo import TINY_YOLO

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models import zoo as module
from objmask.models.coco import COCO_IDS
from objmask.models.info import FAMILIES
from objmask.models.install import install
from objmask.models.source import ModelSource
from objmask.models.zoo import Zoo, ZooModel, checksum_of, the_zoo

ANY = f"sha256:{'0' * 64}"
FILE = {"address": "https://host/a.onnx", "checksum": ANY}
PACKAGE = {"wheel": WHEEL, "checksum": ANY, "members": {MEMBER: ANY}}


def test_objmask_s_own_table():
    known = the_zoo()
    assert len({model.name for model in known.models}) == len(known.models) == 14
    for model in known.models:
        assert known.find(model.name) is model
        assert model.licence
        assert model.citation
        if model.path:
            assert model.path.endswith(f"{model.name}.tar.gz")
            assert known.address(model).startswith("http://download.tensorflow.org/models/object_detection/")
            assert model.info(model.name).frame_size(1280, 720) == ((1280, 720))
        if model.address:
            assert known.address(model) == model.address
            assert model.file == f"{model.name}.onnx"
    unpinned = [model.name for model in known.models if model.file and not model.checksum]
    assert unpinned == ["mask_rcnn_inception_resnet_v2_1024x1024_coco17_gpu-8"]
    beyond = {model.name: model.objects for model in known.models if model.objects}
    assert beyond == {"centerface": ("face",), "blazeface": ("face",), "palms": ("hand",), "text": ("text",)}


@pytest.mark.parametrize(
    "model", [model for model in the_zoo().models if not model.folder], ids=lambda model: model.name
)
def test_what_is_known_of_a_network_before_it_is_fetched(model):
    if model.family not in FAMILIES:
        pytest.skip(f"this copy has no family {model.family}")
    info = ModelSource.of(model.name).describe()
    assert info.classes == (model.objects or tuple(COCO_IDS))
    assert (info.family, info.licence, info.citation) == (model.family, model.licence, model.citation)
    assert f"{model.checksum.partition(':')[0]}:{info.sha256}" in (model.checksum, ":")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, "one of"),
        ({"path": "a", "folder": "b"}, "one of"),
        ({**FILE, **PACKAGE}, "one of"),
        ({"path": "a", "checksum": "md5:0"}, "checksums"),
        ({"address": "https://host/a.onnx"}, "checksums"),
        ({**FILE, "address": "ftp://host/a.onnx"}, "https:"),
        ({**FILE, "members": {MEMBER: ANY}}, "members for a wheel"),
        ({**PACKAGE, "checksum": ""}, "checksums"),
        ({**PACKAGE, "members": {}}, "members for a wheel"),
        ({**PACKAGE, "members": {MEMBER: "sha256:12"}}, "checksums"),
        ({**PACKAGE, "members": {"../up": ANY}}, "full names"),
        ({**PACKAGE, "members": {"/up": ANY}}, "full names"),
        ({**PACKAGE, "members": {"a//b": ANY}}, "full names"),
        ({**PACKAGE, "members": {"a/x": ANY, "b/x": ANY}}, "another end"),
        ({**PACKAGE, "wheel": "tiny_net-1.0.tar.gz"}, "wheel"),
        ({**PACKAGE, "wheel": "--index-url=x-1.0-py3-none-any.whl"}, "wheel"),
        ({**PACKAGE, "wheel": "a/tiny_net-1.0-py3-none-any.whl"}, "wheel"),
    ],
)
def test_a_table_that_contradicts_itself(tmp_path, entry, expected):
    path = tmp_path / "t.yaml"
    path.write_text(yaml.safe_dump({"base": "x", "models": {"a": {"licence": "", "citation": "", **entry}}}))
    with pytest.raises(ValueError, match=f"a: expected.*{expected}"):
        Zoo.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "base: [",
        "base: x\nmodels: {a: {pth: b}}",
        "base: x\nmodels: {a: 1}",
        "models: {}",
        "base: x\nmodels: {a: {licence: a, citation: b, wheel: a-1-py3-none-any.whl, members: 1}}",
    ],
)
def test_objmask_s_own_table_after_a_bad_edit(tmp_path, monkeypatch, text):
    monkeypatch.setattr(module, "TABLE", tmp_path / "t.yaml")
    (tmp_path / "t.yaml").write_text(text)
    the_zoo.cache_clear()
    try:
        with pytest.raises(ModelError, match="mend it") as caught:
            the_zoo()
    finally:
        the_zoo.cache_clear()
    assert str(tmp_path / "t.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def credit(path, known: Zoo) -> tuple[str, str, str]:
    info = ModelSource.of(str(path), known).describe()
    return info.licence, info.citation, info.note


def test_a_network_out_of_a_known_package_is_credited_whatever_it_is_called(tmp_path):
    known = zoo_of(build_wheel(tmp_path / WHEEL), note="small")
    shutil.copy(TINY_YOLO, tmp_path / "mine.tflite")
    assert credit(tmp_path / "mine.tflite", known) == ("Apache-2.0", "somebody", "small")
    info = install(tmp_path / "mine.tflite", tmp_path / "m", zoo=known)
    assert (info.name, info.licence, info.archive) == ("mine", "Apache-2.0", "")
    assert info.source == str(tmp_path / "mine.tflite")
    other = zoo_of(build_wheel(tmp_path / "b" / WHEEL), {MEMBER: b"another network"})
    assert credit(tmp_path / "mine.tflite", other) == ("unknown", "", "")


def test_several_files_are_known_together(tmp_path):
    members = {"a/one.bin": b"one", "b/two.bin": b"two"}
    known = zoo_of(build_wheel(tmp_path / WHEEL, members), members)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, content in members.items():
        (folder / name[2:]).write_bytes(content)
    assert known.known(folder, {f"sha256:{sha256_of(folder)}"}) is known.models[0]
    (folder / "two.bin").write_bytes(b"three")
    assert known.known(folder, {f"sha256:{sha256_of(folder)}"}) is None


@pytest.fixture
def archive(tmp_path):
    """A graph that is called as one of the zoo, packed."""
    frozen(tmp_path / NAME / "frozen_inference_graph.pb")
    with tarfile.open(tmp_path / "mine.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / NAME, NAME)
    return tmp_path / "mine.tar.gz"


@pytest.mark.parametrize("algorithm", ["sha256", "sha384"])
def test_an_archive_is_credited_by_its_checksum_alone(tmp_path, archive, algorithm):
    """A name is anybody's: a folder that is called like a network of the zoo gets nothing of it."""
    entry = ZooModel(
        NAME,
        "Apache-2.0",
        "somebody",
        path=f"{NAME}.tar.gz",
        size_bytes=archive.stat().st_size,
        checksum=checksum_of(archive, algorithm),
    )
    known = Zoo("", (entry,))
    assert credit(archive, known) == ("Apache-2.0", "somebody", "")
    info = install(archive, tmp_path / "m", zoo=known)
    assert (info.name, info.licence, info.archive) == ("mine", "Apache-2.0", checksum_of(archive))
    assert credit(tmp_path / NAME, known) == ("unknown", "", "")
    renamed = archive.rename(tmp_path / f"{NAME}.tar.gz")
    renamed.write_bytes(renamed.read_bytes() + bytes(1))
    assert credit(renamed, known) == ("unknown", "", "")


def test_the_score_that_a_graph_cuts_at_is_guessed_by_its_name(tmp_path):
    """It only warns of lower thresholds; a `pipeline.config` beside the graph says better."""
    name = "mask_rcnn_inception_v2_coco_2018_01_28"
    frozen(tmp_path / name / "frozen_inference_graph.pb")
    info = ModelSource.of(str(tmp_path / name)).describe()
    assert (info.score_cut, info.licence, info.citation) == (0.3, "unknown", "")
    (tmp_path / name).rename(tmp_path / "mine")
    assert ModelSource.of(str(tmp_path / "mine")).describe().score_cut == 0

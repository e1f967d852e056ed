"""What export writes is what the zoo's archives hold, and the detector of the zoo's files runs it."""

from __future__ import annotations

import os
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest

from objmask.cli import main
from objmask.errors import ModelError, ObjmaskError
from objmask.maskrcnn.config import MaskRCNNConfig, changed, named
from objmask.models.describe import describe
from objmask.models.install import install
from objmask.models.load import load


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global MaskRCNN, frozen_graph, load_network, save, save_network, tf
    import tensorflow as tf

    from objmask.maskrcnn.checkpoint import load_network, save, save_network
    from objmask.maskrcnn.export import frozen_graph
    from objmask.maskrcnn.network import MaskRCNN


SMALL = {"min_dimension": 64, "max_dimension": 96, "proposals": 10, "detections": 8, "score_floor": 0.1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with weights that find something in noise."""
    network = MaskRCNN(named("desk", **SMALL))
    rng = np.random.default_rng(3)
    for name, variable in network.variables_by_name().items():
        if name.endswith(("ClassPredictor/weights", "BoxEncodingPredictor/weights", "Predictor/Conv_1/weights")):
            variable.assign(rng.normal(0, 0.3, variable.shape))
    made = tmp_path_factory.mktemp("network")
    save_network(network, made)
    return made


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "desk_v1"
    assert main(["export", f"--network={folder}", f"--out={out}", "--archive", "--set=detections=7"]) == 0
    return out


def _pictures(count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 90, 120, 3)).astype(np.uint8)


def test_the_archive_has_the_zoos_layout(exported: Path) -> None:
    with tarfile.open(exported.with_name("desk_v1.tar.gz")) as archive:
        members = archive.getmembers()
    names = {member.name for member in members}
    assert {
        "desk_v1/frozen_inference_graph.pb",
        "desk_v1/saved_model/saved_model.pb",
        "desk_v1/model.ckpt.index",
        "desk_v1/pipeline.config",
        "desk_v1/label_map.pbtxt",
    } <= names
    assert all(member.isfile() or member.isdir() for member in members)
    assert {(member.mtime, member.uid, member.uname) for member in members} == {(0, 0, "")}
    info = describe(exported)
    assert (info.short_side, info.long_side, info.score_cut) == (64, 96, 0.1)
    assert info.class_ids["cell phone"] == 77


@pytest.mark.parametrize("part", ["", "saved_model"])
def test_the_detector_finds_what_the_network_finds(part: str, exported: Path, folder: Path, tmp_path: Path) -> None:
    install(exported / part, tmp_path / "model", "desk")
    detector = load(tmp_path / "model", device="cpu", floor=0.0, batch=2)
    pictures = _pictures()
    found = detector.detect(list(pictures))
    detector.close()
    expected = load_network(folder, detections=7).detect(tf.constant(pictures))
    for i, detections in enumerate(found):
        count = int(expected["num_detections"][i])
        assert len(detections.scores) == count > 0
        np.testing.assert_allclose(detections.scores, expected["detection_scores"][i, :count], atol=1e-4)
        ids = [named("desk").class_ids[named("desk").classes.index(name)] for name in detections.classes]
        np.testing.assert_array_equal(ids, expected["detection_classes"][i, :count])
        masks = expected["detection_masks"][i].numpy()
        for mine, theirs in zip(detections.masks, masks, strict=False):
            assert np.abs(mine / 255.0 - theirs).max() < 0.004


def test_half_the_size_finds_nearly_the_same(folder: Path) -> None:
    network = load_network(folder)
    full, half = (frozen_graph(network, half=value) for value in (False, True))
    assert half.ByteSize() < 0.55 * full.ByteSize()
    scores = []
    for graph in (full, half):
        function = tf.compat.v1.wrap_function(lambda graph=graph: tf.import_graph_def(graph, name=""), [])
        run = function.prune("image_tensor:0", "detection_scores:0")
        scores.append(run(tf.constant(_pictures())).numpy())
    np.testing.assert_allclose(scores[0], scores[1], atol=0.05)


def test_pictures_in_which_nothing_is_found(folder: Path) -> None:
    nothing = load_network(folder, score_floor=1.0).detect(tf.constant(_pictures()))
    assert nothing["num_detections"].numpy().tolist() == [0, 0]
    assert nothing["detection_masks"].shape == (2, 8, 40, 40)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3)])
def test_pictures_of_odd_shapes(folder: Path, size: tuple[int, int]) -> None:
    found = load_network(folder).detect(tf.zeros((1, *size, 3), tf.uint8))
    assert np.isfinite(found["detection_boxes"].numpy()).all()


def _rounding(network: MaskRCNN, logits: float) -> float:
    """By how much probabilities may differ that are the same sums in another order.

    n terms of float32, added in whatever order, differ by about sqrt(n) roundings; each layer adds its own. What comes
    out is relative to logits of this size, and a sigmoid's slope is a quarter at most.
    """
    kernels = [kernel.shape for kernel in network.trainable_variables if len(kernel.shape) > 1]
    layers = sum(float(np.prod(shape[:-1])) ** 0.5 for shape in kernels)
    return float(layers * np.finfo(np.float32).eps * logits / 4)


def test_frames_of_a_batch_do_not_influence_each_other(folder: Path) -> None:
    """Other neighbours, same shapes: all sums are the same, on whatever processor. Only masks are computed for as many
    boxes as all frames have together, which may be in another order."""
    network, pictures = load_network(folder), _pictures(6)
    together = network.detect(tf.constant(pictures[:3]))
    for i in range(3):
        among = pictures[3:].copy()
        among[i] = pictures[i]
        others = network.detect(tf.constant(among))
        for name in together.keys() - {"detection_masks"}:
            np.testing.assert_array_equal(together[name][i], others[name][i])
        # Weights of deviation 0.3 make logits of about 40 here; what one frame does to another is a matter of tenths.
        masks = together["detection_masks"][i], others["detection_masks"][i]
        np.testing.assert_allclose(*masks, rtol=0, atol=_rounding(network, 40))


def test_settings_are_checked(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["export", f"--network={folder}", f"--out={tmp_path / 'out'}"]
    assert main([*arguments, "--set=proposal=5"]) == 1
    assert "proposal" in capsys.readouterr().err
    assert main([*arguments, "--set=score_floor=2"]) == 1
    assert "score_floor: expected 0..1, got 2" in capsys.readouterr().err
    assert main([*arguments, "--set=proposals=0"]) == 1
    assert "proposals: expected a whole number of at least 1, got 0" in capsys.readouterr().err
    assert main([*arguments, "--set=anchor_scales=[]"]) == 1
    assert "anchor_scales: expected a list of numbers above 0" in capsys.readouterr().err
    assert main([*arguments, '--set=architecture="vgg"']) == 1
    assert re.search("architecture: .*'inception_resnet_v2'.*'vgg'", capsys.readouterr().err)
    with pytest.raises(SystemExit):
        main([*arguments, "--set=score_floor"])
    with pytest.raises(ModelError, match="no network of that name; there are inception_resnet_v2_atrous_coco"):
        named("mask_rcnn")


@pytest.mark.parametrize("verb", ["export", "import-checkpoint"])
def test_a_folder_with_other_things_is_not_replaced(
    verb: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    options = (
        [f"--network={folder}"] if verb == "export" else ["--config=desk", f"--checkpoint={folder / 'model.ckpt'}"]
    )
    assert main([verb, *options, f"--out={tmp_path}"]) == 1
    assert "holds thesis.tex; choose a folder that does not exist" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_layers_are_shared_but_settings_are_not(folder: Path) -> None:
    network = load_network(folder)
    other = network.sharing_layers(score_floor=0.9)
    assert (network.config.score_floor, other.config.score_floor) == (0.1, 0.9)
    assert all(mine is its for mine, its in zip(network.trainable_variables, other.trainable_variables, strict=True))


def test_a_checkpoint_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ObjmaskError, match="cannot be written"):
        save(tmp_path / "file" / "model.ckpt", {"a": np.zeros(3)})


def test_config_survives_json(tmp_path: Path) -> None:
    config = changed(named("inception_v2_coco"), {"score_floor": 0.25})
    config.write(tmp_path / "config.json")
    assert MaskRCNNConfig.read(tmp_path / "config.json") == config
    (tmp_path / "config.json").write_text('{"architecture": "desk"}')
    with pytest.raises(ModelError, match="was changed or damaged"):
        MaskRCNNConfig.read(tmp_path / "config.json")


def test_a_damaged_checkpoint_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no checkpoint"):
        load_network(tmp_path) if (tmp_path / "config.json").exists() else _with_config(tmp_path)
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.ckpt.index").write_bytes(b"not an index")
    with pytest.raises(ModelError, match="damaged checkpoint"):
        load_network(tmp_path)


def _with_config(folder: Path) -> None:
    named("desk", **SMALL).write(folder / "config.json")
    load_network(folder)


def test_precision_and_optimiser_change_little_and_are_told(exported: Path, tmp_path: Path) -> None:
    install(exported, tmp_path / "model", "desk")
    scores, said = {}, []
    for placement, options in {
        "float32": {},
        "float32, graph not optimised": {"optimise": False},
        "float32 and bfloat16": {"precision": "mixed"},
    }.items():
        detector = load(tmp_path / "model", device="cpu", floor=0.0, **options)  # type: ignore[arg-type]
        assert detector.placement.endswith(f"TensorFlow {tf.__version__}, {placement}")
        try:
            scores[placement] = detector.detect(list(_pictures(1)))[0].scores
        except ModelError as error:
            # oneDNN that is told to hold back has no kernels for what TensorFlow, which asks the processor, gives it.
            if not options.get("precision") or "ONEDNN_MAX_CPU_ISA" not in os.environ:
                raise
            said.append(str(error))
        detector.close()
    assert all("set detect.precision: float32" in words for words in said)
    plain = scores.pop("float32")
    np.testing.assert_allclose(scores.pop("float32, graph not optimised"), plain, atol=1e-3)
    # Eight bits of mantissa; weights that were never trained make the most of it.
    for mixed in scores.values():
        np.testing.assert_allclose(mixed[:3], plain[:3], atol=0.15)
    with pytest.raises(ModelError, match=r"set detect.optimise: true"):
        load(tmp_path / "model", device="cpu", precision="mixed", optimise=False)

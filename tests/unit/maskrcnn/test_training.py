import csv
import json
import os
import signal

import cv2
import numpy as np
import pytest
from shapes import write_shapes

from objmask.cli import main
from objmask.errors import DataError, ObjmaskError
from objmask.evaluation.annotations import read_annotations
from objmask.maskrcnn.augment import Augmentation
from objmask.maskrcnn.config import named
from objmask.maskrcnn.learning_curve import COLUMNS
from objmask.maskrcnn.pictures import TrainingPictures
from objmask.maskrcnn.samples import Batch, Dataset, batches
from objmask.maskrcnn.schedule import Reached, Schedule


@pytest.fixture(scope="module", autouse=True)
def _networks():
    """TensorFlow, which takes seconds to load, comes when a test runs, not when tests are collected."""
    global Learner, MODEL, MaskRCNN, Recipe
    global begin_with, checkpoint, learning_rate, train, with_classes
    from objmask.maskrcnn import checkpoint
    from objmask.maskrcnn.learner import Learner, Recipe
    from objmask.maskrcnn.network import MaskRCNN
    from objmask.maskrcnn.optimiser import learning_rate
    from objmask.maskrcnn.train import begin_with, train, with_classes
    from objmask.maskrcnn.training_state import MODEL


CONFIG = named("desk", min_dimension=48, max_dimension=64, proposals=12)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes") / "s", 6, 48, 64)


def all_of(shapes):
    """Pictures to learn from, and the same to judge by."""
    return TrainingPictures(shapes, held_out=0).read(CONFIG.classes)


def go(shapes, out, steps, **options):
    schedule = Schedule(**{"steps": steps, "batch": 2, "warm_up": 3, "evaluations": 1, **options})
    return train(CONFIG, *all_of(shapes), schedule, out, augmentation=Augmentation(), recipe=Recipe())


def weights(folder):
    return checkpoint.load(folder / MODEL)


def test_eight_pictures_are_learnt_by_heart(tmp_path):
    data = write_shapes(tmp_path / "data", 8)
    config = named("desk", min_dimension=96, max_dimension=128, proposals=30)
    schedule = Schedule(steps=160, batch=8, rate=2e-3, warm_up=20, evaluations=1)
    found = train(config, *all_of(data), schedule, tmp_path / "out")
    assert found.ap50 > 0.9
    assert min(one.ap50 for one in found.classes.values()) > 0.7
    # What was written is what was judged.
    network = checkpoint.load_network(tmp_path / "out")
    assert network.config.classes == ("cup", "keyboard", "book")
    picture = cv2.imread(str(data / "images/000000.png"))[:, :, ::-1]
    assert network.detect(picture[None])["num_detections"][0] >= 1
    account = json.loads((tmp_path / "out/training.json").read_text())
    assert account["result"]["ap50"] == pytest.approx(found.ap50, abs=1e-4)
    assert (account["step"], account["schedule"]["batch"]) == (160, 8)


def test_a_stopped_training_goes_on_as_if_it_had_not(shapes, tmp_path, monkeypatch):
    go(shapes, tmp_path / "whole", 6)
    step = Learner.step

    def stops(learner, batch, number, rate, seed):
        if number == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(learner, batch, number, rate, seed)

    monkeypatch.setattr(Learner, "step", stops)
    with pytest.raises(SystemExit) as stop:
        go(shapes, tmp_path / "parts", 6)
    assert stop.value.code == 128 + signal.SIGTERM
    assert [path.name for path in (tmp_path / "parts/state").iterdir()] == ["000000004"]
    monkeypatch.setattr(Learner, "step", step)
    go(shapes, tmp_path / "parts", 6)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    for name in whole:
        np.testing.assert_array_equal(parts[name], whole[name], err_msg=name)


def test_a_finished_training_is_only_judged_again_and_none_with_other_settings_mixed_in(shapes, tmp_path):
    go(shapes, tmp_path, 2)
    before = weights(tmp_path)
    go(shapes, tmp_path, 2)
    after = weights(tmp_path)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    with pytest.raises(ObjmaskError, match=r"other settings \(batch\)"):
        go(shapes, tmp_path, 2, batch=1)
    state = tmp_path / "state/000000002/state.json"
    state.write_text("{")
    with pytest.raises(DataError, match="damaged"):
        go(shapes, tmp_path, 2)


def test_gradients_reach_every_variable(shapes):
    import tensorflow as tf

    from objmask.maskrcnn.learner import tensors
    from objmask.maskrcnn.targets import Truth

    data = Dataset(read_annotations(CONFIG.classes, shapes), CONFIG.classes, (48, 64))
    learner = Learner(MaskRCNN(CONFIG), Recipe())
    pictures, *truth = (tf.constant(x) for x in tensors(Batch.of([data.sample(i) for i in range(3)])))
    variables = learner.network.variables_by_name()
    trained = {n: learner.variables[n] for n, variable in variables.items() if variable.trainable}
    with tf.GradientTape() as tape:
        total = learner.losses(pictures, Truth(*truth), np.int32([0, 0])).total
    gradients = tape.gradient(total, trained)
    assert not [name for name, gradient in gradients.items() if gradient is None or not np.any(gradient)]


def test_pictures_without_objects_teach_background(tmp_path):
    folder = write_shapes(tmp_path / "s", 3, 48, 64)
    document = json.loads((folder / "annotations.json").read_text())
    document["annotations"] = []
    (folder / "annotations.json").write_text(json.dumps(document))
    data = Dataset(read_annotations(None, folder), ("cup", "book", "keyboard"), (48, 64))
    learner = Learner(MaskRCNN(with_classes(CONFIG, ("cup", "book", "keyboard"))), Recipe())
    stream = batches(data, 2, seed=0, start=0, augmentation=None)
    found = [learner.step(next(stream), number, 1e-3, 0) for number in range(4)]
    assert all(np.isfinite(list(values.values())).all() for values in found)
    assert all(values["masks"] == values["boxes"] == values["anchor_boxes"] == 0 for values in found)
    assert found[-1]["objectness"] < found[0]["objectness"]
    assert all(np.isfinite(variable).all() for variable in learner.average.means.values())


def test_fine_tuning_keeps_batch_norms_and_names_what_begins_anew(shapes, tmp_path, caplog):
    network = MaskRCNN(CONFIG)
    checkpoint.save(tmp_path / "zoo", network.variables_by_name())
    start = checkpoint.load(tmp_path / "zoo")
    schedule = Schedule(steps=2, batch=2, warm_up=0, evaluations=1)
    train(CONFIG, *all_of(shapes), schedule, tmp_path / "out", init=tmp_path / "zoo", recipe=Recipe())
    assert "ClassPredictor" in caplog.text
    assert "begin anew" in caplog.text
    end = weights(tmp_path / "out")
    norms = [name for name in end if "moving_" in name]
    assert norms
    assert all(np.array_equal(end[name], start[name]) for name in norms)
    kernels = [name for name in end if name.endswith("/weights") and "FirstStageFeatureExtractor" in name]
    assert all((end[name] != start[name]).any() for name in kernels)
    with pytest.raises(DataError, match="no variable of it fits"):
        begin_with(network, {"x": np.zeros(3)}, "other")


def test_losses_that_are_no_numbers_end_the_training(shapes, tmp_path, monkeypatch):
    step = Learner.step

    def explodes(learner, *arguments):
        return {**step(learner, *arguments), "total": float("nan")}

    monkeypatch.setattr(Learner, "step", explodes)
    with pytest.raises(ObjmaskError, match="step 0: the losses are not finite"):
        go(shapes, tmp_path, 2)


def test_time_is_a_budget():
    schedule = Schedule(minutes=2, steps=100)
    assert schedule.done(Reached(10, 60)) == 0.5
    assert schedule.done(Reached(80, 60)) == 0.8
    assert schedule.done(Reached(80, 500)) == 1
    with pytest.raises(ObjmaskError, match="--steps or --minutes"):
        Schedule()


def test_learning_rate():
    assert learning_rate(1.0, 0, 10, 0.0) == pytest.approx(0.1)
    assert learning_rate(1.0, 10, 10, 0.0) == 1
    assert learning_rate(1.0, 10, 0, 0.5) == pytest.approx(0.5)
    assert learning_rate(1.0, 10, 10, 1.0) == pytest.approx(0, abs=1e-12)


def test_by_hand(shapes, tmp_path, capfd):
    arguments = ["train", f"--data={shapes}", "--set=min_dimension=48", "--set=max_dimension=64"]
    assert main([*arguments, f"--out={tmp_path}", "--steps=2", "--batch=2", "--held-out=0", "--classes=cup,book"]) == 0
    assert "mask AP" in capfd.readouterr().err
    with (tmp_path / "log.csv").open() as stream:
        assert tuple(next(csv.reader(stream))) == COLUMNS
    assert cv2.imread(str(tmp_path / "learning_curve.png")).shape == (840, 1100, 3)
    assert json.loads((tmp_path / "config.json").read_text())["class_ids"] == [47, 84]


def test_a_training_without_any_object_is_refused(tmp_path):
    folder = write_shapes(tmp_path / "s", 2, 48, 64)
    document = json.loads((folder / "annotations.json").read_text())
    for note in document["annotations"]:
        note["image_id"] += 1000
    (folder / "annotations.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="no object of the classes"):
        TrainingPictures(folder, held_out=0).read(CONFIG.classes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps=1"], "no pictures to learn from"),
        (["--data={shapes}"], "give --steps or --minutes"),
        (["--data={shapes}", "--steps=1", "--classes=cpu"], "did you mean 'cup'"),
        (["--data={shapes}", "--steps=1", "--held-out=0.01"], "too few to hold out"),
        (["--data={shapes}", "--steps=1", "--config=x"], "no network of that name"),
        (["--data={shapes}", "--steps=1", "--held-out=0", "--init=x"], "no checkpoint"),
    ],
)
def test_calls_that_cannot_work(shapes, tmp_path, capfd, arguments, message):
    arguments = [argument.format(shapes=shapes) for argument in arguments]
    assert main(["train", f"--out={tmp_path / 'out'}", *arguments]) == 1
    line = capfd.readouterr().err.splitlines()[-1]
    assert message in line
    assert line.startswith("objmask: ")


def test_a_network_from_elsewhere_is_not_overwritten(shapes, tmp_path, capsys):
    checkpoint.save_network(MaskRCNN(CONFIG), tmp_path)
    before = (tmp_path / "model.ckpt.index").read_bytes()
    init = f"--init={tmp_path / 'model.ckpt'}"
    assert main(["train", f"--data={shapes}", init, f"--out={tmp_path}", "--steps=1", "--classes=cup,book"]) == 1
    assert "would be overwritten; choose another --out" in capsys.readouterr().err
    assert (tmp_path / "model.ckpt.index").read_bytes() == before

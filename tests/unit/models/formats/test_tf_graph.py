"""What is read of graphs without TensorFlow, beside what TensorFlow reads; and of files that are none."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from graphs import EXTRAS, frozen, saved_tf1, saved_tf2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objmask.errors import ModelError
from objmask.models.formats.tf_graph import outputs_among

FIVE = {"num_detections", "detection_boxes", "detection_scores", "detection_classes", "detection_masks"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A frozen graph, and the file of a SavedModel, by whether it is the latter."""
    folder = tmp_path_factory.mktemp("graphs")
    return {False: frozen(folder / "graph.pb"), True: saved_tf2(folder / "saved") / "saved_model.pb"}


def test_names_are_those_that_tensorflow_reads(files: dict[bool, Path], tmp_path: Path) -> None:
    import tensorflow as tf

    nodes = {node.name for node in tf.compat.v1.GraphDef.FromString(files[False].read_bytes()).node}
    assert len(nodes) > 20
    assert outputs_among(files[False], nodes | {"none"}, saved_model=False) == nodes
    assert outputs_among(files[True], FIVE | EXTRAS.keys() | nodes, saved_model=True) == FIVE | EXTRAS.keys()
    assert outputs_among(saved_tf1(tmp_path / "one") / "saved_model.pb", FIVE, saved_model=True) == FIVE


def test_only_the_signature_that_is_run_counts(tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    call = tf.function(lambda x: {"y": x}, input_signature=[tf.TensorSpec((1,), tf.float32)])
    other = tf.function(lambda x: {"z": x}, input_signature=[tf.TensorSpec((1,), tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": call, "other": other})
    assert outputs_among(tmp_path / "m/saved_model.pb", {"y", "z"}, saved_model=True) == {"y"}


@pytest.mark.parametrize("saved_model", [False, True])
def test_a_file_that_is_cut_or_changed_is_read_or_refused(
    files: dict[bool, Path], tmp_path: Path, saved_model: bool
) -> None:
    whole, path = files[saved_model].read_bytes(), tmp_path / "graph.pb"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(length=st.integers(0, len(whole) - 1), at=st.integers(0, len(whole) - 1), byte=st.integers(0, 255))
    def check(length: int, at: int, byte: int) -> None:
        for content in (whole[:length], whole[:at] + bytes([byte]) + whole[at + 1 :]):
            path.write_bytes(content)
            with suppress(ModelError):
                assert outputs_among(path, FIVE, saved_model=saved_model) <= FIVE

    check()


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, saved_model: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.pb")
        path.write_bytes(content)
        with suppress(ModelError):
            assert outputs_among(path, FIVE, saved_model=saved_model) <= FIVE


def test_a_field_longer_than_its_message_is_refused(tmp_path: Path) -> None:
    # A node of two bytes whose name says that it has fourteen, with bytes enough behind it.
    (tmp_path / "graph.pb").write_bytes(b"\x0a\x02\x0a\x0e" + b"\x0a\x0f\x0a\x0d" + b"x" * 13)
    with pytest.raises(ModelError, match="cut short"):
        outputs_among(tmp_path / "graph.pb", FIVE, saved_model=False)

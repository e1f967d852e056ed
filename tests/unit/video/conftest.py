import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real test files; tests that need it are skipped without it."""
    folder = os.environ.get("OBJMASK_TEST_ASSETS")
    if not folder or not Path(folder, "videos").is_dir():
        pytest.skip("OBJMASK_TEST_ASSETS does not name the folder of real test files")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def cases(assets: Path) -> Path:
    """The folder of inputs that went wrong once, beside the real test files."""
    folder = assets.parent / "cases"
    if not folder.is_dir():
        pytest.skip("there is no folder of cases beside OBJMASK_TEST_ASSETS")
    return folder

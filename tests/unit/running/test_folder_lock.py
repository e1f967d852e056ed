import subprocess
import sys

import pytest

from objmask.errors import ObjmaskError
from objmask.running.folder_lock import hold

HOLDER = """
import sys
from pathlib import Path
from objmask.running.folder_lock import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has the folder."""
    command = [sys.executable, "-c", HOLDER, tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_folder_is_one_workflow_s_until_that_ends_in_whatever_way(holder, tmp_path, end):
    with pytest.raises(ObjmaskError, match="another run is at work in this folder"):
        hold(tmp_path)
    getattr(holder, end)()
    holder.wait()
    hold(tmp_path)
    hold(tmp_path)  # once more, by the same process


def test_other_folders_are_free(holder, tmp_path):
    (tmp_path / "other").mkdir()
    hold(tmp_path / "other")

import os
import subprocess
import sys

import pytest

from objmask.jobs import lifetime
from objmask.jobs.environment import shell_prefix


def run(prefix: str, command: str) -> str:
    """What a job's shell says, after Snakemake's formatting has made one brace of two."""
    text = prefix.replace("{{", "{").replace("}}", "}") + command
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout.strip()


def test_a_job_takes_this_checkout_and_this_python():
    project = "/home/user's {copy} of $objmask"
    prefix = shell_prefix(project, conda=False, main=True, mirror=None)
    assert run(prefix, 'echo "$PYTHONPATH"') == project
    assert run(prefix, "command -v python").startswith(os.path.dirname(sys.executable))
    assert run(prefix, f'echo "${lifetime.WORKFLOW}"') == lifetime.this_process()


def test_with_conda_the_environment_brings_its_python(monkeypatch):
    monkeypatch.delenv("OBJMASK_MIRROR", raising=False)
    prefix = shell_prefix("/p", conda=True, main=True, mirror="/a mirror")
    assert run(prefix, 'echo "$PATH"') == os.environ["PATH"]
    assert run(prefix, 'echo "$PYTHONNOUSERSITE $OBJMASK_MIRROR"') == "1 /a mirror"


def test_steps_of_a_clusters_job_take_the_name_of_the_first(monkeypatch):
    monkeypatch.setenv(lifetime.WORKFLOW, "7@elsewhere")
    assert (
        run(shell_prefix("/p", conda=False, main=False, mirror=None), f'echo "${lifetime.WORKFLOW}"') == "7@elsewhere"
    )


def test_a_failing_part_of_a_pipe_fails_the_job():
    with pytest.raises(subprocess.CalledProcessError):
        run(shell_prefix("/p", conda=False, main=True, mirror=None), "false | true")

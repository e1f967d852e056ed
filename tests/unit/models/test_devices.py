"""GPUs that are not there: what is tested is who may use which, which takes no device."""

import os
import subprocess
import sys

import pytest

from objmask.errors import ModelError
from objmask.jobs.private_folder import runtime_folder
from objmask.models.devices import visible_gpus

CLAIM = """
import os, sys
from objmask.models.devices import claim_gpu
print(claim_gpu(), os.environ.get("CUDA_VISIBLE_DEVICES"), claim_gpu(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


@pytest.fixture
def claiming():
    """Starts processes that take a GPU and keep it; they end with the test."""
    processes = []

    def start(**environment):
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM], env={**os.environ, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def said(process):
    return process.stdout.readline().split()


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("0", ["0"]),
        ("2,0", ["2", "0"]),
        (" 1 , 3 ", ["1", "3"]),
        ("", []),
        ("-1", []),
        ("0,-1,1", ["0"]),
        ("GPU-8932f937,MIG-GPU-1/2/0", ["GPU-8932f937", "MIG-GPU-1/2/0"]),
    ],
)
def test_what_is_set_has_the_say(tmp_path, value, names):
    (tmp_path / "nvidia7").touch()
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": value}, tmp_path) == names


def test_without_it_every_device_of_the_driver_counts(tmp_path):
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (tmp_path / name).touch()
    assert visible_gpus({}, tmp_path) == ["0", "2", "10"]
    assert visible_gpus({}, tmp_path / "nowhere") == []


def test_each_process_has_its_own_device(claiming):
    found = [said(claiming(CUDA_VISIBLE_DEVICES="3,5,7")) for _ in range(3)]
    assert sorted(one[0] for one in found) == ["3", "5", "7"]
    # It is the only one that CUDA will see, and asking again changes nothing.
    assert all(len(set(one)) == 1 for one in found)


@pytest.mark.parametrize("signal", ["kill", "terminate"])
def test_a_process_waits_until_one_is_free_however_the_other_ends(claiming, signal):
    first, second = claiming(CUDA_VISIBLE_DEVICES="0"), None
    assert said(first)[0] == "0"
    second = claiming(CUDA_VISIBLE_DEVICES="0")
    assert "waiting" in second.stderr.readline()
    assert second.poll() is None
    getattr(first, signal)()
    assert said(second)[0] == "0"


def test_jobs_of_slurm_are_told_apart_by_their_job(claiming):
    """Each may call its own device 0."""
    jobs = [claiming(CUDA_VISIBLE_DEVICES="0", SLURM_JOB_ID=str(job)) for job in (7, 8)]
    assert [said(job)[0] for job in jobs] == ["0", "0"]


def test_without_a_gpu_nothing_is_claimed(claiming):
    assert said(claiming(CUDA_VISIBLE_DEVICES="")) == ["None", "None"]  # and the variable stays empty


@pytest.mark.parametrize("trap", ["open to all", "a link"])
def test_a_folder_that_others_could_use_is_refused(tmp_path, trap):
    folder = tmp_path / f"objmask-{os.getuid()}"
    if trap == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(ModelError, match="not a private folder"):
        runtime_folder()


def test_the_folder_is_private(tmp_path):
    assert runtime_folder() == runtime_folder() == tmp_path / f"objmask-{os.getuid()}"
    assert runtime_folder().stat().st_mode & 0o777 == 0o700

"""What Snakemake hands to jobs, through a real shell and Snakemake's own reading of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import snakemake_executor_plugin_slurm as slurm
from hypothesis import example, given, settings
from hypothesis import strategies as st
from snakemake.cli import parse_args
from snakemake.dag import DAG
from snakemake_interface_executor_plugins import utils
from snakemake_interface_executor_plugins.executors import real

from objmask.config.command_line import given_after_config
from objmask.errors import ConfigError
from objmask.jobs import commands as job_commands

HOSTILE = (
    "it's,$(>canary)`>canary`\"",
    "'",
    '"a" b\'',
    "a,b=c:d",
    "\\d%2C%",
    "nb\u00a0sp\u202e☕",
    "'$(>canary)",
    "-x",
)
# What no name of a video holds: zero bytes, and halves of characters.
TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)) | st.sampled_from("'\"$`\\,%(){}=:; ")
)
SLURM = SimpleNamespace(requeue=False, no_requeue=False, qos=None, reservation=None)


@pytest.fixture(scope="module", autouse=True)
def _mended() -> Iterator[None]:
    """Twice, as where a process reads the workflow a second time."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in (
            (utils, "format_cli_value"),
            (real, "encode_target_jobs_cli_args"),
            (DAG, "new_job"),
            (slurm, "get_submit_command"),
        ):
            patch.setattr(owner, name, getattr(owner, name))  # put back at the end
        job_commands.mend(main=False)
        job_commands.mend(main=False)
        yield


def read_by_job(*options: str) -> list[str]:
    """The arguments that a job's Snakemake gets of a script that holds these."""
    done = subprocess.run(
        ["sh", "-s"], input=f"printf '%s\\0' {' '.join(options)}".encode(), capture_output=True, check=True
    )
    return done.stdout.decode().split("\0")[:-1]


def jobs_wildcards(text: str) -> dict[str, str]:
    """The wildcards that a job's Snakemake finds for a job whose video has this name."""
    spec = utils.TargetSpec("probe", {"video": text, "chunk": "00000000-00000003"})
    [rule, *_] = arguments = read_by_job(
        utils.format_cli_arg("--target-jobs", real.encode_target_jobs_cli_args([spec]))
    )
    assert rule == "--target-jobs"
    [job] = parse_args(["--cores", "1", *arguments])[1].target_jobs
    taken: list[Any] = []
    job_commands._decoding(lambda *given: taken.extend(given))(None, job.rulename, wildcards_dict=job.wildcards_dict)
    found: dict[str, str] = taken[-1]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_videos_arrive(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert jobs_wildcards(text) == {"video": text, "chunk": "00000000-00000003"}
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=50)
@given(st.lists(TEXT, min_size=1, max_size=3))
@example(["it's\n$(>canary)`>canary`\\ \""])
def test_settings_and_paths_arrive(texts: list[str]) -> None:
    values = [f"key{k}={text}" for k, text in enumerate(texts)]
    assert read_by_job(utils.format_cli_arg("--config", values)) == ["--config", *values]
    paths = [Path("/", text) for text in texts]
    assert read_by_job(utils.format_cli_arg("--configfiles", paths)) == ["--configfiles", *map(str, paths)]
    assert given_after_config(read_by_job(utils.format_cli_arg("--config", values))) == {
        f"key{k}": text for k, text in enumerate(texts)
    }


@settings(max_examples=200)
@given(TEXT)
def test_what_stands_for_a_name_is_nothing_to_any_shell_or_list(text: str) -> None:
    spec = utils.TargetSpec("probe", {"video": text})
    [said] = real.encode_target_jobs_cli_args([spec])
    assert not set(said.removeprefix("probe:video=")) & set("'\"$`\\,;&|<>*?[]#!\n")


@pytest.mark.parametrize(
    ("folder", "output"),
    [
        ("/logs/100%25 %j", "'/logs/100%%25 %%j/%j.log'"),
        ("/logs/b\\d %", "'/logs/b\\\\d %/%j.log'"),
        ("/a", "/a/%j.log"),
    ],
)
def test_slurm_finds_the_folder_of_a_log(folder: str, output: str) -> None:
    job = SimpleNamespace(resources=_Resources(), threads=1)
    log = Path(folder, "%j.log")
    params = {"run_uuid": "x", "slurm_logfile": log, "comment_str": "", "account": "", "partition": "", "workdir": None}
    assert f"--output {output} " in slurm.get_submit_command(job, params, settings=SLURM)
    assert params["slurm_logfile"] == log


def test_quotes_in_which_a_shell_runs_commands_are_refused() -> None:
    job_commands.refuse_unquoted(None)
    job_commands.refuse_unquoted(SimpleNamespace(pass_command_as_script=True))
    with pytest.raises(ConfigError, match="slurm-pass-command-as-script"):
        job_commands.refuse_unquoted(SimpleNamespace(pass_command_as_script=False))


class _Resources(dict[str, Any]):
    __getattr__ = dict.__getitem__

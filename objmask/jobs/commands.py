"""The command lines by which Snakemake hands jobs to a cluster: whatever names, paths and settings hold, they arrive.

Snakemake quotes them as Python does, between `"` what has an apostrophe: there the job's shell would run `$(…)`. The
names of videos go into a list that it parts at commas and strips of quotes. Slurm reads `%` in the path of a log. There
are no settings for any of it, so the functions are replaced; a Snakemake that has them no more stops at once.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote

from objmask.errors import ConfigError

_TO_ENCODE = re.compile(r"[^\w ./-]")
_PLUGINS = "snakemake_interface_executor_plugins"
_SLURM = "snakemake_executor_plugin_slurm"


def mend(*, main: bool) -> None:
    """Puts right what this process hands to jobs, and what it was handed.

    Args:
        main: this process is no job's.
    """
    _replace(import_module(f"{_PLUGINS}.utils"), "format_cli_value", _quoting)
    _replace(import_module(f"{_PLUGINS}.executors.real"), "encode_target_jobs_cli_args", _encoding)
    if not main:
        _replace(import_module("snakemake.dag").DAG, "new_job", _decoding)
    if _SLURM in sys.modules:
        _replace(sys.modules[_SLURM], "get_submit_command", _escaping)


def refuse_unquoted(settings: Any) -> None:
    """Refuses what would put the command line of a job between quotes in which this machine's shell runs `$(…)`.

    Args:
        settings: of the executor.

    Raises:
        ConfigError: so it is.
    """
    if not getattr(settings, "pass_command_as_script", True):
        raise ConfigError(
            "slurm: set slurm-pass-command-as-script to true in the profile; without it the shell of this machine "
            "runs what names of videos and folders hold"
        )


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Once, though one process may read the workflow several times."""
    there = getattr(owner, name)
    if there.__module__ != __name__:
        setattr(owner, name, wrap(there))


def _quoting(there: Callable[..., str]) -> Callable[..., str]:
    def format_cli_value(value: Any, quote: bool = False, base64_encode: bool = False) -> str:
        if isinstance(value, str) and quote and not base64_encode:
            return shlex.quote(value)
        return there(value, quote=quote, base64_encode=base64_encode)

    return format_cli_value


def _encoding(there: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def encode_target_jobs_cli_args(target_jobs: Iterable[Any]) -> list[str]:
        return there([job._replace(wildcards_dict=_each(job.wildcards_dict, _encoded)) for job in target_jobs])

    return encode_target_jobs_cli_args


def _decoding(there: Callable[..., Any]) -> Callable[..., Any]:
    def new_job(
        dag: Any, rule: Any, targetfile: Any = None, format_wildcards: Any = None, wildcards_dict: Any = None
    ) -> Any:
        # Without a file they come from the command line.
        if targetfile is None and wildcards_dict is not None:
            wildcards_dict = _each(wildcards_dict, unquote)
        return there(dag, rule, targetfile, format_wildcards, wildcards_dict)

    return new_job


def _escaping(there: Callable[..., str]) -> Callable[..., str]:
    def get_submit_command(job: Any, params: dict[str, Any], *rest: Any, **more: Any) -> str:
        log = params["slurm_logfile"]
        folder = str(log.parent)
        # With a backslash in it Slurm takes the whole path as it is: such a log is called `%j.log`.
        folder = folder.replace("\\", "\\\\") if "\\" in folder else folder.replace("%", "%%")
        escaped = type(log)(folder, log.name)
        return there(job, {**params, "slurm_logfile": escaped}, *rest, **more)

    return get_submit_command


def _each(wildcards: dict[str, str], change: Callable[[str], str]) -> dict[str, str]:
    return {name: change(value) for name, value in wildcards.items()}


def _encoded(text: str) -> str:
    return _TO_ENCODE.sub(lambda m: quote(m[0], safe=""), text)

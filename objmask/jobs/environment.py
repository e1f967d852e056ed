"""What each job's shell starts with: the Python, the checkout and the settings that it works with."""

from __future__ import annotations

import os
import re
import shlex
import sys

from objmask.jobs import lifetime, prepared


def shell_prefix(project: str, *, conda: bool, main: bool, mirror: str | None) -> str:
    """The beginning of every job's shell command, as Snakemake takes it: braces are doubled.

    Args:
        project: where the workflow and the package lie.
        conda: environments come from elsewhere. Without, jobs use the Python that runs Snakemake.
        main: this process is no job's.
        mirror: where archives of models come from. It is no param, since it does not change what is in them.

    Jobs end with the process that runs them, and find the networks that jobs before them have loaded. A cluster's job
    is one Snakemake that starts another for each step: those take the first one's name, which outlives them.
    """
    if not main:
        os.environ.setdefault(lifetime.WORKFLOW, lifetime.this_process())
    holder = lifetime.this_process() if main else os.environ[lifetime.WORKFLOW]
    set_up = [
        "unset PYTHONIOENCODING",
        f"export PYTHONUTF8=1 PYTHONPATH={shlex.quote(project)}",
        # An environment is what its file says, and nothing of the user's own.
        "export PYTHONNOUSERSITE=1" if conda else f'export PATH={shlex.quote(os.path.dirname(sys.executable))}:"$PATH"',
        f"export {lifetime.WORKFLOW}={shlex.quote(holder)}",
        # A cluster's job is over before it is worth while, and each rule's Conda environment would need one of its own.
        f"export {prepared.PREPARED}={int(main and not conda)}",
        *([f"export OBJMASK_MIRROR={shlex.quote(mirror)}"] if mirror else []),
        "set -euo pipefail",
    ]
    return re.sub(r"([{}])", r"\1\1", "; ".join(set_up) + "; ")

"""The commands in the documents, as a reader would type them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from patience import AT_MOST_S

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "profiles/README.md"])
PREPARING = ("make env", "source .venv/bin/activate")
"""What a test does not repeat: it runs in an environment that is there."""


def sections(document: Path) -> dict[str, str]:
    """Heading of each section of the second level -> its text."""
    parts = re.split(r"^## (.+)\n", document.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str) -> list[str]:
    """The shell code in a text, block by block."""
    return re.findall(r"^```bash\n(.*?)^```$", text, re.M | re.S)


def commands(text: str) -> list[str]:
    """The lines of the shell code in a text, without comments and what a command is given as its input."""
    shell = re.sub(r"<<'END'\n.*?^END$", "", "\n".join(blocks(text)), flags=re.M | re.S)
    lines = [re.sub(r"\s+# .*", "", line).strip() for line in shell.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def typed(block: str, folder: Path, package: Path) -> subprocess.CompletedProcess[str]:
    """Runs a block of shell code, which must succeed.

    Args:
        block: one or several lines.
        folder: where the reader is.
        package: the checkout whose objmask is used.
    """
    lines = [line for line in block.splitlines() if line not in PREPARING]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(package),
    }
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=AT_MOST_S,
        check=False,
    )

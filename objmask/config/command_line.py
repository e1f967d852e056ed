"""What the command line of Snakemake says of the configuration, read as it was typed, and put on top of files."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from objmask.config.files import Plain, parse_settings, read_settings
from objmask.errors import ConfigError
from objmask.files.utf8 import speak_utf8

_KEY = re.compile(r"[a-zA-Z_][\w-]*\w$")
"""Those that Snakemake takes."""


def read_config(
    files: Iterable[Path], given: Mapping[str, Any], argv: Sequence[str], only_texts: Collection[str]
) -> dict[str, Any]:
    """A configuration of files, of which later ones add to and replace what earlier ones say, and of single values.

    Args:
        files: YAML or JSON.
        given: single values, as Snakemake takes them: `2024_05_01` is 20240501.
        argv: the command line on which they may have been typed.
        only_texts: keys whose values can be nothing but texts.

    Raises:
        ConfigError: a file cannot be read; a line for each.
    """
    config: dict[str, Any] = {}
    mistakes: list[str] = []
    for path in files:
        try:
            _add(config, read_settings(path))
        except ConfigError as error:
            mistakes += error.args
    if mistakes:
        raise ConfigError(*mistakes)
    typed = given_after_config(argv)
    _add(
        config,
        {
            key: from_command_line(typed[key], only_text=key in only_texts) if key in typed else value
            for key, value in given.items()
        },
    )
    return config


def _add(config: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        there = config.get(key)
        if isinstance(value, Mapping) and isinstance(there, dict):
            _add(there, value)
        else:
            config[key] = value


def given_after_config(argv: Sequence[str]) -> dict[str, str]:
    """The texts that a command line of Snakemake has after `--config`, by their keys."""
    return {key: text for key, _, text in (entry.partition("=") for entry in _after(argv, "--config", "-C"))}


def mistakes_of_command_line(argv: Sequence[str]) -> list[str]:
    """What Snakemake itself would trip over, in what its command line says of the configuration; a line each."""
    mistakes: list[str] = []
    for entry in _after(argv, "--config", "-C"):
        key, equals, text = entry.partition("=")
        section, dot, inner = key.partition(".")
        if not equals:
            mistakes.append(f"config: '{entry}' is no setting; write key=value")
        elif dot:
            mistakes.append(f"config: unknown key '{key}'; write --config '{section}={{{inner}: {text}}}'")
        elif not _KEY.match(key):
            mistakes.append(f"config: unknown key '{key}'; config.yaml lists those that there are")
    for name in _after(argv, "--configfile", "--configfiles"):
        try:
            read_settings(Path(name))
        except ConfigError as error:
            mistakes += error.args
    return mistakes


def before_snakemake() -> None:
    """Puts Snakemake into UTF-8, and ends it in one line a mistake before it reads the configuration.

    Our profiles call it, of whatever objmask is installed, which is forgotten then: the Snakefile brings its own.

    Raises:
        SystemExit: there are mistakes.
    """
    for name in [name for name in sys.modules if name.split(".")[0] == "objmask"]:
        del sys.modules[name]
    if Path(sys.argv[0]).name in ("snakemake", "__main__.py"):
        speak_utf8()
    if mistakes := mistakes_of_command_line(sys.argv[1:]):
        raise SystemExit("\n".join(["InputError:", *ConfigError(*mistakes).lines]))


def _after(argv: Sequence[str], *flags: str) -> list[str]:
    """What stands behind an option that takes several texts; of several such options the last one counts."""
    found: list[str] = []
    taking = False
    for argument in argv:
        name, equals, text = argument.partition("=")
        if name in flags and argument.startswith("-"):
            found, taking = [text] if equals else [], not equals
        elif argument.startswith("-"):
            taking = False
        elif taking:
            found.append(argument)
    return found


def from_command_line(text: str, *, only_text: bool) -> Any:
    """The value of a setting that was typed on a command line.

    Args:
        text: what stands behind `key=`.
        only_text: nothing but a text may stand there, so it is one, whatever it looks like.
    """
    try:
        value = parse_settings(text) if text else None
    except ValueError:
        return text
    if value is None:
        # What YAML takes for a comment is a text here.
        return text if text.strip() else None
    if isinstance(value, Plain):
        # A word's text ends at ` #` and is without spaces around; a path's does not.
        return Plain.of(text, value.value if value or not only_text else text)
    return text if only_text and not isinstance(value, str) else value

"""What a result was made of: the code behind it, settings, versions, and the checksums of what went in.

The digest of the code changes when that code does, and not when a comment does.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from objmask import __version__

_PACKAGE = Path(__file__).parent
_WITHOUT_EFFECT = frozenset(
    {
        *("errors.py", "progress.py", "verbs/options.py", "models/cache.py", "models/download.py"),
        *("lifetime.py", "network_client.py", "network_server.py", "models/devices.py"),
    }
)
"""Modules that decide what users are told, how options are spelt, how an archive gets here, which is checked by its
checksum, and in which process and on which of equal devices a job runs; never what a result holds."""
_PACKAGES = ("av", "numpy", "opencv-python", "pandas", "pyarrow")


@functools.cache
def code_digest(verb: str) -> str:
    """Digest of the code that a verb runs: its module and everything of objmask that it imports, at any depth.

    Comments, docstrings and layout do not count, nor do the few modules that have no effect on results.

    Args:
        verb: name of a module of `objmask.verbs`.

    Raises:
        FileNotFoundError: there is no such verb.
    """
    digest = hashlib.sha256()
    for path in sorted(modules_of(verb)):
        name = path.relative_to(_PACKAGE).as_posix()
        if name not in _WITHOUT_EFFECT:
            digest.update(f"{name} {_file_digest(path)}\n".encode())
    return digest.hexdigest()[:16]


def modules_of(verb: str) -> frozenset[Path]:
    """Files of objmask that a verb's module imports, itself included."""
    found: set[Path] = set()
    waiting = [_PACKAGE / "verbs" / f"{verb.replace('-', '_')}.py"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imports(path))
    return frozenset(found)


def versions(*packages: str) -> dict[str, str]:
    """Versions of objmask and of those packages that are installed."""
    found = {"objmask": __version__}
    for name in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def settings_digest(settings: Mapping[str, Any]) -> str:
    """Hex SHA-256 of settings, whatever their order."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def write_provenance(verb: str, options: Mapping[str, Any], file: Path) -> None:
    """Writes, as JSON, what the result of a verb was made of; no paths, times or host names.

    Args:
        verb: its name.
        options: its options; paths are no settings.
        file: to write.

    Raises:
        DataError: a probe or detections that the options name cannot be read.
        OSError: the file cannot be written.
    """
    from objmask.files import sha256_of, write_json
    from objmask.parquet import metadata_of
    from objmask.video.info import VideoInfo

    settings = {name: value for name, value in options.items() if not _is_path(value)}
    made_of: dict[str, Any] = {
        "verb": verb,
        "code": code_digest(verb),
        "settings": settings,
        "settings_sha256": settings_digest(settings),
        "versions": versions(*_PACKAGES),
    }
    if "probe" in options:
        made_of["video_sha256"] = VideoInfo.read(options["probe"]).sha256
    if "detections" in options:
        stored = [metadata_of(path) for path in options["detections"]]
        made_of["models"] = {
            str(one.get("model")): {key: one.get(key) for key in ("model_sha256", "settings_sha256")} for one in stored
        }
    for table in ("videos", "corrections"):
        if isinstance(options.get(table), Path):
            made_of[f"{table}_sha256"] = sha256_of(options[table])
    write_json(file, made_of)


def _is_path(value: object) -> bool:
    return isinstance(value, Path) or (isinstance(value, list) and any(isinstance(one, Path) for one in value))


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    names: list[str] = []
    for node in _statements(_tree(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(file for name in names if name.startswith("objmask.") for file in _files(name))


def _files(module: str) -> list[Path]:
    base = _PACKAGE.joinpath(*module.split(".")[1:])
    return [file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]


@functools.cache
def _file_digest(path: Path) -> str:
    tree = _tree(path)
    for node in _statements(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ):
            node.body = [part for part in body if not _is_text(part)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """A tree's statements at any depth: a tenth of its nodes, and the only ones that import or have a docstring."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            part = getattr(node, name, ())
            if isinstance(part, list):
                waiting.extend(part)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

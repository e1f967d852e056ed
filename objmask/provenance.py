"""Which code a result depends on: a digest that changes when that code does, and not when a comment does."""

from __future__ import annotations

import ast
import functools
import hashlib
from pathlib import Path

_PACKAGE = Path(__file__).parent
_WITHOUT_EFFECT = frozenset({"errors.py", "progress.py", "verbs/options.py", "models/cache.py", "models/download.py"})
"""Modules that decide what users are told, how options are spelt and how an archive gets here, which is checked by its
checksum; never what a result holds."""


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


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    names: list[str] = []
    for node in ast.walk(_tree(path)):
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
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ):
            node.body = [part for part in body if not _is_text(part)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

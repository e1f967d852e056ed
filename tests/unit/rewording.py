"""Says in other words what a package only says."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path


def reword(package: Path, found: Callable[[ast.Module], list[ast.expr]]) -> int:
    """Puts words into texts of all modules of a package, where `found` finds them; how many."""
    count = 0
    for path in sorted(package.rglob("*.py")):
        lines = path.read_bytes().splitlines(keepends=True)
        places = {(node.lineno - 1, node.col_offset) for node in found(ast.parse(path.read_bytes()))}
        for line, column in sorted(places, reverse=True):
            text = lines[line]
            quotes = re.compile(rb"[rfRF]*(?:\"\"\"|\"|')").match(text, column)
            assert quotes, (path, text)
            lines[line] = text[: quotes.end()] + b"In other words, " + text[quotes.end() :]
        path.write_bytes(b"".join(lines))
        count += len(places)
    return count


def _texts(nodes: Iterable[ast.expr]) -> list[ast.expr]:
    return [node for node in nodes if isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", 0), str)]


def raised(tree: ast.Module) -> list[ast.expr]:
    """Messages of errors."""
    calls = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)]
    return _texts(text for call in calls for text in call.args)


def logged(tree: ast.Module) -> list[ast.expr]:
    """What is logged."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    loggers = ("LOG", "log", "_log", "logging.getLogger(__name__)")
    return _texts(text for call in calls if ast.unparse(call.func.value) in loggers for text in call.args)


def helped(tree: ast.Module) -> list[ast.expr]:
    """Help of options."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    calls = [call for call in calls if call.func.attr == "add_argument"]
    return _texts(one.value for call in calls for one in call.keywords if one.arg in ("help", "metavar"))

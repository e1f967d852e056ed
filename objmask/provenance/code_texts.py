"""Code without the words that only people read, so that two versions that do the same are the same.

Left out is what is certainly text, and certainly nothing but said: docstrings, the message of a `raise` or `assert`,
what is logged, the help of an option. Text that is kept or handed on (a warning in a list, a name, a key) is code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_LOGGERS = frozenset({"LOG", "_LOG", "log", "_log", "logger", "_logger", "logging"})
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
_DECLARING = frozenset({"add_argument", "add_argument_group", "add_mutually_exclusive_group"})
_HELP = frozenset({"help", "metavar", "description"})
"""Keywords of `_DECLARING` that only say something."""


def without_texts(source: str | bytes) -> ast.Module:
    """The code of a module without what only people read, and without what is there for type checkers alone.

    Raises:
        SyntaxError: it is no code.
    """
    tree = ast.parse(source)
    for node in statements(tree):
        for name in ("body", "orelse", "finalbody"):
            part = getattr(node, name, None)
            if isinstance(part, list):
                setattr(node, name, [one for one in part if not _says_nothing(one)])
        _quieten(node)
    return tree


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """A tree's statements at any depth: a tenth of its nodes. Each is given before those in it are looked for."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            part = getattr(node, name, ())
            if isinstance(part, list):
                waiting.extend(part)


def _says_nothing(node: ast.stmt) -> bool:
    """Whether it is a text on its own, such as a docstring, or runs for type checkers only."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    checking = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return checking and isinstance(node, ast.If) and not node.orelse


def _quieten(node: ast.AST) -> None:
    """Takes the messages out of a statement."""
    match node:
        case ast.Raise(exc=ast.Call() as call):
            call.args = [one for one in call.args if not _is_text(one)]
        case ast.Assert(msg=ast.expr() as message) if _is_text(message):
            node.msg = None
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=method, value=to)) as call):
            if method in _DECLARING:
                call.keywords = [one for one in call.keywords if one.arg not in _HELP]
            elif method in _LEVELS and _is_logger(to):
                call.args = [one for one in call.args if not _is_text(one)]


def _is_logger(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _LOGGERS
        case ast.Call(func=ast.Attribute(value=ast.Name(id="logging"), attr="getLogger")):
            return True
    return False


def _is_text(node: ast.expr) -> bool:
    """A text as it is written, put together of texts, or with values in it; what does something on the way is not."""
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.JoinedStr():
            return not any(
                isinstance(one, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for one in ast.walk(node)
            )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) and _is_text(right)
    return False

"""What a result was made of: the code behind it, settings, versions, and the checksums of what went in.

The digest of the code changes when what it does changes, and not when a comment or the words of an error do.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objmask.provenance.code_texts import statements, without_texts
from objmask.provenance.versions import settings_digest, versions

_PACKAGE = Path(__file__).parents[1]
_WITHOUT_EFFECT = frozenset(
    {
        *(
            "errors.py",
            "hints.py",
            "progress.py",
            "files/documents.py",
            "provenance/record.py",
            "provenance/unchanged.py",
        ),
        *("verbs/options.py", "inputs/index.py", "inputs/table.py"),
        *(
            "config/command_line.py",
            "config/files.py",
            "config/schema.py",
            "config/json_schema.py",
            "config/settings.py",
        ),
        *("models/cache.py", "models/download.py", "models/devices.py"),
        *("jobs/lifetime.py", "inference/client.py", "inference/server.py"),
    }
)
"""Modules that decide what is refused, what users are told, how options are spelt, which videos there are, whose names
and checksums are params of their own, how an archive gets here, which is checked by its checksum, and in which process
and on which of equal devices a job runs; never what a result holds. Nor does what only they import: a verb that needs
it for its result imports it itself."""
_FIND_THEIR_MODULES = frozenset({"models/families"})
"""Packages that import all of their modules by name."""
_PACKAGES = ("av", "numpy", "opencv-python", "pandas", "pyarrow")


def code_digest(verb: str, package: Path = _PACKAGE) -> str:
    """Digest of the code that a verb runs: its module and everything of objmask that it imports, at any depth.

    Comments, docstrings, layout and messages do not count, nor do the few modules that have no effect on results.

    Args:
        verb: name of a module of `objmask.verbs`.
        package: the folder of `objmask`.

    Raises:
        FileNotFoundError: there is no such verb.
    """
    digest = hashlib.sha256()
    for path in sorted(modules_of(verb, package)):
        digest.update(f"{path.relative_to(package).as_posix()} {_module(path.read_bytes()).digest}\n".encode())
    return digest.hexdigest()[:16]


def modules_of(verb: str, package: Path = _PACKAGE, *, without: frozenset[str] = _WITHOUT_EFFECT) -> frozenset[Path]:
    """Files of objmask with an effect on a verb's result: its module, and what those import that have one.

    Args:
        verb: name of a module of `objmask.verbs`.
        package: the folder of `objmask`.
        without: modules at which to stop; none: all that the verb imports.
    """
    found: set[Path] = set()
    waiting = [package / "verbs" / f"{verb.replace('-', '_')}.py"]
    while waiting:
        path = waiting.pop()
        if path not in found and path.relative_to(package).as_posix() not in without:
            found.add(path)
            waiting.extend(file for name in _module(path.read_bytes()).imports for file in _files(name, package))
    return frozenset(found)


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
    from objmask.files.parquet import metadata_of
    from objmask.files.whole import sha256_of, write_json
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
        made_of["video_sha256"] = VideoInfo.read(options["probe"]).identity
    decided = {name: options[name] for name in ("painted", "hidden") if options.get(name)}
    if decided:
        made_of["decided"] = {name: sha256_of(path) for name, path in decided.items()}
        made_of["models"] = {
            name: {"model_sha256": digest}
            for path in decided.values()
            for name, digest in metadata_of(path)["models"].items()
        }
    if "detections" in options:
        stored = [metadata_of(path) for path in options["detections"]]
        made_of["models"] = {
            str(one.get("model")): {key: one.get(key) for key in ("model_sha256", "settings_sha256")} for one in stored
        }
    # The report says how long its run took, and provenance is the same of two runs.
    if verb != "report" and isinstance(options.get("out"), Path) and options["out"].exists():
        made_of["sha256"] = sha256_of(options["out"])
    for table in ("videos", "corrections"):
        if isinstance(options.get(table), Path):
            made_of[f"{table}_sha256"] = sha256_of(options[table])
    write_json(file, made_of)


def _is_path(value: object) -> bool:
    return isinstance(value, Path) or (isinstance(value, list) and any(isinstance(one, Path) for one in value))


@dataclass(frozen=True)
class _Module:
    """What counts of a module.

    Attributes:
        digest: of its code, hex.
        imports: full names of what may be modules of objmask.
    """

    digest: str
    imports: tuple[str, ...]


@functools.cache
def _module(source: bytes) -> _Module:
    tree = without_texts(source)
    names: list[str] = []
    for node in statements(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    ours = tuple(name for name in names if name.startswith("objmask."))
    return _Module(hashlib.sha256(ast.dump(tree).encode()).hexdigest(), ours)


def _files(module: str, package: Path) -> list[Path]:
    base = package.joinpath(*module.split(".")[1:])
    if base.relative_to(package).as_posix() in _FIND_THEIR_MODULES:
        return sorted(base.glob("*.py"))
    return [file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]

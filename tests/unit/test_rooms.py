"""The map of the package: every module has a room, and rooms build on each other in one direction."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import objmask

PACKAGE = Path(objmask.__file__).parent
AT_THE_ROOT = {"__init__", "__main__", "cli", "errors", "hints", "progress"}
"""What every room may use, and the command line, which finds the verbs."""


def modules() -> dict[str, Path]:
    """Full name of each module, and its file; a package is its `__init__`."""
    files = {path: ("objmask", *path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): path for path, parts in files.items()}


def imports() -> dict[str, set[str]]:
    """Modules of objmask that each one imports, wherever in its text."""
    known = modules()
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        asked: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                asked |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                asked |= (inside & set(known)) or {node.module}
        found[name] = (asked & set(known)) - {name}
    return found


def room(name: str) -> str:
    """The package below `objmask` that a module lies in; of those at the root their own name."""
    return ".".join(name.split(".")[:2])


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Names along a circle of imports; empty: there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_on_a_way_round():
    assert circle(imports()) == []


def test_no_two_rooms_need_each_other():
    rooms: dict[str, set[str]] = defaultdict(set)
    for name, needed in imports().items():
        rooms[room(name)] |= {room(other) for other in needed} - {room(name), "objmask"}
    assert circle(dict(rooms)) == []


def test_the_architecture_lists_them_in_the_order_in_which_they_build_on_each_other():
    text = (PACKAGE.parent / "docs/architecture.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(objmask)/(\w+)/` \|", text, re.M)
    place = {".".join(names): k for k, names in enumerate(listed)}
    needs = {(room(name), room(other)) for name, needed in imports().items() for other in needed}
    assert [(one, other) for one, other in needs if one in place and place.get(other, -1) > place[one]] == []
    assert len(place) > 20


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []


def test_the_root_is_not_where_new_modules_go():
    assert {path.stem for path in PACKAGE.glob("*.py")} == AT_THE_ROOT


def test_no_two_test_files_have_one_name():
    """pytest takes them for the same module, and then runs nothing at all."""
    names = Counter(path.name for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_name_of_a_class_means_one_thing():
    """Two public classes of one name make readers look at imports to know which is meant."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    # Each architecture of the Mask R-CNN brings its own; they are used by their module's name.
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert set(several) == {"Backbone", "SecondStage"}

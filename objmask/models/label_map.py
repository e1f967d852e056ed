"""Label maps (`*.pbtxt`) of the TensorFlow Object Detection API: which class id is which object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from objmask.errors import ModelError

_WORD = re.compile(r"""\s*(?:\#[^\n]*\n?|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}:<>]|[^\s{}:<>,;"'\#]+)|[,;])""")
_LIMIT_BYTES = 1 << 22


def read_label_map(path: Path) -> dict[str, int]:
    """Object names and their ids, in order of the ids.

    `display_name`, the COCO name, is preferred to `name`. Id 0, the background, is left out.

    Raises:
        ModelError: the file cannot be read, has no items, or an item lacks its id or name or repeats another's.
    """
    try:
        if path.stat().st_size > _LIMIT_BYTES:
            raise ModelError(f"{path}: too large for a label map; keep only the model's own .pbtxt beside it")
        text = path.read_text(encoding="utf-8-sig")  # Windows' mark at the start would hide the first object
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read as a label map ({error})") from error
    found: dict[int, str] = {}
    for item in _items(text):
        name = item.get("display_name") or item.get("name")
        if not name or not item.get("id", "").isdecimal():
            raise ModelError(f"{path}: an item lacks its id or its name; mend the label map")
        number = int(item["id"])
        if number in found or name in found.values():
            raise ModelError(f"{path}: id {number} or name {name!r} occurs twice; mend the label map")
        found[number] = name
    found.pop(0, None)
    if not found:
        raise ModelError(f"{path}: not a label map (no `item {{ id: ... name: ... }}`); remove it or mend it")
    return {name: number for number, name in sorted(found.items())}


def _items(text: str) -> Iterator[dict[str, str]]:
    """The scalar fields of each top-level `item { ... }`; nested messages are skipped."""
    words = [word for word in _WORD.findall(text) if word]
    item: dict[str, str] = {}
    depth, inside = 0, False
    for i, word in enumerate(words):
        if word in ("{", "<"):
            if depth == 0:
                opener = words[i - 2 if words[i - 1] == ":" else i - 1] if i else ""
                item, inside = {}, opener == "item"
            depth += 1
        elif word in ("}", ">"):
            depth -= 1
            if depth == 0 and inside:
                yield item
        elif word == ":" and depth == 1 and inside and i + 1 < len(words):
            item[words[i - 1]] = _unquoted(words[i + 1])


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[0] in "\"'" else word

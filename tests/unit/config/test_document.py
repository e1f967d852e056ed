"""What people read of the settings is made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from objmask.config.document import documents
from objmask.config.json_schema import said_of, the_schema

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", documents())
def test_it_is_what_the_settings_say(name: str) -> None:
    stale = f"{name}: not made from objmask/config/settings.py as it is now; run `make settings`"
    assert (ROOT / name).read_text(encoding="utf-8") == documents()[name], stale


def test_every_key_of_config_yaml_has_its_comment() -> None:
    lines = documents()["config.yaml"].splitlines()
    assert max(map(len, lines)) <= 120
    comments = " ".join(line.partition("# ")[2] for line in lines)
    for part in the_schema()["properties"].values():
        for setting in (part, *part.get("properties", {}).values()):
            assert said_of(setting)[0] in comments


def test_the_table_has_every_setting_once() -> None:
    page = documents()["docs/settings.md"]
    for name, part in the_schema()["properties"].items():
        for key in [f"{name}.{key}" for key in part.get("properties", {})] or [name]:
            assert page.count(f"| `{key}` | ") + page.count(f"| **`{key}`** | ") == 1, key

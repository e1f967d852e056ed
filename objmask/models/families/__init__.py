"""The families of networks that objmask runs, a module each. A new module is a new family; no other file changes."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from objmask.models.family import Family
from objmask.models.info import FAMILIES, ModelInfo


@cache
def all_families() -> dict[str, Family]:
    """Every family by its name, sorted."""
    return {name: import_module(f"{__name__}.{name}").FAMILY for name in FAMILIES}


def family_of(info: ModelInfo) -> Family:
    """The family of a model."""
    return all_families()[info.family]

"""Which kinds of surface and shape belong to which split, so that a test shows none that training has shown."""

from __future__ import annotations

import zlib
from typing import Literal, get_args

import numpy as np

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

_SPLIT_CODE = {"train": 1, "test": 2}
_VARIANTS = 12
"""Pictures made of each family; more would only cost time and memory."""

FAMILIES: dict[str, dict[Split, tuple[str, ...]]] = {
    "desk": {
        "train": ("oak", "walnut", "laminate", "linoleum", "stone", "cloth"),
        "test": ("ash", "cherry", "speckle", "felt"),
    },
    "wall": {"train": ("paint", "plaster", "brick", "panel"), "test": ("wallpaper", "concrete")},
    "tiles": {"train": ("square", "metro", "large"), "test": ("mosaic", "slab")},
    "screen": {"train": ("document", "code", "table", "mail"), "test": ("browser", "slides", "chat")},
    "phone": {"train": ("chat", "home", "mail"), "test": ("feed", "map")},
    "page": {"train": ("columns", "plain", "figures"), "test": ("verse", "headed")},
    "cover": {"train": ("band", "split", "frame", "dots"), "test": ("diagonal", "circles")},
    "label": {"train": ("band", "stripes", "badge"), "test": ("wave", "blocks")},
    "cup": {"train": ("mug", "tumbler", "barrel", "cone"), "test": ("bell", "tall")},
    "bottle": {"train": ("water", "wine", "flask", "juice"), "test": ("soda", "carafe")},
    "wine glass": {"train": ("bordeaux", "white", "tulip"), "test": ("burgundy", "port")},
    "keyboard": {"train": ("full", "compact", "tenkeyless"), "test": ("slim", "split")},
    "laptop": {"train": ("silver", "black", "grey"), "test": ("navy", "gold")},
    "tv": {"train": ("round stand", "block stand", "v stand"), "test": ("wide stand", "thin stand")},
    "oven": {"train": ("steel", "black", "white"), "test": ("grey", "cream")},
    "microwave": {"train": ("steel", "black", "white"), "test": ("red", "grey")},
    "sink": {"train": ("arc", "straight", "low"), "test": ("gooseneck", "block")},
    "sleeve": {"train": ("plain", "striped", "none"), "test": ("cuffed", "banded")},
}
"""What varies, and the families of each split."""


def generator(seed: int, index: int, split: Split) -> np.random.Generator:
    """The random numbers of one scene; no other scene or split shares them."""
    return np.random.default_rng([seed, index, _SPLIT_CODE[split]])


def family(kind: str, split: Split, rng: np.random.Generator) -> str:
    """One of a kind's families in a split."""
    names = FAMILIES[kind][split]
    return names[int(rng.integers(len(names)))]


def variant(rng: np.random.Generator) -> int:
    """Which of the pictures of a family to take."""
    return int(rng.integers(_VARIANTS))


def fixed_generator(*names: str | int) -> np.random.Generator:
    """Random numbers that depend on names only: for pictures that are made once and kept."""
    return np.random.default_rng([zlib.crc32(str(name).encode()) for name in names])


def check_split(name: str) -> Split:
    """A split by its name.

    Raises:
        ValueError: there is no such split.
    """
    for split in SPLITS:
        if name == split:
            return split
    raise ValueError(f"split: expected one of {', '.join(SPLITS)}, got {name!r}")

"""List the named models and the supported families, or describe given models with the classes that they detect."""

from __future__ import annotations

import argparse
from textwrap import wrap

from objmask.verbs.terminal import show


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("models", nargs="*", metavar="MODEL", help="model files, folders or names to describe")


KINDS = """
Or a file of one's own:
{families}

Use one with: objmask video <file or folder> --model=<name or file>
In a run folder or a checkout: snakemake --cores 2 --config videos=<folder> model=<name or file>
Objects of COCO: {names}
"""
COLUMNS = "{:<53}{:>8}  {:>7}  {:<27}{:<9}{:<12}{}\n"


def run(options: argparse.Namespace) -> None:
    """Prints to standard output."""
    from objmask.models.coco import COCO_NAMES
    from objmask.models.source import ModelSource

    if not options.models:
        show(_table())
        show(KINDS.format(families=_families(), names=", ".join(COCO_NAMES)))
    for given in options.models:
        info = ModelSource.of(given).describe()
        size = f"{info.input_width}x{info.input_height}" if info.input_width else "any size"
        show(f"{info.name}: {info.family}, input {size}, licence {info.licence or 'unknown'}\n")
        show(f"  {len(info.classes)} objects: {', '.join(info.classes)}\n")
        if info.note:
            show(f"  {info.note}\n")


def _families() -> str:
    """The families, a row each: what files they take and where the names of their objects come from."""
    from objmask.models.families import all_families

    widths = (14, 51, 0)
    rows = [("family", ["files"], "objects")]
    rows += [(name, wrap(family.files, widths[1] - 2), family.objects) for name, family in all_families().items()]
    lines = []
    for name, (first, *others), objects in rows:
        lines.append(f"{name:<{widths[0]}}{first:<{widths[1]}}{objects}")
        lines += [f"{'':<{widths[0]}}{line}" for line in others]
    return "\n".join(lines)


def _table() -> str:
    """The table of named models: size, accuracy, speed, objects, licence, and which are already here."""
    from objmask.models.cache import cache_folder
    from objmask.models.zoo import the_zoo

    cache = cache_folder()
    lines = [COLUMNS.format("name", "download", "mask AP", "a frame", "objects", "licence", f"in {cache}")]
    for model in the_zoo().models:
        if model.folder:
            here = "comes with objmask" if model.built_in.is_dir() else "not in this copy"
        else:
            here = "yes" if (cache / model.file).is_file() else "no"
        size = f"{model.size_bytes / 1e6:.0f} MB" if model.size_bytes else ""
        objects = ", ".join(model.objects) or ("" if model.folder else "COCO")
        lines.append(COLUMNS.format(model.name, size, model.mask_ap or "", model.speed, objects, model.licence, here))
        lines.extend([f"  {model.note}\n"] if model.note else [])
    return "".join(lines)

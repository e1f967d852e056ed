"""Make videos anonymous: people, screens, faces, hands and text are hidden, and the result is searched for leaks.

Protected video, its audit and a report come into a folder beside the input, or into --out. Which networks find what is
in workflow/examples/anonymise.yaml; the first run downloads them. When you give the same command again, it makes only
what is missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from objmask.verbs.video import add_run, run_whole

OBJECTS = "objects"
"""Name of the model that finds people and things."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="what finds people and things: a name (`objmask models`) or a file; none: a model of COCO's objects",
    )
    parser.add_argument(
        "--without",
        action="append",
        metavar="NAME",
        default=[],
        help="a network to leave out: objects, faces, hands or words; repeat it for several. What only it finds stays "
        "visible",
    )
    add_run(parser, "anonymised")


def settings() -> Mapping[str, Any]:
    """The settings of `workflow/examples/anonymise.yaml`."""
    from objmask.config.files import read_settings
    from objmask.config.schema import typed
    from objmask.project.place import EXAMPLES

    return typed(read_settings(EXAMPLES / "anonymise.yaml"))


def run(options: argparse.Namespace) -> None:
    """Runs the workflow and says where its results are."""
    from objmask.detections.classes import check_names
    from objmask.errors import ConfigError
    from objmask.running.run import located

    base = dict(settings())
    check_names(options.without, base["models"], "--without", "network")
    models = {name: model for name, model in base["models"].items() if name not in options.without}
    if options.model:
        models[OBJECTS] = located(options.model)
    if not models:
        raise ConfigError("--without: no network is left; leave one of them in")
    run_whole(options, "anonymised", models=[], base={**base, "models": models})

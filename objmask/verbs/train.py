"""Train a Mask R-CNN on pictures annotated in the COCO format.

When you stop it and call it again with the same options, it continues where it was. The folder then holds the network
(config.json and model.ckpt, for `export`), log.csv, learning_curve.png and training.json.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from objmask.verbs.options import add_network_settings, positive, share, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    data = parser.add_argument_group("pictures")
    data.add_argument("--data", type=Path, metavar="FOLDER", help="folder with annotations.json and the pictures")
    data.add_argument("--annotations", type=Path, metavar="JSON", help="annotations, if they are not in --data")
    data.add_argument("--images", type=Path, metavar="FOLDER", help="folder of pictures, if they are not in --data")
    data.add_argument(
        "--validation", type=Path, metavar="FOLDER", help="pictures for validation, in the form of --data"
    )
    data.add_argument(
        "--held-out",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="without --validation: judge by this share of the pictures, 0..1, chosen by their names and not learnt "
        "from; 0: by all that are learnt from. Frames of one video resemble each other: for those use --validation",
    )
    data.add_argument("--no-augmentation", action="store_true", help="use pictures as they are, without augmentation")
    network = parser.add_argument_group("network")
    network.add_argument(
        "--config", default="desk", metavar="NAME", help="name of the network, such as desk or inception_v2_coco"
    )
    network.add_argument(
        "--classes",
        metavar="NAMES",
        help="classes to learn, separated by commas; none: all that pictures and network know",
    )
    network.add_argument(
        "--init", type=Path, metavar="PREFIX", help="begin with a checkpoint's weights (path without .index), and keep "
        "its batch norms' statistics; layers that do not fit begin anew",
    )  # fmt: skip
    add_network_settings(parser)
    course = parser.add_argument_group("course")
    course.add_argument("--steps", type=whole(1), help="stop after so many steps")
    course.add_argument("--minutes", type=positive, help="stop after so many minutes, over all runs")
    course.add_argument("--batch", type=whole(1), default=8, help="pictures per step")
    course.add_argument("--learning-rate", type=positive, default=0.001, help="the largest")
    course.add_argument("--warm-up", type=whole(0), default=200, metavar="STEPS", help="over which the rate rises")
    course.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="seed of order, augmentation and sampling")
    course.add_argument("--threads", type=whole(1), default=os.cpu_count() or 1, help="CPU threads")
    course.add_argument("--checkpoint-minutes", type=positive, default=5, help="time between two saved states")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to make")


def run(options: argparse.Namespace) -> None:
    """Trains, validates, and prints a table with one row per class."""
    import logging

    from objmask.files.whole import refuse_unwritable
    from objmask.maskrcnn.augment import Augmentation
    from objmask.maskrcnn.config import named
    from objmask.maskrcnn.pictures import TrainingPictures
    from objmask.maskrcnn.schedule import Schedule

    refuse_unwritable(options.out)
    config = named(options.config, **dict(options.set))
    schedule = Schedule(
        steps=options.steps,
        minutes=options.minutes,
        batch=options.batch,
        rate=options.learning_rate,
        warm_up=options.warm_up,
        seed=options.seed,
        checkpoint_minutes=options.checkpoint_minutes,
    )
    source = TrainingPictures(options.data, options.annotations, options.images, options.validation, options.held_out)
    classes = None if options.classes is None else [name.strip() for name in options.classes.split(",")]
    pictures, validation = source.read(config.classes, classes)

    from objmask.maskrcnn.train import train  # loads TensorFlow, which takes seconds

    evaluation = train(
        config,
        pictures,
        validation,
        schedule,
        options.out,
        init=options.init,
        augmentation=None if options.no_augmentation else Augmentation(),
        threads=options.threads,
    )
    log = logging.getLogger(__name__)
    for line in evaluation.table().splitlines():
        log.info("%s", line)

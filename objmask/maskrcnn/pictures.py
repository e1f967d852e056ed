"""The annotated pictures of a training. Without TensorFlow: what is wrong with them is said before that is loaded."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from objmask.detections.classes import check_names
from objmask.errors import DataError
from objmask.evaluation.annotations import Annotations, read_annotations

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingPictures:
    """Where annotated pictures are.

    Attributes:
        folder: holds `annotations.json` and the pictures.
        annotations: the annotations file, if it is not there.
        images: the pictures' folder, if they are not there.
        validation: a folder of pictures to judge by; None: some of the others.
        held_out: that share of them, 0..1; 0: all, which are then also learnt from.
    """

    folder: Path | None
    annotations: Path | None = None
    images: Path | None = None
    validation: Path | None = None
    held_out: float = 0.1

    def read(self, known: Sequence[str], classes: Sequence[str] | None = None) -> tuple[Annotations, Annotations]:
        """(to learn from, to judge by).

        Args:
            known: the classes of the network's config.
            classes: those to learn; None: all that both the config and the pictures know.

        Raises:
            ConfigError: the config does not know one of `classes`.
            DataError: there is nothing usable.
        """
        if classes is not None:
            check_names(classes, known, "--classes")
        if self.folder is None and self.annotations is None:
            raise DataError("no pictures to learn from: give --data FOLDER, or --annotations and --images")
        pictures = read_annotations(classes or known, self.folder, self.annotations, self.images)
        if all(instance.crowd for picture in pictures.pictures for instance in picture.instances):
            raise DataError(f"{self.annotations or self.folder}: no object of the classes lies on any of the pictures")
        if self.validation is not None:
            return pictures, read_annotations(pictures.classes, self.validation)
        if not self.held_out:
            LOG.warning("no pictures held out: precision is that on pictures that were learnt from")
            return pictures, pictures
        return pictures.split(self.held_out)

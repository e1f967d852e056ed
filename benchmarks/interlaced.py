"""What do networks find in interlaced video, by the way in which its fields become one picture?

    python -m benchmarks.interlaced [ASSETS]

Two frames that follow each other in the office clips become the two fields of one picture, the earlier one on top, as a
camera of twice the rate and half the lines would have seen them (720-line clips at half size, since a network sees less
than that). Of the sensitive objects that the 640-pixel network finds in either whole frame at a score of 0.3 or more,
how many does it find in the one picture (same class, IoU of the boxes 0.5 or more, score 0.1 or more)? And of the
pixels of those in the later frame, how many lie in a mask that was found in the one picture at 0.3 or more? Those
that do not would be shown in every second line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import batched

import av
import av.filter
import cv2
import numpy as np
import numpy.typing as npt
import yaml

from benchmarks import measure
from benchmarks.models import best_ious
from objmask.detections import Detections
from objmask.frames import scaled
from objmask.masks import paste
from objmask.models.detector import load
from objmask.video import probe, read_frames
from objmask.video.fields import merged

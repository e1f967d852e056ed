"""Decides what is painted in each frame. Corrections, tracks, thresholds and who lies on top come together here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.detections.classes import Palette
from objmask.detections.counting import ALL_COUNT, Counting
from objmask.detections.masks import Patch, paste, share_of
from objmask.detections.runs import encode
from objmask.objects.own_scores import OwnScores
from objmask.objects.tables import Tables, model_of, objects_by_model
from objmask.painted.objects import Labels, PaintedObject

LIKE = 0.1
"""A person lies on top of what scores higher by less than this: people hold things, and not the other way round."""
_ON_TOP = "person"
SMALL, LARGE = 0.02, 0.1
"""Shares of the picture between which an object that only its track makes sure needs more and more support."""
SUPPORT = 0.5
"""Its mean own score near in time is at least this share of the lowest score that is painted."""


@dataclass(frozen=True)
class PaintRules:
    """Which objects are painted, and which pixels of them.

    Attributes:
        palette: classes in a group are painted; colours decide nothing.
        score: lowest score that is painted, 0..1.
        threshold: mask probability above which a pixel belongs to an object, 0..1.
        models: which detections of a model count, by its name, where that is not as for all.
    """

    palette: Palette
    score: float
    threshold: float
    models: Mapping[str, Counting] = field(default_factory=dict)

    def score_of(self, model: str) -> float:
        """The lowest score of a model's detections that is painted."""
        own = self.models.get(model, ALL_COUNT).score
        return self.score if own is None else own

    def paints(self, model: str, name: str, score: np.float32) -> bool:
        """Whether a detection of a model is painted, by its class and score."""
        objects = self.models.get(model, ALL_COUNT).objects
        counts = name in self.palette.index_of and (objects is None or name in objects)
        return counts and bool(score >= np.float32(self.score_of(model)))


def painted_by_frame(
    tables: Tables, rules: PaintRules, height: int, width: int, wanted: Collection[int] | None = None
) -> Iterator[tuple[PaintedObject, ...]]:
    """Yields the objects of each frame, see `paint_frame`.

    Args:
        tables: tracks or detections of each model whose objects are painted.
        rules: which are painted.
        height: of the frames, pixels.
        width: of the frames, pixels.
        wanted: rows to decide; the others get no objects. None: all.

    Raises:
        DataError: a file is damaged, or detections are missing.
    """
    own = {model_of(path): OwnScores.read(path, table) for path, table in tables}
    for row, parts in enumerate(objects_by_model(tables)):
        if wanted is not None and row not in wanted:
            yield ()
            continue
        found = Detections.concatenate([_supported(name, one, own.get(name), row, rules) for name, one in parts])
        yield paint_frame(found, [name for name, one in parts for _ in range(len(one))], rules, height, width)


def _supported(model: str, found: Detections, own: OwnScores | None, row: int, rules: PaintRules) -> Detections:
    """The detections of a model; those that only their tracks make sure, without support, with a score of 0."""
    if own is None:
        return found
    scores, level, bar = found.scores.copy(), np.float32(255 * rules.threshold), rules.score_of(model)
    for i in np.flatnonzero(scores >= np.float32(bar)).tolist():
        if found.track_ids[i] < 0 or np.float32(found.found_scores[i]) >= np.float32(bar):
            continue
        large = min((share_of(found, i, level) - SMALL) / (LARGE - SMALL), 1.0)
        if large > 0 and own.mean(found.track_ids[i], row) < large * SUPPORT * bar:
            scores[i] = 0
    return replace(found, scores=scores)


def paint_frame(
    found: Detections, models: Sequence[str], rules: PaintRules, height: int, width: int
) -> tuple[PaintedObject, ...]:
    """The objects of a frame, the one with the highest score first; those that are not painted have no pixels.

    Args:
        found: its objects, one detection each.
        models: names of the models that found them.
        rules: which are painted.
        height: of the frame, pixels.
        width: of the frame, pixels.
    """
    index_of = rules.palette.index_of
    owner, patches = _painted(found, models, rules, height, width)
    objects = []
    for i in np.argsort(-found.scores, kind="stable").tolist():
        visible = covered = b""
        if i in patches:
            patch = patches[i]
            mine = owner[patch.rows, patch.columns] == i
            visible, covered = (
                encode(Patch(patch.top, patch.left, mask), height, width) if mask.any() else b""
                for mask in (mine, patch.mask & ~mine)
            )
        own = np.float32(0 if found.carried[i] else found.found_scores[i])
        objects.append(
            PaintedObject(
                name=found.classes[i],
                group=rules.palette.groups[k - 1].name if (k := index_of.get(found.classes[i], 0)) else "",
                score=float(found.scores[i]),
                own_score=float(own),
                lifted=i in patches and not found.carried[i] and bool(own < np.float32(rules.score_of(models[i]))),
                source=found.sources[i],
                carried=found.carried[i],
                track_id=found.track_ids[i],
                model=models[i],
                visible=visible,
                covered=covered,
            )
        )
    return tuple(objects)


def painted_map(found: Detections, rules: PaintRules, height: int, width: int) -> Labels:
    """The map of a frame, (height, width) uint8: 0 = background, k = group k. It is that of `paint_frame`'s objects.

    Args:
        found: its objects, one detection each.
        rules: which are painted.
        height: of the frame, pixels.
        width: of the frame, pixels.
    """
    owner, _ = _painted(found, [""] * len(found), rules, height, width)
    # Where nobody is the owner, the last one is taken: the background.
    return np.array([*(rules.palette.index_of.get(name, 0) for name in found.classes), 0], np.uint8)[owner]


def _painted(
    found: Detections, models: Sequence[str], rules: PaintRules, height: int, width: int
) -> tuple[npt.NDArray[np.int16], dict[int, Patch]]:
    """Whose each pixel is, (height, width), -1: nobody's; and all pixels of each that is painted, by its index."""
    painted = [i for i, name in enumerate(found.classes) if rules.paints(models[i], name, found.scores[i])]
    claims = np.array([found.scores[i] + LIKE * (found.classes[i] == _ON_TOP) for i in painted])
    owner = np.full((height, width), -1, np.int16)
    patches: dict[int, Patch] = {}
    # What claims most is painted last. Of equal ones, the first one.
    for k in reversed(np.argsort(-claims, kind="stable")):
        i = painted[k]
        patch = patches[i] = paste(found.masks[i], found.boxes[i], height, width, rules.threshold)
        owner[patch.rows, patch.columns][patch.mask] = i
    return owner, patches

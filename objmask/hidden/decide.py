"""Decides what is hidden in each frame: which detections, how far around them, and for how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections, is_whole_box
from objmask.detections.boxes import box_iou
from objmask.detections.masks import Patch, paste, share_of, union
from objmask.errors import DataError
from objmask.hidden.areas import (
    Size,
    block_size,
    ellipse,
    grow,
    merge_objects,
    nearest_pixel,
    polygon,
    to_blocks,
    whole_pairs,
)
from objmask.hidden.causes import WHOLE_FRAME, ZONE, Cause, HiddenArea
from objmask.hidden.hold import Hold
from objmask.objects.own_scores import OwnScores
from objmask.objects.region import sampled
from objmask.objects.tables import Tables, found_by_model, model_of
from objmask.streams.neighbours import sliding
from objmask.video.info import VideoInfo

SMALL, LARGE = 0.01, 0.1
"""Shares of the picture between which the score that an object needs rises from `score` to `large_score`."""
HELD_WHOLE, HELD_LEAST, LEAST = 0.02, 0.2, 0.2
"""An object whose box has up to the first share of the picture is held for all of `hold`, from the second one on for
`LEAST` of it. A small object is missed more often, and costs less of the picture."""
WITH_SIZE = 2.5
"""The margin is `grow` of the picture's shorter side, and so many times `grow` of the object's."""
_SAME_SIZE = 0.6
"""A box with less than this share of the area that it has near in time shows a part of the object only."""
_JUMPED = 0.9
"""A box that overlaps less (intersection over union) with where its track is expected may be beside the object."""
_SIDE = 32
"""Samples per side of the masks that are joined over time."""


class ToHide:
    """A detection of a frame that is hidden.

    Args:
        model: name of the model that found it.
        found: the detections of the frame that are hidden.
        i: index of it among them.
        cause: why it is hidden.
    """

    def __init__(self, model: str, found: Detections, i: int, cause: Cause) -> None:
        self.mask, self.box, self.drift = found.masks[i], found.boxes[i], found.drifts[i]
        self.cause, self.carried = cause, found.carried[i] != 0
        self.track = (model, found.track_ids[i]) if found.track_ids[i] >= 0 else None
        self.box_area = float((self.box[2:] - self.box[:2]).prod())
        self.reach = float(np.interp(self.box_area**0.5, (HELD_WHOLE**0.5, HELD_LEAST**0.5), (1, LEAST)))
        """How far from its frame it is held, as share of `hold`."""

    @cached_property
    def small(self) -> npt.NDArray[np.uint8]:
        """Its mask in few samples, (`_SIDE`, `_SIDE`)."""
        return sampled(self.mask, (_SIDE, _SIDE))


@dataclass(frozen=True)
class _Reason:
    """A patch of one detection, and its cause."""

    patch: Patch
    cause: Cause


class Hider:
    """Decides frame by frame.

    A detection also hides for a while before and after its frame (`hiding.hold`), a large one for less of it. Where its
    track is found in that frame too, the masks are joined in the box that it has there, so that they move with the
    object; a box that jumps aside there hides where it was expected as well. Where the track is carried there, its
    carried mask says better where it is. Else the place itself stays hidden.

    Args:
        hiding: what to hide.
        size: of the video, or of a picture of it.
        interlaced: whether its chroma may belong to fields. Hidden areas then have whole vertical pairs of blocks,
            because two lines of chroma belong to four alternating lines of luma.
    """

    def __init__(self, hiding: Hiding, size: Size, *, interlaced: bool = False) -> None:
        self._hiding, self._size, self._interlaced = hiding, size, interlaced
        self.hold = Hold.parse(hiding.hold)
        self._rules: dict[str, Hiding] = {}
        self._patches: WeakKeyDictionary[ToHide, Patch] = WeakKeyDictionary()
        self._zones = [
            _Reason(self._whole(to_blocks(polygon(zone, size))), Cause(ZONE, found=True)) for zone in hiding.zones
        ]

    def prepare(self, parts: Sequence[tuple[str, Detections]]) -> list[ToHide]:
        """What is hidden of one frame that stands alone, so that nothing is known of tracks.

        Args:
            parts: names of the models, and what they found.
        """
        return self.prepare_chosen([(model, to_hide(found, self._hiding.of(model))) for model, found in parts])

    def prepare_chosen(self, chosen: Sequence[tuple[str, Detections]]) -> list[ToHide]:
        """What is hidden of one frame, by what `chosen_by_frame` gave of it."""
        return [
            ToHide(model, found, i, self._cause(model, found, i)) for model, found in chosen for i in range(len(found))
        ]

    def areas(
        self, around: Sequence[Sequence[ToHide]], here: int, distances: Sequence[float] | None = None
    ) -> list[HiddenArea]:
        """The hidden areas of a frame: one per object, the largest first.

        Args:
            around: what is hidden of this frame and of those whose detections hide in it.
            here: index of this frame among them.
            distances: how far each of them is from this one, as share of `hold`, 0..1; None: all are near.
        """
        reasons = self._reasons(around, here, distances or [0.0] * len(around))
        if self._hiding.whole_frame_when == "no_detection" and not any(one.cause.found for one in around[here]):
            reasons = [_Reason(Patch(0, 0, np.ones(block_size(self._size), np.bool_)), Cause(WHOLE_FRAME))]
        reasons += self._zones
        return [
            HiddenArea(patch, _causes([reasons[i] for i in made_of]))
            for patch, made_of in merge_objects([one.patch for one in reasons])
        ]

    def _reasons(self, around: Sequence[Sequence[ToHide]], here: int, distances: Sequence[float]) -> list[_Reason]:
        now = around[here]
        best: dict[tuple[str, int], ToHide] = {}
        for one in now:
            if (
                one.track
                and not one.carried
                and (one.track not in best or one.cause.score > best[one.track].cause.score)
            ):
                best[one.track] = one
        carried = {one.track for one in now if one.track} - best.keys()
        joined: dict[ToHide, list[tuple[int, ToHide]]] = {}
        reasons = []
        for k, one in (
            (k, one)
            for k, frame in enumerate(around)
            for one in frame
            if k != here and distances[k] <= one.reach and one.track not in carried
        ):
            if one.track and (shown := best.get(one.track)):
                if one.carried:
                    continue
                if shown.box_area >= _SAME_SIZE * one.box_area:
                    joined.setdefault(shown, []).append((k - here, one))
                    continue
            reasons.append(_Reason(self._patch(one), replace(one.cause, found=False)))
        for one in now:
            if one not in joined:
                reasons.append(_Reason(self._patch(one), one.cause))
                continue
            mask = self._joined(one, [other for _, other in joined[one]])
            reasons.append(_Reason(self._grown(mask, one.box, one.drift), one.cause))
            expected = _expected(joined[one])
            if expected is not None and box_iou(one.box[None], expected[None])[0, 0] < _JUMPED:
                reasons.append(_Reason(self._grown(mask, expected, one.drift), replace(one.cause, found=False)))
        return reasons

    def _cause(self, model: str, found: Detections, i: int) -> Cause:
        # Whether the network itself, in this frame alone, found something that is to be hidden.
        if model not in self._rules:
            self._rules[model] = self._hiding.of(model)
        rules = self._rules[model]
        seen = (
            found.sources[i] == "detected"
            and found.found_as[i] in rules.objects
            and bool(np.float32(found.found_scores[i]) >= np.float32(rules.score))
        )
        scores = float(found.scores[i]), float(found.found_scores[i])
        return Cause(found.classes[i], model, found.track_ids[i], *scores, seen)

    def _patch(self, one: ToHide) -> Patch:
        """The grown mask of a detection, made once."""
        if one not in self._patches:
            self._patches[one] = self._grown(one.mask, one.box, one.drift)
        return self._patches[one]

    @staticmethod
    def _joined(one: ToHide, others: Sequence[ToHide]) -> npt.NDArray[np.uint8]:
        """Its mask and those of its track near in time."""
        largest = np.maximum.reduce([other.small for other in others])
        return np.maximum(one.mask, sampled(largest, one.mask.shape))

    def _grown(self, mask: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], drift: float) -> Patch:
        size, hiding = self._size, self._hiding
        patch = paste(mask, box, size.height, size.width, hiding.threshold)
        if not patch.mask.size:
            patch = nearest_pixel(box, size)
        # An object that was found but whose mask stays under the threshold everywhere must not be shown for that.
        if hiding.shape == "box" or not patch.mask.any():
            patch = Patch(patch.top, patch.left, np.ones_like(patch.mask))
        elif hiding.shape == "ellipse":
            rest = np.zeros_like(patch.mask) if is_whole_box(mask) else patch.mask
            patch = Patch(patch.top, patch.left, rest | ellipse(patch.mask.shape))
        # The edge of a small object is seen no more exactly than that of a large one, and boxes are off by a share.
        sides = min(size.height, size.width) + WITH_SIZE * min(patch.mask.shape)
        radius_px = max(1, math.ceil(hiding.grow * sides)) + math.ceil(drift * size.height)
        return self._whole(grow(to_blocks(patch.trimmed()), radius_px, *block_size(size)).trimmed())

    def _whole(self, patch: Patch) -> Patch:
        return whole_pairs(patch, block_size(self._size)[0]) if self._interlaced else patch


def to_hide(found: Detections, hiding: Hiding, typical: Callable[[int], float] | None = None) -> Detections:
    """The detections of a frame that are hidden: sure enough, and of a class that is, by the network or its track.

    What hides much of the picture needs to be surer: the score, its own or that of its track near in time, is at least
    `hiding.score` up to `SMALL` of the picture, rising to `hiding.large_score` at `LARGE` of it. If that is the score
    of its track, one strong moment is not enough: the mean own score of the track near in time is at least a share of
    `hiding.score`, rising from none at `SMALL` to all of it at `LARGE`.

    Args:
        found: the detections.
        hiding: what to hide.
        typical: the mean own score of a track near in time, by its number; None: not known.
    """
    chosen = found.select(score=hiding.score, classes=hiding.objects, doubtful=True)
    level = np.float32(255 * hiding.threshold)
    kept = []
    for i in range(len(chosen)):
        large = min(max((share_of(chosen, i, level) - SMALL) / (LARGE - SMALL), 0.0), 1.0)
        needed = np.float32(hiding.score + large * max(hiding.large_score - hiding.score, 0.0))
        own = np.float32(0 if chosen.carried[i] else chosen.found_scores[i])
        track = chosen.track_ids[i]
        if chosen.scores[i] < needed:
            continue
        lifted = large > 0 and track >= 0 and own < needed
        if not (typical and lifted) or typical(track) >= large * hiding.score:
            kept.append(i)
    return chosen if len(kept) == len(chosen) else chosen.take(kept)


def chosen_by_frame(tables: Tables, hiding: Hiding) -> Iterator[list[tuple[str, Detections]]]:
    """Yields what is hidden of each frame's detections, by name of the model; what people added has none.

    Args:
        tables: tracks or detections of each model whose objects are hidden.
        hiding: what is hidden.

    Raises:
        DataError: a file is damaged.
    """
    own = {model_of(path): OwnScores.read(path, table) for path, table in tables}
    rules = {model: hiding.of(model) for model in (*own, "")}
    for row, parts in enumerate(found_by_model(tables)):
        typical = {model: partial(scores.mean, row=row) for model, scores in own.items()}
        yield [(model, to_hide(found, rules[model], typical.get(model))) for model, found in parts]


def hidden_by_frame(
    info: VideoInfo, tables: Tables, hiding: Hiding, wanted: Collection[int] | None = None
) -> Iterator[list[HiddenArea]]:
    """Yields the hidden areas of each frame, the largest first.

    Args:
        info: of the video.
        tables: tracks or detections of each model whose objects are hidden.
        hiding: what is hidden.
        wanted: rows to decide; the others get no areas. None: all.

    Raises:
        DataError: a file is damaged.
    """
    hider = Hider(hiding, info, interlaced=info.written_fields is not None)
    table = tables[0][1]
    prepared = map(hider.prepare_chosen, chosen_by_frame(tables, hiding))
    spans = hider.hold.spans(table, info.scenes(table.number))
    for row, (around, here) in enumerate(sliding(prepared, spans)):
        distances = hider.hold.distances(table, row, row - here, len(around))
        yield hider.areas(around, here, distances) if wanted is None or row in wanted else []


def refuse_gaps(tables: Tables) -> None:
    """Refuses to protect a video when a model has not seen every frame, because missed objects would be visible.

    Raises:
        DataError: a frame was not inferred.
    """
    for path, table in tables:
        unseen = table.number[~table.known]
        if len(unseen):
            raise DataError(
                f"{path}: {len(unseen)} of {len(table)} frames, the first {unseen[0]}, had no inference "
                "and would leak; lower detect.every, without tracks (tracks.enabled: false) to 1"
            )


def _expected(near: Sequence[tuple[int, ToHide]]) -> npt.NDArray[np.float32] | None:
    """The box between the last one of a track before a frame and the first one after it.

    Args:
        near: distance in frames, negative before the frame, and what was found of the track there.
    """
    before = max((one for one in near if one[0] < 0), key=lambda one: one[0], default=None)
    after = min((one for one in near if one[0] > 0), key=lambda one: one[0], default=None)
    if before is None or after is None:
        return None
    share = np.float32(before[0] / (before[0] - after[0]))
    box: npt.NDArray[np.float32] = before[1].box + (after[1].box - before[1].box) * share
    return box


def _causes(reasons: Sequence[_Reason]) -> tuple[Cause, ...]:
    """One cause per object, the one that hides most first."""
    of: dict[tuple[str, str, int], list[_Reason]] = {}
    for one in reasons:
        of.setdefault((one.cause.model, one.cause.name, one.cause.track_id), []).append(one)
    causes = [
        Cause(
            name,
            model,
            track_id,
            max(one.cause.score for one in some),
            max(one.cause.own_score for one in some),
            any(one.cause.found for one in some),
            int(union([one.patch for one in some]).mask.sum()),
        )
        for (model, name, track_id), some in of.items()
    ]
    return tuple(sorted(causes, key=lambda one: (-one.blocks, one.model, one.name, one.track_id)))

"""Follows objects through a video, and fills the frames in which the network missed them, from both sides in time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from objmask.detections.arrays import Detections
from objmask.objects.associate import match, twins
from objmask.objects.history import History
from objmask.objects.motion import Motion
from objmask.objects.region import BoxArray, Region, Soft

SHRUNK = 0.6
"""A mask with less than this share of the pixels that it had before has lost some: they stay hidden for a while."""
CONFIRMED = 3
"""Detections from which a track is extended beyond its ends; one that is seen less may be nothing."""


@dataclass(frozen=True)
class Sight:
    """A frame and its detections.

    Attributes:
        time_s: seconds since the first frame.
        inferred: whether the network saw it.
        found: its detections.
        motion: motion of the picture since the previous frame; None = not known.
        begins: whether another scene begins with it. No mask is carried across, and no object continues.
    """

    time_s: float
    inferred: bool
    found: Detections
    motion: Motion | None
    begins: bool = False


@dataclass
class _Frame:
    """A sight that may still get carried masks."""

    row: int
    sight: Sight
    parts: list[Detections] = field(default_factory=list)


@dataclass(frozen=True)
class _Lost:
    """A larger mask that is carried on since a smaller one was found.

    Attributes:
        row, time_s: of the frame in which it was found.
        here: row of the frame to which it is carried.
        region: where it is there.
    """

    row: int
    time_s: float
    here: int
    region: Region


@dataclass
class _Track:
    """An object that may be found again.

    Attributes:
        number: its id.
        name: class that it was last found as.
        row, time_s: of the frame in which it was last found.
        box, mask: as found there.
        region: where it is in the current frame; None: out of the picture.
        first: row and time of the frame in which it was first found.
        entry: row of the earliest frame that it was carried back to, and where it is there.
        ahead: row of each frame since it was last found, and where it is there.
        count: in how many frames it was found.
        lost: what its mask had each time before it suddenly shrank, as long as that is carried on.
    """

    number: int
    name: str
    row: int
    time_s: float
    box: BoxArray
    mask: Soft
    region: Region | None
    first: tuple[int, float]
    entry: tuple[int, Region]
    ahead: list[tuple[int, Region]] = field(default_factory=list)
    count: int = 1
    lost: list[_Lost] = field(default_factory=list)


class Follower:
    """Gives detections track ids and adds carried masks.

    It holds the frames of about one second in memory, or the frames between two that the network saw.

    Args:
        size: height and width of the grid, pixels.
        gap_s: longest gap, seconds, across which an object counts as the same and its masks are carried.
        extend_s: how long, seconds, masks of an object that was found `CONFIRMED` times go on before and after.

    Attributes:
        histories: the history of each track, by its id.
    """

    def __init__(self, size: tuple[int, int], *, gap_s: float, extend_s: float) -> None:
        self._size, self._gap_s, self._extend_s = size, gap_s, extend_s
        self._frames: deque[_Frame] = deque()
        self._live: list[_Track] = []
        self._looked: float = -1
        self._lost_s = -math.inf
        self.histories: list[History] = []

    def follow(self, sights: Iterable[Sight]) -> Iterator[Detections]:
        """Yields the detections and carried masks of each frame, in order, with a delay of some frames."""
        for row, sight in enumerate(sights):
            if sight.begins:
                yield from self._ended()
            self._frames.append(_Frame(row, sight))
            # What was found a frame ago most likely is again: its mask is moved only if it is not.
            waiting = row - 1 if sight.inferred else None
            self._carry_on(row, sight.motion, [track for track in self._live if track.row != waiting])
            if sight.inferred:
                self._look(row, sight)
            self._carry_lost(row, sight)
            if sight.inferred:
                self._looked = row
                self._lost_s = sight.time_s - self._gap_s
                # What is not found again any more still goes on for a while.
                self._end(sight.time_s - max(self._gap_s, self._extend_s))
            yield from self._finished(sight.time_s - self._gap_s - self._extend_s)
        yield from self._ended()

    def _ended(self) -> Iterator[Detections]:
        """Gives up all tracks, and takes away all frames."""
        self._end(math.inf)
        self._looked = math.inf
        yield from self._finished(math.inf)
        self._looked = -1

    def _carry_on(self, row: int, motion: Motion | None, tracks: Iterable[_Track]) -> None:
        for track in tracks:
            if track.region is not None and motion is not None:
                track.region = track.region.moved(motion.forth, motion.back)
            if track.region is not None:
                track.ahead.append((row, track.region))

    def _look(self, row: int, sight: Sight) -> None:
        found = sight.found
        places = [Region.of(mask, box, self._size) for mask, box in zip(found.masks, found.boxes, strict=True)]
        followed = [track for track in self._live if track.region is not None and track.time_s >= self._lost_s]
        expected = [
            track.region.shifted(sight.motion.forth) if sight.motion and track.row == row - 1 else track.region
            for track in followed
            if track.region is not None
        ]
        pairs = match(expected, [track.name for track in followed], found, places)
        track_of = {j: followed[i] for i, j in pairs}
        for j, track in track_of.items():
            self._found_again(track, row, sight, j, places[j])
        self._carry_on(row, sight.motion, [track for track in self._live if track.row == row - 1])
        best = twins(found, places)
        for j in np.argsort(-found.scores, kind="stable").tolist():
            if j not in track_of:
                track_of[j] = track_of[best[j]] if best[j] in track_of else self._begin(row, sight, j, places[j])
            area = float(np.prod(found.boxes[j, 2:] - found.boxes[j, :2]))
            self.histories[track_of[j].number].add(row, found.classes[j], float(found.scores[j]), area)
        self._frames[-1].parts.append(replace(found, track_ids=tuple(track_of[j].number for j in range(len(found)))))

    def _begin(self, row: int, sight: Sight, j: int, place: Region) -> _Track:
        found = sight.found
        track = _Track(
            number=len(self.histories),
            name=found.classes[j],
            row=row,
            time_s=sight.time_s,
            box=found.boxes[j],
            mask=found.masks[j],
            region=place,
            first=(row, sight.time_s),
            entry=(row, place),
        )
        self.histories.append(History())
        self._live.append(track)
        # Back to the last frame that the network saw: it may have been there in those between.
        self._extend_back(track, lambda sight: not sight.inferred)
        return track

    def _found_again(self, track: _Track, row: int, sight: Sight, j: int, place: Region) -> None:
        found = sight.found
        self._bridge(track, row, found.boxes[j], found.masks[j], place)
        self._note_lost(track, row, sight, place)
        track.name, track.row, track.time_s = found.classes[j], row, sight.time_s
        track.box, track.mask, track.region, track.ahead = found.boxes[j], found.masks[j], place, []
        track.count += 1
        if track.count == CONFIRMED:
            self._extend_back(track, lambda sight: track.first[1] - sight.time_s <= self._extend_s)

    def _note_lost(self, track: _Track, row: int, sight: Sight, place: Region) -> None:
        """Keeps the mask from before when what is found now is much smaller."""
        track.lost = [one for one in track.lost if place.area < SHRUNK * one.region.area]
        if track.region is not None and place.area < SHRUNK * track.region.area:
            region: Region | None = track.region
            if track.row == row - 1 and sight.motion is not None:
                # One that was found a frame ago has not been moved yet.
                region = track.region.moved(sight.motion.forth, sight.motion.back)
            if region is not None:
                track.lost.append(_Lost(track.row, track.time_s, row, region))

    def _carry_lost(self, row: int, sight: Sight) -> None:
        """Adds what masks have lost to a frame."""
        for track in self._live:
            carried = []
            for lost in track.lost:
                region: Region | None = lost.region
                if lost.here < row and sight.motion is not None:
                    region = lost.region.moved(sight.motion.forth, sight.motion.back)
                if region is not None and sight.time_s - lost.time_s <= self._gap_s:
                    carried.append(replace(lost, here=row, region=region))
                    self._add_region(row, track, region, row - lost.row)
            track.lost = carried

    def _bridge(self, track: _Track, row: int, box: BoxArray, mask: Soft, place: Region) -> None:
        """Carries the last mask on and the new one back, to each frame between."""
        if row > track.row + 1 and self._frames[-1].sight.motion is None:
            for between in range(track.row + 1, row):
                way = track.box + (box - track.box) * np.float32((between - track.row) / (row - track.row))
                self._add(between, track, way, track.mask, between - track.row, "tracked")
                self._add(between, track, way, mask, between - row, "tracked")
            return
        for between, region in track.ahead:
            if between < row:
                self._add_region(between, track, region, between - track.row)
        self._carry_back(track, row, (row, place), lambda frame: frame.row > track.row)

    def _extend_back(self, track: _Track, wanted: Callable[[Sight], bool]) -> None:
        track.entry = self._carry_back(track, track.first[0], track.entry, lambda frame: wanted(frame.sight))

    def _carry_back(
        self, track: _Track, source: int, start: tuple[int, Region], wanted: Callable[[_Frame], bool]
    ) -> tuple[int, Region]:
        """Adds the mask of frame `source`, carried to `start` already, to the frames before while they are wanted."""
        row, region = start
        while row > self._frames[0].row and wanted(self._frame(row - 1)):
            motion = self._frame(row).sight.motion
            moved = region if motion is None else region.moved(motion.back, motion.forth)
            if moved is None:
                break
            row, region = row - 1, moved
            self._add_region(row, track, region, row - source)
        return row, region

    def _end(self, before_s: float) -> None:
        """Gives up tracks that were last found before a time, or have left the picture."""
        ended = [track for track in self._live if track.region is None or track.time_s < before_s]
        for track in ended:
            unseen = True
            for row, region in track.ahead:
                sight = self._frame(row).sight
                unseen = unseen and not sight.inferred
                if unseen or (track.count >= CONFIRMED and sight.time_s - track.time_s <= self._extend_s):
                    self._add_region(row, track, region, row - track.row)
        self._live = [track for track in self._live if track not in ended]

    def _frame(self, row: int) -> _Frame:
        return self._frames[row - self._frames[0].row]

    def _add_region(self, row: int, track: _Track, region: Region, carried: int) -> None:
        box, mask = region.as_mask(self._size)
        source = "tracked" if self._frame(row).sight.motion is None else "flow"
        self._add(row, track, box, mask, carried, source, region.drift_px / self._size[0])

    def _add(
        self, row: int, track: _Track, box: BoxArray, mask: Soft, carried: int, source: str, drift: float = 0.0
    ) -> None:
        """Adds a carried mask to a frame; its score is decided when the whole track is known."""
        one = Detections(
            np.zeros(1, np.float32),
            (track.name,),
            box[None],
            (mask,),
            *((source,), (track.number,), (track.name,), (carried,), (drift,)),
        )
        self._frame(row).parts.append(one)

    def _finished(self, before_s: float) -> Iterator[Detections]:
        """Takes away the frames before a time to which nothing can be added any more."""
        # What the next look finds first is carried back to the last look, and what it confirms to before its first one.
        known = min([self._looked, *(track.row for track in self._live)])
        unsure = [track for track in self._live if track.count < CONFIRMED and track.time_s >= self._lost_s]
        starts_s = [track.first[1] - self._extend_s for track in unsure]
        before_s = min([before_s, *starts_s])
        while self._frames and self._frames[0].row <= known and self._frames[0].sight.time_s < before_s:
            yield Detections.concatenate(self._frames.popleft().parts)

"""Figures over time that empty masks cannot better: leaks, flicker, consistency, identities, each beside its recall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from objmask.config.hiding import Hiding
from objmask.detections.classes import Palette
from objmask.detections.runs import decode
from objmask.evaluation.ground_truth_objects import GroundTruthObjects
from objmask.evaluation.hiding import pixels_of
from objmask.evaluation.identity import Identities
from objmask.evaluation.leaks import Leaks
from objmask.evaluation.steadiness import Consistency, Flicker, Presence
from objmask.hidden.decide import hidden_by_frame
from objmask.objects.motion import Field, grid_size
from objmask.objects.tables import Tables
from objmask.painted.decide import PaintRules, painted_by_frame
from objmask.painted.objects import labels_of
from objmask.video.info import VideoInfo

_NAN = float("nan")


@dataclass(frozen=True)
class TemporalSettings:
    """By what to judge.

    Attributes:
        hiding: what is hidden.
        palette: the groups that are painted.
        score: detections scoring less are not painted, 0..1.
        threshold: mask probability above which a pixel is painted, 0..1.
        tracks: whether painted objects have track ids.
    """

    hiding: Hiding
    palette: Palette
    score: float
    threshold: float
    tracks: bool


class Temporal:
    """Judges videos, one after the other, by the frames whose truth is known; holds a few frames at a time.

    Other frames are not rendered, and nothing that takes frames on end reaches over them.
    """

    def __init__(self, settings: TemporalSettings) -> None:
        self._settings = settings
        self.leaks = Leaks(settings.hiding.objects)
        self.flicker = Flicker(settings.palette.index_of)
        self.presence = Presence()
        self.identities = Identities()
        self.frames = self.following = 0
        """Frames that are judged, and those of them right after another one."""
        self._followed = 0
        """Those of the latter whose truth says which object is which."""
        self._consistent = 0.0, 0

    def add(
        self,
        info: VideoInfo,
        tables: Tables,
        ground_truth: Iterable[GroundTruthObjects | None],
        backs: Iterable[Field | None],
        painted: Tables | None = None,
        *,
        told: bool = True,
    ) -> list[int]:
        """Judges a video; returns the numbers of the frames in which something leaks.

        Args:
            info: of the video.
            tables: what was found in it, by network or tracks.
            ground_truth: what truly is on each frame of the tables; None: not known.
            backs: motion from each frame's pixels to those of the frame before; None: not known.
            painted: what is painted, of the same frames; None: what is hidden.
            told: whether all objects of all ground_truth have a number.

        Raises:
            DataError: a file is damaged.
            ValueError: there are other frames in one of these than in another.
        """
        table = tables[0][1]
        seconds = (table.duration_pts * float(table.time_base)).tolist()
        consistency = Consistency(grid_size(info))
        leaking = []
        known = True
        wanted: set[int] = set()
        rules = PaintRules(self._settings.palette, self._settings.score, self._settings.threshold)
        size = info.height, info.width
        streams = zip(table.number.tolist(), seconds, _noting(ground_truth, wanted), backs, strict=True)
        decided = zip(
            # First, so that it is known whether a frame is wanted before it is decided.
            streams,
            hidden_by_frame(info, tables, self._settings.hiding, wanted),
            painted_by_frame(painted or tables, rules, *size, wanted),
            strict=True,
        )
        for row, ((number, duration_s, shown_objects, back), areas, objects) in enumerate(decided):
            on_end, known = known, shown_objects is not None
            if shown_objects is None:
                for part in (self.leaks, self.flicker, self.presence, consistency):
                    part.end_video()
                continue
            follows = on_end and row > 0
            self.frames += 1
            self.following += follows
            self._followed += follows and told
            if self.leaks.add(shown_objects, pixels_of([area.patch for area in areas], info), duration_s):
                leaking.append(number)
            labels = labels_of(objects, self._settings.palette, *size)
            tracks = [
                (one.track_id, decode(one.visible, *size)) for one in objects if one.visible and one.track_id >= 0
            ]
            consistency.add(labels, back)
            # Right after an unknown frame nothing is seen to come or go, so its time must not make that rarer.
            steady_s = duration_s if on_end else 0.0
            self.presence.add(labels, steady_s)
            self.flicker.add(shown_objects, labels, steady_s)
            if told and self._settings.tracks:
                self.identities.add(
                    [one for one in shown_objects if one.name in self._settings.palette.index_of], tracks
                )
        for ended in (self.leaks, self.flicker, self.presence, self.identities):
            ended.end_video()
        self._consistent = self._consistent[0] + consistency.sum, self._consistent[1] + consistency.count
        return leaking

    def join(self, other: Temporal) -> None:
        """Counts what was counted of other videos as well; consistency stays this one's."""
        self.leaks.join(other.leaks)
        self.flicker.join(other.flicker)
        self.presence.join(other.presence)
        self.identities.join(other.identities)
        self.frames += other.frames
        self.following += other.following
        self._followed += other._followed

    def figures(self) -> dict[str, float]:
        """All figures by name; nan where there was nothing to judge by."""
        leaks, flicker, followed = self.leaks, self.flicker, self._followed
        identity = self.identities.figures()
        return {
            "frames": self.frames,
            "following_frames": self.following,
            "sensitive_frames": leaks.frames,
            "leaked_frames": leaks.leaked,
            "leaked_per_1000": _share(1000 * leaks.leaked, leaks.frames),
            "longest_leak_frames": leaks.longest if followed else _NAN,
            "longest_leak_s": leaks.longest_s if followed else _NAN,
            "hidden_share": _share(leaks.sensitive_hidden, leaks.sensitive),
            "over_blur": _share(leaks.other_hidden, leaks.other),
            "painted_share": _share(flicker.painted, flicker.sights),
            "paint_in_place": _share(flicker.right_px, flicker.painted_px),
            "flicker_per_object_minute": flicker.per_object_minute if followed else _NAN,
            "group_flicker_per_minute": self.presence.per_group_minute if self.following else _NAN,
            "consistency": _share(*self._consistent),
            "idf1": identity.idf1,
            "id_switches": identity.switches if followed and self._settings.tracks else _NAN,
        }


def _noting(ground_truth: Iterable[GroundTruthObjects | None], wanted: set[int]) -> Iterator[GroundTruthObjects | None]:
    """Passes the truth on, frame by frame, and adds the rows of which it is known. All of it would not fit memory."""
    for row, one in enumerate(ground_truth):
        if one is not None:
            wanted.add(row)
        yield one


def _share(part: float, whole: float) -> float:
    return part / whole if whole else _NAN

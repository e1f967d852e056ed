"""Figures over time that empty masks cannot better: leaks, flicker, consistency, identities, each beside its recall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from objmask.classes import Palette
from objmask.evaluation.actors import Cast
from objmask.evaluation.hiding import pixels_of
from objmask.evaluation.identity import Identities
from objmask.evaluation.leaks import Leaks
from objmask.evaluation.steadiness import Consistency, Flicker, Presence
from objmask.masks import Patch, visible
from objmask.render.privacy import Privacy, PrivacySettings
from objmask.sliding import sliding
from objmask.tables import Tables, found_by_frame, objects_by_frame
from objmask.tracks.motion import Field, grid_size
from objmask.video.info import VideoInfo


@dataclass(frozen=True)
class TemporalSettings:
    """By what to judge.

    Attributes:
        privacy: what is hidden and how.
        palette: the groups that are painted.
        score: detections scoring less are not painted, 0..1.
        threshold: mask probability above which a pixel is painted, 0..1.
        tracks: whether painted objects have track ids.
    """

    privacy: PrivacySettings
    palette: Palette
    score: float
    threshold: float
    tracks: bool


class Temporal:
    """Judges videos, one after the other; holds a few frames at a time."""

    def __init__(self, settings: TemporalSettings) -> None:
        self._settings = settings
        self.leaks = Leaks(settings.privacy.classes)
        self.flicker = Flicker(settings.palette.index_of)
        self.presence = Presence()
        self.identities = Identities()
        self._consistent = 0.0, 0

    def add(
        self, info: VideoInfo, tables: Tables, casts: Iterable[Cast | None], backs: Iterable[Field | None]
    ) -> list[int]:
        """Judges a video; returns the numbers of the frames in which something leaks.

        Args:
            info: of the video.
            tables: what was found in it, by network or tracks.
            casts: what truly is on each frame of the tables; None: not known.
            backs: motion from each frame's pixels to those of the frame before; None: not known.

        Raises:
            DataError: a file is damaged.
            ValueError: there are other frames in one of these than in another.
        """
        table = tables[0][1]
        seconds = (table.duration_pts * float(table.time_base)).tolist()
        consistency = Consistency(grid_size(info))
        leaking = []
        streams = zip(table.number.tolist(), seconds, casts, backs, strict=True)
        pictures = zip(streams, self._hidden(info, tables), self._painted(info, tables), strict=True)
        for (number, duration_s, cast, back), hidden, (labels, tracks) in pictures:
            self.presence.add(labels, duration_s)
            consistency.add(labels, back)
            if cast is None:
                self.leaks.end_video()
                self.flicker.end_video()
                continue
            if self.leaks.add(cast, hidden, duration_s):
                leaking.append(number)
            self.flicker.add(cast, labels, duration_s)
            if self._settings.tracks:
                self.identities.add([one for one in cast if one.name in self._settings.palette.index_of], tracks)
        for part in (self.leaks, self.flicker, self.presence, self.identities):
            part.end_video()
        self._consistent = self._consistent[0] + consistency.sum, self._consistent[1] + consistency.count
        return leaking

    def figures(self) -> dict[str, float]:
        """All figures by name; nan where there was nothing to judge."""
        leaks, flicker = self.leaks, self.flicker
        identity = self.identities.figures()
        return {
            "sensitive_frames": leaks.frames,
            "leaked_per_1000": _share(1000 * leaks.leaked, leaks.frames),
            "longest_leak_frames": leaks.longest,
            "longest_leak_s": leaks.longest_s,
            "hidden_share": _share(leaks.sensitive_hidden, leaks.sensitive),
            "over_blur": _share(leaks.other_hidden, leaks.other),
            "painted_share": _share(flicker.painted, flicker.sights),
            "paint_in_place": _share(flicker.right_px, flicker.painted_px),
            "flicker_per_object_minute": flicker.per_object_minute,
            "group_flicker_per_minute": self.presence.per_group_minute,
            "consistency": _share(*self._consistent),
            "idf1": identity.idf1,
            "id_switches": identity.switches if self._settings.tracks else float("nan"),
        }

    def _hidden(self, info: VideoInfo, tables: Tables) -> Iterator[npt.NDArray[np.bool_]]:
        """(height, width), the pixels of each frame that `protect` hides."""
        privacy = Privacy(self._settings.privacy, info)
        for around, here in sliding(map(privacy.prepare, found_by_frame(tables)), privacy.hold):
            yield pixels_of(privacy.areas(around, here), info)

    def _painted(
        self, info: VideoInfo, tables: Tables
    ) -> Iterator[tuple[npt.NDArray[np.uint8], list[tuple[int, Patch]]]]:
        """The painted map of each frame, (height, width), and track id and visible pixels of each painted object."""
        settings = self._settings
        for found in objects_by_frame(tables):
            chosen = found.select(score=settings.score)
            labels, seen = visible(chosen, settings.palette, info.height, info.width, settings.threshold)
            yield labels, [(chosen.track_ids[i], patch) for i, patch in seen]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")

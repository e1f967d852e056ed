"""Is the turn that an audit advises the right one? Real clips as they are, and on their sides and heads.

Of each clip 16 frames are tried at all turns. A case is a clip, how it was stored (upright or turned), and what is to
be hidden (all sensitive objects, or one class). As `turns` does, a case is looked at where half of the frames or more
have nothing to hide as they are; these frames then say which turn is right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from benchmarks import measure
from objmask.audit.turns import SURE, Turn, Turns
from objmask.config.hiding import Hiding
from objmask.detections.arrays import Detections
from objmask.files.documents import Degrees
from objmask.hidden.decide import to_hide
from objmask.hidden.unhidden import MUCH
from objmask.inference.frame_store import network_size, scaled
from objmask.models.detector import Detector
from objmask.models.load import load
from objmask.video import probe, read_frames

FRAMES = 16
SCORES = (0.1, 0.3, 0.4, 0.5, 0.6, 0.7)
"""From which a find counts for a turn; `objmask.audit.turns.SURE` is one of them."""
ODD = ("gopro_max-heromode.mp4", "phpffmpeg_portrait.MOV", "torchcodec_nasa_13013.mp4")
TURNS: tuple[Degrees, ...] = get_args(Degrees)
Seen = Mapping[int, Detections]
"""What would be hidden of a frame that is turned by so many degrees from upright."""


def seen_in(detector: Detector, video: Path, hiding: Hiding) -> list[Seen]:
    """Of some frames of an upright video."""
    info = probe(video)
    numbers = {(2 * i + 1) * info.frames // (2 * FRAMES) for i in range(FRAMES)}
    seen: list[Seen] = []
    for frame in read_frames(video, info):
        if frame.number in numbers:
            of_frame: dict[int, Detections] = {}
            for degrees in TURNS:
                turned = info.turned(degrees)
                size = network_size(turned, [detector.info])
                [found] = detector.detect([scaled(replace(frame, info=turned).rgb(size), size)])
                of_frame[degrees] = to_hide(found, hiding)
            seen.append(of_frame)
    return seen


def judged(frames: Sequence[Seen], stored: int, objects: Collection[str], score: float) -> Turns | None:
    """What `turns` would write of a clip that was stored turned; None: something is hidden in most frames."""

    def finds(seen: Seen, degrees: int, least: float) -> Detections:
        return seen[(stored + degrees) % 360].select(score=least, classes=frozenset(objects))

    bare = [seen for seen in frames if not len(finds(seen, 0, 0))]
    if len(bare) < MUCH * len(frames):
        return None
    turns = []
    for degrees in TURNS:
        sure = sum(bool(len(finds(seen, degrees, score))) for seen in bare)
        turns.append(Turn(degrees, sum(bool(len(finds(seen, degrees, 0))) for seen in bare), sure, {}))
    return Turns(len(bare), 0, tuple(turns))


def verdicts(
    clips: Mapping[str, Sequence[Seen]], sensitive: frozenset[str], score: float
) -> Iterator[tuple[str, str, str]]:
    """(how the clip is stored, verdict, the case) of each case."""
    for name, frames in clips.items():
        for objects in (sensitive, *({one} for one in sorted(sensitive))):
            for stored in TURNS:
                tried = judged(frames, stored, objects, score)
                if tried is None:
                    continue
                right, said = (360 - stored) % 360, tried.right.degrees if tried.right else 0
                verdict = "right" if said == right else "wrong" if said else "none"
                what = "all" if objects == sensitive else next(iter(objects))
                yield "turned" if stored else "upright", verdict, f"{name} stored at {stored}, {what}: {said}"


def main() -> None:
    detector = load(measure.model(measure.NHWC), floor=Hiding().score)
    hiding = Hiding(objects=frozenset(measure.sensitive()) & {*detector.info.classes})
    videos = [*measure.office_videos(), *(measure.assets() / "videos/odd" / name for name in ODD)]
    clips = {video.stem: seen_in(detector, video, hiding) for video in videos}
    detector.close()
    rows: list[list[object]] = []
    wrong: list[str] = []
    for score in SCORES:
        found = list(verdicts(clips, hiding.objects, score))
        count = Counter((stored, verdict) for stored, verdict, _ in found)
        rows.append(
            [
                score,
                *(count["upright", one] for one in ("right", "wrong")),
                *(count["turned", one] for one in ("right", "wrong", "none")),
            ]
        )
        wrong += [case for _, verdict, case in found if verdict == "wrong" and score == SURE]
    columns = [
        "score that counts",
        "upright: let be",
        "upright: turned",
        "turned: right turn",
        "turned: wrong turn",
        "turned: let be",
    ]
    print("Cases in which half of the frames or more have nothing to hide as they are:\n")
    measure.table(columns, rows)
    print(f"\nWrong turns from {SURE} on: {'; '.join(wrong) or 'none'}.")


if __name__ == "__main__":
    main()

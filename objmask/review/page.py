"""The review as a page: pictures, and corrections to copy. One file that runs no script and loads nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from objmask.detections.boxes import Box
from objmask.errors import DataError
from objmask.files.whole import atomic_path
from objmask.inputs.index import read_paths
from objmask.render.thumbnails import SIDE_PX, photograph, shown_size, stills
from objmask.report.page import PAGE as REPORT
from objmask.report.page import policy
from objmask.review.moment import Suggestion
from objmask.review.results import Tracked
from objmask.video.reader import read_frames

PAGE = Path(__file__).parent / "page"
WORDS = {
    "leak": "seen in protected video",
    "seen": "perhaps seen in protected video",
    "weak": "perhaps not hidden",
    "gap": "hidden by guess",
    "begins": "begins amid the picture",
    "ends": "ends amid the picture",
    "single": "in one frame only",
    "class": "class in doubt",
}
_FRAME, _EDGE = (255, 255, 0), (0, 0, 0)
Picture = npt.NDArray[np.uint8]


def write_page(
    moments: Sequence[Suggestion], limit: int, videos: Sequence[Tracked], results: Path, out: Path, *, raw: bool
) -> None:
    """Writes the page.

    Args:
        moments: the worst first.
        limit: so many of them are shown.
        videos: theirs.
        results: the folder of results, whose protected video is shown, let through or not, else its masks.
        out: file to write.
        raw: show the videos themselves.

    Raises:
        DataError: a file of the results is damaged, or a video is not where it was.
        VideoError: a video cannot be read.
        OSError: the page cannot be written.
    """
    shown = moments[:limit]
    pictures: dict[tuple[str, int], tuple[str, str]] = {}
    for video in videos:
        mine = [moment for moment in shown if moment.video == video.name]
        if mine:
            pictures |= {(video.name, k): picture for k, picture in _pictures(video, mine, results, raw=raw)}
    counts: Counter[str] = Counter()
    cards = []
    for moment in shown:
        kind, picture = pictures.get((moment.video, counts[moment.video]), ("", ""))
        counts[moment.video] += 1
        cards.append({"moment": moment, "word": WORDS.get(moment.kind, moment.kind), "of": kind, "picture": picture})
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(PAGE), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    context: Mapping[str, Any] = {
        "style": Markup(  # noqa: S704 - our own
            "\n".join(file.read_text(encoding="utf-8") for file in (REPORT / "report.css", PAGE / "review.css"))
        ),
        "policy": policy([]),
        "cards": cards,
        "all": len(moments),
        "videos": len(videos),
        "raw": raw,
    }
    with atomic_path(out) as temporary:
        environment.get_template("review.html.j2").stream(context).dump(str(temporary), encoding="utf-8")


def _pictures(
    video: Tracked, moments: Sequence[Suggestion], results: Path, *, raw: bool
) -> Iterator[tuple[int, tuple[str, str]]]:
    """(index in `moments`, (what it shows, WebP in base64)), where there is a picture."""
    order = sorted(range(len(moments)), key=lambda k: moments[k].frame)
    size = shown_size(video.info)
    for kind, pictures in _source(video, [moments[k].frame for k in order], results, raw=raw):
        for k, picture in zip(order, pictures, strict=True):
            yield k, (kind, photograph(_marked(picture, moments[k].box), size))


def _source(
    video: Tracked, frames: Sequence[int], results: Path, *, raw: bool
) -> Iterator[tuple[str, Iterator[Picture]]]:
    """What pictures show, and the pictures of some frames; nothing when there is no video."""
    if raw:
        # Paths are those of the folder in which the workflow ran.
        path = results.absolute().parent / read_paths(results / "index.json").get(video.info.sha256, "")
        if not path.is_file():
            raise DataError(f"{video.name}: is not where it was when the workflow ran; run it again")
        yield "the video itself", (_frame(path, video, frame) for frame in frames)
        return
    # What an audit keeps back is in quarantine, and where it was before: there it always is.
    for kind, words in (("protected", "protected video"), ("unaudited", "protected video"), ("masks", "masks")):
        path = results / kind / f"{video.name}.mp4"
        if path.is_file():
            yield words, stills(path, [video.seconds(frame) for frame in frames])
            return


def _frame(path: Path, video: Tracked, number: int) -> Picture:
    for frame in read_frames(path, video.info, start=number, stop=number + 1, on_truncated="keep"):
        return frame.rgb()
    raise DataError(f"{path}: has no frame {number}; run the workflow again")


def _marked(picture: Picture, box: Box) -> Picture:
    """A picture with a box drawn around what is meant, thick enough to be seen when the picture is small."""
    height, width = picture.shape[:2]
    line = max(1, round(max(height, width) / SIDE_PX))
    ymin, xmin, ymax, xmax = (round(share * (side - 1)) for share, side in zip(box, (height, width) * 2, strict=True))
    marked = np.ascontiguousarray(picture).copy()
    for colour, thickness in ((_EDGE, 4 * line), (_FRAME, 2 * line)):
        cv2.rectangle(marked, (xmin, ymin), (xmax, ymax), colour, thickness)
    return marked

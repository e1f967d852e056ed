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

from collections.abc import Sequence
from fractions import Fraction

import av
import av.filter
import cv2
import numpy as np
import numpy.typing as npt
import yaml

from benchmarks import measure
from benchmarks.models import best_ious
from objmask.detections.arrays import Detections
from objmask.detections.masks import paste
from objmask.inference.frame_store import scaled
from objmask.models.load import load
from objmask.video import probe, read_frames
from objmask.video.fields import merged

FRAMES, EVERY, FOUND, FOUND_AGAIN, SAME, THRESHOLD = 240, 4, 0.3, 0.1, 0.5, 0.5
Picture = npt.NDArray[np.uint8]


def woven(first: Picture, second: Picture) -> Picture:
    """One picture of two fields, the first one's on top."""
    picture = first.copy()
    picture[1::2] = second[1::2]
    return picture


def first_field(picture: Picture) -> Picture:
    """Lines of the second field are means of those around them."""
    out, top = picture.copy(), picture[::2].astype(np.uint16)
    below = np.concatenate([top[1:], top[-1:]])
    lines = len(picture[1::2])
    out[1::2] = (top[:lines] + below[:lines]) // 2
    return out


def bwdif(pictures: Sequence[Picture]) -> list[Picture]:
    """FFmpeg's filter, which looks at the frames before and after: not the same for a chunk as for the whole."""
    graph, (height, width) = av.filter.Graph(), pictures[0].shape[:2]
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, 25))
    steps = (("format", "yuv444p"), ("setfield", "mode=tff"), ("bwdif", "mode=send_frame"), ("format", "rgb24"))
    graph.link_nodes(source, *(graph.add(*step) for step in steps), graph.add("buffersink")).configure()
    out: list[Picture] = []
    for i, picture in enumerate([*pictures, None]):
        frame = None if picture is None else av.VideoFrame.from_ndarray(picture, "rgb24")
        if frame is not None:
            frame.pts, frame.time_base = i, Fraction(1, 25)
        graph.push(frame)
        while True:
            try:
                out.append(graph.pull().to_ndarray())  # type: ignore[arg-type]
            except (av.BlockingIOError, av.EOFError):
                break
    return out


def covered(objects: Detections, found: Detections, shape: tuple[int, ...]) -> list[float]:
    """Share of each object's pixels that lie in the masks of `found`, grown by a pixel as `protect` does at least."""
    height, width = shape[:2]
    hidden = np.zeros((height, width), np.uint8)
    for mask, box in zip(found.masks, found.boxes, strict=True):
        patch = paste(mask, box, height, width, THRESHOLD)
        hidden[patch.rows, patch.columns] |= patch.mask
    hidden = cv2.dilate(hidden, np.ones((3, 3), np.uint8)).astype(np.uint8)
    pairs = zip(objects.masks, objects.boxes, strict=True)
    patches = [paste(mask, box, height, width, THRESHOLD) for mask, box in pairs]
    return [float(hidden[one.rows, one.columns][one.mask].mean()) for one in patches if one.mask.any()]


def main() -> None:
    """Prints a table."""
    sensitive = set(yaml.safe_load((measure.ROOT / "config.yaml").read_text(encoding="utf-8"))["sensitive_objects"])
    detector = load(measure.model(measure.NHWC), floor=FOUND_AGAIN)
    ways = ("as it is (combed)", "first field, lines between", "bwdif", "both fields merged (objmask)")
    scores: dict[str, tuple[list[bool], list[bool], list[float]]] = {way: ([], [], []) for way in ways}
    for video in measure.office_videos():
        frames = [frame.rgb() for frame in read_frames(video, probe(video), stop=FRAMES)]
        if len(frames[0]) >= 720:
            frames = [scaled(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2)) for rgb in frames]
        fields = list(zip(frames[::2], frames[1::2], strict=False))
        pictures = [woven(*pair) for pair in fields]
        filtered = bwdif(pictures)
        for k in range(0, len(pictures), EVERY):
            first, second = (d.select(score=FOUND, classes=sensitive) for d in detector.detect(list(fields[k])))
            seen = (pictures[k], first_field(pictures[k]), filtered[k], merged(pictures[k]))
            for score, found in zip(scores.values(), (detector.detect([rgb])[0] for rgb in seen), strict=True):
                score[0].extend(iou >= SAME for iou in best_ious(first, found))
                score[1].extend(iou >= SAME for iou in best_ious(second, found))
                shown = found.select(score=FOUND, classes=sensitive)
                score[2].extend(covered(second, shown, pictures[k].shape))
    detector.close()
    print(f"Every {EVERY}th picture of the first {FRAMES} frames of each clip.\n")
    head = ["fields", "objects", "found, of the first field", "of the second", "pixels of the second covered"]
    rows = [[way, len(one[0]), *(float(np.mean(values)) for values in one)] for way, one in scores.items()]
    measure.table(head, rows)


if __name__ == "__main__":
    main()

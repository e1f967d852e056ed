"""Does a network find in a video of high dynamic range what it finds in the same video of standard range?

    python -m benchmarks.hdr [ASSETS]

Every 20th frame of the office clips is turned into PQ and HLG with diffuse white at 203 cd/m2 (ITU-R BT.2408): the
light of a BT.1886 display, brought to BT.2020's primaries, then the inverse EOTF of ITU-R BT.2100, in float64 by the
formulas as they stand there, and encoded as 10-bit HEVC. What the 640-pixel network finds of sensitive objects at a
score of 0.3 or more in the frame as it was is looked for in the frame as objmask reads it back: same class, IoU of the
boxes 0.5 or more, score 0.1 or more. Beside it, the file's numbers taken for BT.709's, as if it were of standard range.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import yaml

from benchmarks import measure
from benchmarks.models import best_ious
from objmask.models.detector import Detector
from objmask.models.load import load
from objmask.video import Frame, probe, read_frames

EVERY, FOUND, FOUND_AGAIN, SAME = 20, 0.3, 0.1, 0.5
AIM = {"PQ": 0.97, "HLG": 0.99}
WHITE_NITS, PEAK_NITS = 203.0, 1000.0
TRANSFERS = {"PQ": 16, "HLG": 18}
Float = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""ITU-R BT.2087, from BT.709."""


def to_pq(light: Float) -> Float:
    """Signal of light in cd/m2."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (light / 10000) ** m1
    signal: Float = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
    return signal


def to_hlg(light: Float) -> Float:
    """Signal of light in cd/m2 of a display of 1,000 cd/m2."""
    shown = light / PEAK_NITS
    luminance = shown @ np.array([0.2627, 0.6780, 0.0593])
    scene = shown * np.maximum(luminance, 1e-12)[..., None] ** (1 / 1.2 - 1)
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-12)) + c)


def planes(rgb: Picture, kind: str) -> list[npt.NDArray[np.uint16]]:
    """10-bit 4:2:0 planes of narrow range by BT.2020's matrix; sides are even."""
    light = WHITE_NITS * (rgb[: rgb.shape[0] // 2 * 2, : rgb.shape[1] // 2 * 2] / 255.0) ** 2.4 @ TO_BT2020.T
    red, green, blue = np.moveaxis(to_pq(light) if kind == "PQ" else to_hlg(light), -1, 0)
    y = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    chroma = [(blue - y) / 1.8814, (red - y) / 1.4746]
    halved = [c.reshape(c.shape[0] // 2, 2, c.shape[1] // 2, 2).mean((1, 3)) for c in chroma]
    return [np.rint(64 + 876 * y).astype(np.uint16), *(np.rint(512 + 896 * c).astype(np.uint16) for c in halved)]


def write(path: Path, pictures: list[Picture], kind: str) -> None:
    """A video of the pictures, one a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(
            "libx265", 1, options={"crf": "18", "preset": "fast", "x265-params": "log-level=error:bframes=0"}
        )
        stream.width, stream.height = pictures[0].shape[1] // 2 * 2, pictures[0].shape[0] // 2 * 2
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.color_range, context.colorspace, context.color_primaries = 1, 9, 9
        context.color_trc = TRANSFERS[kind]
        for i, rgb in enumerate(pictures):
            frame = av.VideoFrame(stream.width, stream.height, "yuv420p10le")
            for plane, samples in zip(frame.planes, planes(rgb, kind), strict=True):
                rows = np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)
                rows[:, : samples.shape[1]] = samples
            frame.pts, frame.time_base = i, Fraction(1)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def untouched(frame: Frame) -> Picture:
    """The numbers of the file as if they were BT.709's."""
    rgb = frame.picture.reformat(format="rgb24", src_colorspace=9, src_color_range=1, dst_color_range=2)
    return rgb.to_ndarray()  # type: ignore[return-value]


def found_again(detector: Detector, video: Path, folder: Path, sensitive: set[str]) -> Iterator[tuple[str, list[bool]]]:
    """For each way to look at a clip, whether each of its objects is found again."""
    originals = [frame.rgb() for frame in read_frames(video, probe(video)) if frame.number % EVERY == 0]
    wanted = [detector.detect([rgb])[0].select(score=FOUND, classes=sensitive) for rgb in originals]
    for kind in TRANSFERS:
        path = folder / f"{video.stem}_{kind}.mp4"
        write(path, originals, kind)
        for frame, objects in zip(read_frames(path, probe(path)), wanted, strict=True):
            for way, rgb in ((kind, frame.rgb()), (f"{kind}, taken for BT.709", untouched(frame))):
                found = detector.detect([rgb])[0].select(score=FOUND_AGAIN)
                yield way, [iou >= SAME for iou in best_ious(objects, found)]


def milliseconds(kind: str, folder: Path) -> list[object]:
    """Time to make RGB of a 1080p frame of this transfer: whole, for a network of 640 pixels, of standard range."""
    times: dict[str, list[float]] = {kind: [], "small": [], "SDR": []}
    rgb = np.kron(np.random.default_rng(0).integers(0, 256, (68, 120, 3), np.uint8), np.ones((16, 16, 1), np.uint8))
    write(folder / "large.mp4", [rgb], kind)
    frame = next(read_frames(folder / "large.mp4", probe(folder / "large.mp4")))
    plain = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p")
    ways: tuple[Callable[[], object], ...] = (
        frame.rgb,
        lambda: frame.rgb((640, 360)),
        lambda: plain.reformat(format="rgb24").to_ndarray(),
    )
    for _ in range(15):
        for name, work in zip(times, ways, strict=True):
            start = time.perf_counter()
            work()
            times[name].append(1000 * (time.perf_counter() - start))
    return [kind, *(statistics.median(taken) for taken in times.values())]


def main() -> None:
    sensitive = set(yaml.safe_load((measure.ROOT / "config.yaml").read_text(encoding="utf-8"))["sensitive_objects"])
    aims = ", ".join(f"{kind} {aim}" for kind, aim in AIM.items())
    print(f"Every {EVERY}th frame. Share of objects found again (aims: {aims}):\n")
    rows: list[list[object]] = []
    total: dict[str, list[bool]] = {}
    detector = load(measure.model(measure.NHWC), floor=FOUND_AGAIN)
    with tempfile.TemporaryDirectory() as name:
        for video in measure.office_videos():
            clip: dict[str, list[bool]] = {}
            for way, again in found_again(detector, video, Path(name), sensitive):
                clip.setdefault(way, []).extend(again)
                total.setdefault(way, []).extend(again)
            rows.append([video.stem, len(clip["PQ"]), *map(np.mean, clip.values())])
            print(rows[-1], file=sys.stderr, flush=True)
        detector.close()
        rows.append(["all", len(total["PQ"]), *map(np.mean, total.values())])
        measure.table(["clip", "objects", *total], rows)
        print("\nRGB of a frame of 1920x1088, ms (median of 15):\n")
        times = [milliseconds(kind, Path(name)) for kind in TRANSFERS]
        measure.table(["transfer", "ms", "ms, for 640 pixels", "ms, 8-bit standard range"], times)


if __name__ == "__main__":
    main()

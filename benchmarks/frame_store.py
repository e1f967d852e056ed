"""Which file should hold the frames that wait for inference? Bytes a frame, write and read speed of the candidates.

    python -m benchmarks.frame_store [ASSETS]

Frames are scaled down to fit 640 x 640, as for a 640-pixel network. objmask uses `utvideo gbrp .nut`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks import measure

LIMIT, ROUNDS = 200, 3
CODECS = {
    "ffv1 bgr0 .nut": ("ffv1", "bgr0", {"slices": "4"}),
    "ffv1 yuv420p .nut": ("ffv1", "yuv420p", {"slices": "4"}),
    "ffvhuff rgb24 .nut": ("ffvhuff", "rgb24", {}),
    "utvideo gbrp .nut": ("utvideo", "gbrp", {}),
    "h264 rgb lossless .nut": ("libx264rgb", "rgb24", {"qp": "0", "preset": "ultrafast", "g": "1", "keyint_min": "1"}),
    "h264 yuv lossless .nut": ("libx264", "yuv420p", {"qp": "0", "preset": "ultrafast", "g": "1"}),
    "mjpeg q2 .nut": ("mjpeg", "yuvj420p", {"global_quality": "236", "flags": "qscale"}),
}
IMAGES = {"png level 1": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]), "jpg 95": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 95])}


def frames_of(path: Path) -> list[np.ndarray]:
    out = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            scale = min(1.0, 640 / max(rgb.shape[:2]))
            out.append(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb)
            if len(out) == LIMIT:
                break
    return out


def video(
    path: Path, frames: list[np.ndarray], codec: str, pix_fmt: str, options: dict[str, str]
) -> tuple[float, float, bool]:
    start = time.perf_counter()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    wrote = time.perf_counter()
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        back = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return (
        wrote - start,
        time.perf_counter() - wrote,
        all(np.array_equal(a, b) for a, b in zip(frames, back, strict=True)),
    )


def images(folder: Path, frames: list[np.ndarray], suffix: str, options: list[int]) -> tuple[float, float, bool]:
    start = time.perf_counter()
    for i, rgb in enumerate(frames):
        cv2.imwrite(str(folder / f"{i:08d}{suffix}"), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)
    wrote = time.perf_counter()
    pictures = (cv2.imread(str(path)) for path in sorted(folder.iterdir()))
    back = [cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) for bgr in pictures if bgr is not None]
    return (
        wrote - start,
        time.perf_counter() - wrote,
        all(np.array_equal(a, b) for a, b in zip(frames, back, strict=True)),
    )


def once(frames: list[np.ndarray], name: str) -> tuple[float, float, float, bool]:
    """KiB a frame, write and read seconds, whether exact."""
    with tempfile.TemporaryDirectory() as folder:
        if name in CODECS:
            write_s, read_s, exact = video(Path(folder) / "frames.nut", frames, *CODECS[name])
        else:
            write_s, read_s, exact = images(Path(folder), frames, *IMAGES[name])
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return size / len(frames) / 1024, write_s, read_s, exact


def main() -> None:
    for source in (measure.FPVO, measure.CUPS):
        frames = frames_of(measure.office(source))
        names = [*CODECS, *IMAGES]
        rounds = [{name: once(frames, name) for name in names} for _ in range(ROUNDS)]
        png = [one["png level 1"] for one in rounds]
        rows = []
        for name in names:
            write_s, read_s = ([one[name][i] for one in rounds] for i in (1, 2))
            row = [name, rounds[0][name][0], *(len(frames) / statistics.median(took_s) for took_s in (write_s, read_s))]
            row += [measure.share([one[i] for one in png], took_s) for i, took_s in ((1, write_s), (2, read_s))]
            rows.append((*row, "yes" if rounds[0][name][3] else "no"))
        size = f"{frames[0].shape[1]}x{frames[0].shape[0]}"
        print(f"{Path(source).stem}, {len(frames)} frames of {size}, {ROUNDS} rounds:\n")
        columns = ("store", "KiB a frame", "written/s", "read/s", "written, x PNG", "read, x PNG", "exact")
        measure.table(columns, rows)


if __name__ == "__main__":
    main()

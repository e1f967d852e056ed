"""Which file should hold the frames that wait for inference? Bytes a frame, write and read speed of the candidates.

    python benchmarks/frame_store.py VIDEO...

Frames are scaled down to fit 640 x 640, as for a 640-pixel network. Speeds are frames a second, and each is also given
as a share of the fastest of its column, since absolute numbers depend on the machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

LIMIT = 200
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


def frames_of(path: str) -> list[np.ndarray]:
    out = []
    with av.open(path) as container:
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
    back = [cv2.cvtColor(cv2.imread(str(p)), cv2.COLOR_BGR2RGB) for p in sorted(folder.iterdir())]
    return (
        wrote - start,
        time.perf_counter() - wrote,
        all(np.array_equal(a, b) for a, b in zip(frames, back, strict=True)),
    )


def main() -> None:
    for source in sys.argv[1:]:
        frames = frames_of(source)
        rows = []
        for name in [*CODECS, *IMAGES]:
            with tempfile.TemporaryDirectory() as folder:
                if name in CODECS:
                    write_s, read_s, exact = video(Path(folder) / "frames.nut", frames, *CODECS[name])
                else:
                    write_s, read_s, exact = images(Path(folder), frames, *IMAGES[name])
                size = sum(p.stat().st_size for p in Path(folder).iterdir())
            rows.append((name, size / len(frames) / 1024, len(frames) / write_s, len(frames) / read_s, exact))
        best_write, best_read = max(r[2] for r in rows), max(r[3] for r in rows)
        print(f"{Path(source).name}: {len(frames)} frames of {frames[0].shape[1]}x{frames[0].shape[0]}")
        for name, kib, write, read, exact in rows:
            print(
                f"  {name:24s} {kib:7.0f} KiB a frame  write {write:5.0f}/s ({write / best_write:4.2f})"
                f"  read {read:5.0f}/s ({read / best_read:4.2f})  {'exact' if exact else 'lossy'}"
            )


if __name__ == "__main__":
    main()

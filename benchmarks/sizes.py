"""How much disk do detections take, a minute of video?

    python -m benchmarks.sizes [ASSETS]

The 640-pixel network at the default floor of 0.05.
"""

from __future__ import annotations

import pyarrow.parquet as pq

from benchmarks import measure
from objmask.detections.frames_table import FrameTable, frames_path
from objmask.video.info import VideoInfo


def main() -> None:
    rows = []
    for name in (measure.FPVO, measure.CUPS, measure.ONE_BY_ONE):
        video = measure.office(name)
        found = measure.detections(video)
        info = VideoInfo.read(measure.probe(video))
        minutes = float((info.end_pts - info.start_pts) * info.time_base) / 60
        table = FrameTable.read(frames_path(found))
        masks = pq.read_table(found, columns=["mask_h", "mask_w"])
        samples = sum(h * w for h, w in zip(*(column.to_pylist() for column in masks.columns), strict=True))
        size = found.stat().st_size
        count = int(table.detections.sum())
        rows.append(
            (
                video.stem,
                f"{info.width}x{info.height}, {float(info.rate):.4g}/s",
                count / len(table),
                size / minutes / 1e6,
                frames_path(found).stat().st_size / minutes / 1e6,
                size / len(table) / 1e3,
                size / count,
                size / samples,
                size / video.stat().st_size,
            )
        )
    measure.table(
        (
            *("video", "size", "detections a frame", "detections, MB a minute", "frames table, MB a minute"),
            *("kB a frame", "bytes a detection", "of the raw mask samples", "of the video file"),
        ),
        rows,
    )


if __name__ == "__main__":
    main()

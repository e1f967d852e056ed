"""Writes the table of what is painted."""

from __future__ import annotations

from pathlib import Path

from objmask.detections.framed import FramedOut
from objmask.detections.frames_table import frames_path
from objmask.objects.tables import Tables, known_rows, table_metadata
from objmask.painted.decide import PaintRules, painted_by_frame
from objmask.painted.table import SCHEMA, classes_of, row_of
from objmask.progress import Progress
from objmask.video.info import VideoInfo


def write_painted(info: VideoInfo, tables: Tables, rules: PaintRules, out: Path, progress: Progress) -> None:
    """Writes `painted/<video>.parquet` and the frames table beside it.

    Args:
        info: of the video.
        tables: tracks or detections of each model.
        rules: what is painted.
        out: file of the rows.
        progress: counts frames.

    Raises:
        DataError: a file is damaged.
        OSError: a file cannot be written.
    """
    table, known = tables[0][1], known_rows(tables)
    metadata = {**table_metadata(info, tables), "groups": classes_of(rules.palette)}
    with FramedOut(out, frames_path(out), SCHEMA, metadata) as writer:
        for row, objects in enumerate(painted_by_frame(tables, rules, info.height, info.width)):
            number, pts, duration_pts = (int(column[row]) for column in (table.number, table.pts, table.duration_pts))
            writer.write(number, pts, duration_pts, inferred=bool(known[row]), rows=[row_of(one) for one in objects])
            progress.step()

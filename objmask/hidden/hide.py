"""Writes the table of what is hidden."""

from __future__ import annotations

from pathlib import Path

from objmask.config.hiding import Hiding, as_option
from objmask.detections.framed import FramedOut
from objmask.detections.frames_table import frames_path
from objmask.hidden.areas import block_size
from objmask.hidden.causes import hides_objects
from objmask.hidden.decide import hidden_by_frame
from objmask.hidden.table import SCHEMA, row_of
from objmask.objects.tables import Tables, table_metadata
from objmask.progress import Progress
from objmask.video.info import VideoInfo


def write_hidden(info: VideoInfo, tables: Tables, hiding: Hiding, out: Path, progress: Progress) -> list[bool]:
    """Writes `hidden/<video>.parquet` and the frames table beside it.

    Args:
        info: of the video.
        tables: tracks or detections of each model whose objects are hidden.
        hiding: what is hidden.
        out: file of the rows.
        progress: counts frames.

    Returns:
        For each frame, whether anything is hidden in it apart from zones.

    Raises:
        DataError: a file is damaged.
        OSError: a file cannot be written.
    """
    table, size = tables[0][1], block_size(info)
    metadata = {**table_metadata(info, tables), "hiding": as_option(hiding)}
    hides = []
    with FramedOut(out, frames_path(out), SCHEMA, metadata) as writer:
        for row, areas in enumerate(hidden_by_frame(info, tables, hiding)):
            number, pts, duration_pts = (int(column[row]) for column in (table.number, table.pts, table.duration_pts))
            writer.write(number, pts, duration_pts, inferred=True, rows=[row_of(one, size) for one in areas])
            hides.append(hides_objects(areas))
            progress.step()
    return hides

"""What is painted and what is hidden, decided of tables of detections and read back, as later steps get it."""

from __future__ import annotations

from pathlib import Path

from objmask.config.hiding import Hiding
from objmask.detections.classes import Palette
from objmask.hidden.hide import write_hidden
from objmask.hidden.table import HiddenTable
from objmask.objects.tables import Tables
from objmask.painted.decide import PaintRules
from objmask.painted.paint import write_painted
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.video.info import VideoInfo


def painted_of(
    out: Path, info: VideoInfo, tables: Tables, palette: Palette, score: float = 0.3, threshold: float = 0.5
) -> PaintedTable:
    """What is painted, in the file `out`."""
    with Progress("paint", len(tables[0][1]), bar=False) as bar:
        write_painted(info, tables, PaintRules(palette, score, threshold), out, bar)
    return PaintedTable.read(out, info, palette)


def hidden_of(out: Path, info: VideoInfo, tables: Tables, hiding: Hiding) -> HiddenTable:
    """What is hidden, in the file `out`."""
    with Progress("hide", len(tables[0][1]), bar=False) as bar:
        write_hidden(info, tables, hiding, out, bar)
    return HiddenTable.read(out, info)

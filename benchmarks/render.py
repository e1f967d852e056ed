"""How fast are the videos made, beside only decoding and encoding them?

    python -m benchmarks.render [ASSETS]

The bare loop hands decoded pictures to libx264 (veryfast, crf 20), with PyAV and nothing else. `paint` decides what
`masks` and `overlay` draw, and `hide` what `protect` hides. Only `overlay` and `protect` decode the video.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import av

from benchmarks import measure
from objmask.config.hiding import HiddenLook, Hiding, Style
from objmask.detections.classes import Palette
from objmask.detections.frames_table import FrameTable
from objmask.hidden.hide import write_hidden
from objmask.hidden.table import HiddenTable
from objmask.objects.tables import read_tables
from objmask.painted.decide import PaintRules
from objmask.painted.paint import write_painted
from objmask.painted.table import PaintedTable
from objmask.progress import Progress
from objmask.render.colour_masks import write_masks
from objmask.render.overlay import Overlay
from objmask.render.privacy import Privacy
from objmask.render.renderer import AnyDecided, Renderer, render_video
from objmask.video.info import VideoInfo
from objmask.video.writer import VideoWriter

ROUNDS = 5


def bare(video: Path, out: Path) -> None:
    """Decodes and encodes."""
    with av.open(str(video)) as source, av.open(str(out), "w") as target:
        decoded = source.streams.video[0]
        decoded.thread_type = "AUTO"
        assert decoded.time_base is not None
        options = {"crf": "20", "preset": "veryfast"}
        encoded = target.add_stream("libx264", rate=decoded.average_rate, options=options)
        encoded.width, encoded.height, encoded.pix_fmt = decoded.width, decoded.height, "yuv420p"
        encoded.time_base = encoded.codec_context.time_base = decoded.time_base
        for frame in source.decode(decoded):
            frame.pict_type = av.video.frame.PictureType.NONE
            target.mux(encoded.encode(frame))
        target.mux(encoded.encode(None))


def makers(video: Path, info: VideoInfo, folder: Path) -> dict[str, Callable[[], object]]:
    """The bare loop and each kind of video."""
    palette = Palette.from_json(measure.groups())
    tables = read_tables([measure.detections(video)], info.sha256)
    rules, hiding = PaintRules(palette, 0.3, 0.5), Hiding(objects=palette.hidden(measure.sensitive()), hold=2)
    files = folder / "painted.parquet", folder / "hidden.parquet"

    def bar() -> Progress:
        return Progress("", info.frames, bar=False)

    def paint() -> None:
        write_painted(info, tables, rules, files[0], bar())

    def hide() -> None:
        write_hidden(info, tables, hiding, files[1], bar())

    def painted() -> PaintedTable:
        return PaintedTable.read(files[0], info, palette)

    def rendered(renderer: Renderer[AnyDecided], table: FrameTable, decided: Iterable[AnyDecided]) -> None:
        with VideoWriter(folder / "rendered.mp4", info) as writer:
            render_video(renderer, video, info, table, decided, writer, bar())

    def overlay() -> None:
        rendered(Overlay(palette, info), painted().frames, painted().objects())

    def protect(style: Style) -> None:
        hidden = HiddenTable.read(files[1], info)
        rendered(Privacy(HiddenLook(style=style)), hidden.frames, hidden.areas())

    return {
        "decode and encode": lambda: bare(video, folder / "bare.mp4"),
        "paint": paint,
        "hide": hide,
        "masks": lambda: write_masks(info, painted(), palette, folder / "masks.mp4", bar()),
        "overlay": overlay,
        "protect, blur": lambda: protect("blur"),
        "protect, solid": lambda: protect("solid"),
    }


def main() -> None:
    for name in (measure.FPVO, measure.CUPS):
        video = measure.office(name)
        info = VideoInfo.read(measure.probe(video))
        with tempfile.TemporaryDirectory() as folder:
            things = makers(video, info, Path(folder))
            times = measure.interleaved(things, ROUNDS)
        print(f"{video.stem}, {info.width}x{info.height}, {info.frames} frames, {ROUNDS} rounds:\n")
        measure.rates(times, info.frames, next(iter(things)))


if __name__ == "__main__":
    main()

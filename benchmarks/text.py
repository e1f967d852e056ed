"""What of the text in videos can be read, before and after it is hidden: without and with a network that finds text.

    python -m benchmarks.text [ASSETS]

Rendered desks, whose words are known, and the office clips are protected twice: by what a COCO network finds, and by
what a network for text finds as well, at its default size, in every tenth frame. The reader of the audit reads each
source, and what can be read at the same places of its protected versions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from benchmarks import measure

CLIPS, SECONDS, SEED = 6, 2, 11
EVERY, SCORE, STEP_S = 10, 0.4, 0.5
TEXT = Path(str(files("rapidocr"))) / "models/PP-OCRv6_det_small.onnx"
COCO = measure.NHWC


def rendered() -> list[Path]:
    """Clips of rendered desks and kitchens."""
    out = measure.work() / "rendered"
    if not out.exists():
        size = ("--width=1280", "--height=720")
        clips = (f"--clips={CLIPS}", f"--seconds={SECONDS}", f"--seed={SEED}", "--split=train")
        measure.verb("scene", f"--out={out}", *clips, *size)
    return sorted(out.rglob("*.mp4"))


def text_model() -> Path:
    """The network for text, installed."""
    folder = measure.work() / "models" / "text"
    if not folder.exists():
        measure.verb("model", f"--source={TEXT}", "--name=text", f"--out={folder}")
    return folder


def tracks(video: Path, model: Path, every: int = 1) -> Path:
    """What a model finds in a video, followed."""
    folder = measure.work() / "text" / video.stem / model.name
    out = folder / "tracks.parquet"
    if not out.exists():
        read = (f"--video={video}", f"--probe={measure.probe(video)}")
        store, table, found = (folder / name for name in ("frames.nut", "frames.parquet", "found.parquet"))
        rhythm = f"--every={every}"
        measure.verb("frames", *read, f"--model={model}", f"--out={store}", f"--table={table}", rhythm)
        stored = (f"--frames={store}", f"--table={table}", "--threads=2", rhythm)
        measure.verb("detect", f"--model={model}", *stored, *measure.found(found))
        measure.verb("track", *read, f"--detections={found}", *measure.found(out))
        store.unlink()
    return out


def protect(video: Path, name: str, found: Sequence[Path]) -> Path:
    """The protected video."""
    out = measure.work() / "text" / video.stem / f"{name}.mp4"
    if not out.exists():
        probe, hidden = f"--probe={measure.probe(video)}", out.with_suffix(".parquet")
        rules = (f"--objects={json.dumps(measure.sensitive())}", f"--models={json.dumps({'text': {'score': SCORE}})}")
        measure.verb("hide", probe, "--detections", *found, *rules, f"--out={hidden}")
        measure.verb("protect", f"--video={video}", probe, f"--hidden={hidden}", f"--out={out}")
    return out


def read(video: Path, protected: Path, name: str) -> tuple[int, int, int]:
    """Frames that were read, lines that can be read in the source, and places where words can in the other as well."""
    out = measure.work() / "text" / video.stem / f"{name}.json"
    if not out.exists():
        both = (f"--protected={protected}", f"--protected-probe={measure.probe(protected)}")
        step = (f"--read-every-s={STEP_S}", "--threads=2")
        measure.verb("read", f"--video={video}", f"--probe={measure.probe(video)}", *both, *step, f"--out={out}")
    frames = json.loads(out.read_text())["frames"]
    return len(frames), sum(frame["lines"] for frame in frames), sum(len(frame["words"]) for frame in frames)


def rows(videos: Sequence[Path]) -> list[Sequence[object]]:
    """Of each video: frames that were read, lines before, with a COCO network alone, and with one for text."""
    listed: list[tuple[str, int, int, int, int]] = []
    for video in videos:
        coco = tracks(video, measure.model(COCO))
        text = tracks(video, text_model(), EVERY)
        frames, before, alone = read(video, protect(video, "coco", [coco]), "coco")
        _, _, both = read(video, protect(video, "both", [coco, text]), "both")
        listed.append((video.stem, frames, before, alone, both))
    _, *counts = zip(*listed, strict=True)
    return [*listed, ("all", *map(sum, counts))]


def main() -> None:
    """Prints a row a video."""
    columns = ("clip", "frames read", "lines before", "after COCO alone", "after COCO and text")
    for title, videos in (("Rendered desks and kitchens", rendered()), ("Office clips", measure.office_videos())):
        print(f"{title}, lines that can be read (aim: 0 with text):\n")
        measure.table(columns, rows(videos))
        print()


if __name__ == "__main__":
    main()

"""Runs a detector over the frames of a chunk, and gathers chunks into the files of a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.frames_table import FrameTable
from objmask.errors import DataError
from objmask.files.parquet import metadata_of
from objmask.inference.frame_store import inferred_frames
from objmask.models.detector import Detector
from objmask.progress import Progress
from objmask.provenance.versions import settings_digest, versions
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo

T = TypeVar("T")


def detect(
    detector: Detector,
    store: Path,
    chunk: FrameTable,
    table: Path,
    detections: Path,
    frames: Path,
    progress: Progress,
    settings: Mapping[str, float | int | str],
) -> None:
    """Writes the detections and the frames table of a chunk; decoding, inference and writing overlap.

    Args:
        detector: the network.
        store: frames to look at, from `extract_frames`.
        chunk: all the chunk's frames.
        table: where they were read from.
        detections: Parquet file to write.
        frames: Parquet file to write.
        progress: counts frames.
        settings: what decided the result, for the metadata.

    Raises:
        DataError: store and table contradict each other.
        OSError: a file cannot be written.
    """
    metadata = {
        "time_base": str(chunk.time_base),
        "start_pts": chunk.start_pts,
        "video_sha256": metadata_of(table)["video_sha256"],
        "model": detector.info.name,
        "model_sha256": detector.info.sha256,
        "placement": detector.placement,
        "settings": dict(settings),
        "settings_sha256": settings_digest(settings),
        "versions": versions(detector.runtime, "numpy", "opencv-python", "av"),
    }
    found = _found_in(detector, store, chunk)
    with DetectionWriter(detections, frames, metadata) as writer:
        for row in range(len(chunk)):
            inferred = bool(chunk.inferred[row])
            writer.write(
                int(chunk.number[row]),
                int(chunk.pts[row]),
                int(chunk.duration_pts[row]),
                inferred=inferred,
                found=next(found) if inferred else Detections.empty(),
            )
            progress.step()
        if next(found, None) is not None:
            raise DataError(f"{store}: holds more frames than its table; delete both and run again")


def _found_in(detector: Detector, store: Path, chunk: FrameTable) -> Iterator[Detections]:
    """The detections of each inferred frame, found ahead of the one who writes them."""
    at_once = detector.frames_at_once
    pictures = prefetch((picture for _, picture in inferred_frames(store, chunk)), 2 * at_once)
    return prefetch((found for batch in batched(pictures, at_once) for found in detector.detect(batch)), at_once)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def gather(parts: Sequence[tuple[Path, Path]], info: VideoInfo, detections: Path, frames: Path, *, whole: bool) -> None:
    """Joins the chunks of a video; the files are the same, byte for byte, however it was cut.

    Args:
        parts: detections and frames files of each chunk, in order.
        info: of the video.
        detections: Parquet file to write.
        frames: Parquet file to write.
        whole: the chunks must hold every frame of the video (there is no window).

    Raises:
        DataError: chunks are of different videos, models or settings, or frames are missing.
    """
    stored = [metadata_of(part) for _, part in parts]
    # Chunks may have been worked on by different machines; that is noted, not refused.
    placements = sorted({str(chunk.pop("placement")) for chunk in stored})
    for (_, part), chunk_metadata in zip(parts, stored, strict=True):
        if chunk_metadata != stored[0]:
            raise DataError(f"{part}: was made with other settings than {parts[0][1]}; delete both and run again")
    metadata = {**stored[0], "placement": "; ".join(placements)}
    if metadata["video_sha256"] != info.identity:
        raise DataError(f"{parts[0][1]}: is of another version of the video; run detect again")
    metadata.pop("format_version")
    count = 0
    expected = 0 if whole else None
    with DetectionWriter(detections, frames, metadata) as writer:
        for part, part_frames in parts:
            chunk = FrameTable.read(part_frames)
            for row, found in enumerate(read_detections(part, chunk.number.tolist())):
                number = int(chunk.number[row])
                if expected not in (None, number):
                    raise DataError(f"{part_frames}: frame {number} where {expected} is due; delete it and run again")
                if len(found) != chunk.detections[row]:
                    raise DataError(f"{part}: detections of frame {number} are missing; delete it and run again")
                writer.write(
                    number,
                    int(chunk.pts[row]),
                    int(chunk.duration_pts[row]),
                    inferred=bool(chunk.inferred[row]),
                    found=found,
                )
                count, expected = count + 1, number + 1
        if whole and count != info.frames:
            raise DataError(f"{frames}: {count} frames were detected, the video has {info.frames}; run again")
        if not count:
            raise DataError(f"{frames}: no frame lies in the window; widen it")

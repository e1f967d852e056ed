"""Makes the tracks of a video from its detections. The two files have the same form, with missed objects filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from objmask.detections.arrays import Detections, DetectionWriter, read_detections
from objmask.detections.frames_table import FrameTable
from objmask.files.parquet import metadata_of
from objmask.files.whole import scratch_folder
from objmask.objects.follow import Follower, Sight
from objmask.objects.history import History
from objmask.objects.motion import Motion, grid_size, motions
from objmask.objects.tables import Tables, found_by_frame
from objmask.progress import Progress
from objmask.provenance.versions import versions
from objmask.streams.prefetch import prefetch
from objmask.video.info import VideoInfo
from objmask.video.reader import Frame


@dataclass(frozen=True)
class TrackSettings:
    """How objects are followed.

    Attributes:
        gap_s: longest gap, seconds, across which an object counts as the same and its masks are carried.
        extend_s: how long, seconds, masks go on before an object is found first and after it is found last.
        memory_s: a weak detection gets the best score of its track within this time, seconds.
    """

    gap_s: float
    extend_s: float
    memory_s: float


def track(
    info: VideoInfo,
    tables: Tables,
    frames: Iterator[Frame] | None,
    settings: TrackSettings,
    detections: Path,
    out_frames: Path,
    progress: Progress,
) -> None:
    """Writes `tracks/<model>/<video>.parquet` and the frames table beside it.

    Args:
        info: of the video.
        tables: detections and frames of one model.
        frames: frames of the video, whose motion carries masks; None = masks are carried along straight lines.
        settings: how objects are followed.
        detections: Parquet file to write.
        out_frames: Parquet file to write.
        progress: counts frames.

    Raises:
        DataError: a file is damaged, or the frames differ from those of the table.
        VideoError: the video cannot be read.
    """
    ((path, table),) = tables
    size = grid_size(info)
    follower = Follower(size, gap_s=settings.gap_s, extend_s=settings.extend_s)
    metadata = {key: value for key, value in metadata_of(path).items() if key != "format_version"}
    metadata["carried"] = True
    metadata["tracks"] = {**vars(settings), "flow": frames is not None}
    metadata["versions"] = {**metadata["versions"], **versions("scipy", "opencv-python", "numpy", "av")}
    # A name that no other writer's scratch has: theirs is removed by those who come after.
    with scratch_folder(detections.with_suffix(".draft")) as folder:
        draft = folder / "draft.parquet", folder / "draft.frames.parquet"
        followed = follower.follow(_sights(tables, frames, size, _beginnings(info, table), progress))
        _write(draft, table, followed, metadata, compressed=False)
        # What a track is, and how sure the network was, is known only now.
        settled = _settled(draft[0], table, follower.histories, settings.memory_s)
        _write((detections, out_frames), table, settled, metadata)


def _beginnings(info: VideoInfo, table: FrameTable) -> frozenset[int]:
    """Rows from which nothing is carried back, or on from before: another scene begins there.

    One into which the network has not looked goes on from the one before, so that something is carried to it.
    """
    rows, looked = [], False
    for scene in info.scenes(table.number):
        here = bool(table.inferred[scene.start : scene.stop].any())
        rows += [scene.start] if looked and here else []
        looked = looked or here
    return frozenset(rows)


def _sights(
    tables: Tables,
    frames: Iterator[Frame] | None,
    size: tuple[int, int],
    beginnings: frozenset[int],
    progress: Progress,
) -> Iterator[Sight]:
    ((_, table),) = tables
    moved = _motions(table, frames, size) if frames is not None else iter([None] * len(table))
    rows = zip(table.time_s.tolist(), table.inferred.tolist(), found_by_frame(tables), moved, strict=True)
    for row, sight in enumerate(rows):
        yield Sight(*sight, begins=row in beginnings)
        progress.step()


def _motions(table: FrameTable, frames: Iterator[Frame], size: tuple[int, int]) -> Iterator[Motion | None]:
    lumas = (frame.planes().y for _, frame in table.matched(frames, "the video"))
    return prefetch(motions(lumas, size))


def _settled(draft: Path, table: FrameTable, histories: Sequence[History], memory_s: float) -> Iterator[Detections]:
    names, times_s = [history.name for history in histories], table.time_s
    for row, found in enumerate(read_detections(draft, table.number.tolist())):
        areas = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1).tolist()
        scores = [
            histories[number].score_at(row, area, times_s, memory_s)
            for number, area in zip(found.track_ids, areas, strict=True)
        ]
        yield replace(
            found,
            scores=np.array(scores, np.float32),
            classes=tuple(names[number] for number in found.track_ids),
        )


def _write(
    paths: tuple[Path, Path],
    table: FrameTable,
    found: Iterator[Detections],
    metadata: dict[str, object],
    *,
    compressed: bool = True,
) -> None:
    with DetectionWriter(*paths, metadata, compressed=compressed) as writer:
        for row, one in enumerate(found):
            writer.write(
                int(table.number[row]),
                int(table.pts[row]),
                int(table.duration_pts[row]),
                inferred=bool(table.inferred[row]),
                found=one,
            )

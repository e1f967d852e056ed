"""Judges models by annotated frames of videos, from their stored detections."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from objmask.errors import DataError
from objmask.evaluation.judge import Judge, Judged, JudgeSettings, Row
from objmask.evaluation.videos import AnnotatedFrame, VideoAnnotations
from objmask.files.parquet import metadata_of
from objmask.objects.tables import Tables, found_by_frame, read_tables
from objmask.progress import Progress
from objmask.video.info import VideoInfo


def evaluate_videos(
    annotations: VideoAnnotations,
    videos: Collection[str],
    models: Sequence[str],
    results: Path,
    settings: JudgeSettings,
    progress: Progress,
) -> tuple[list[Judged], list[Row]]:
    """Judges models by what they found in annotated frames of videos.

    Args:
        annotations: the truth.
        videos: names of the videos to judge by.
        models: their names.
        results: holds `probe/<video>.json` and `detections/<model>/<video>.parquet`.
        settings: by what to judge.
        progress: counts frames, each when the last model is judged by it.

    Returns:
        What came of each model, and a row a video: which frames counted.

    Raises:
        DataError: truth and video contradict each other, or no annotated frame counts.
    """
    judges = {name: Judge(settings, annotations.classes) for name in models}
    rows: list[Row] = []
    digests: dict[str, str] = {}
    for video in videos:
        info = VideoInfo.read(results / "probe" / f"{video}.json")
        frames = {frame.number: frame for frame in annotations.frames(video)}
        _check_frames(video, frames, info)
        for name, judge in judges.items():
            tables = read_tables([results / "detections" / name / f"{video}.parquet"], info.identity)
            digests[name] = str(metadata_of(tables[0][0]).get("model_sha256"))
            row = _judge_video(judge, tables, frames, progress if name == models[-1] else None)
            if name == models[0]:
                rows.append(
                    {"video": video, "sha256": info.sha256, "frames": info.frames, "annotated": len(frames), **row}
                )
    if not sum(int(row["judged"]) for row in rows):
        raise DataError("no annotated frame lies in the window and had inference; nothing can be judged")
    return [judge.judged(name, digests[name]) for name, judge in judges.items()], rows


def _check_frames(video: str, frames: Mapping[int, AnnotatedFrame], info: VideoInfo) -> None:
    for number, frame in frames.items():
        if number >= info.frames:
            raise DataError(
                f"annotations: frame {number} of '{video}', which has {info.frames}, the last {info.frames - 1}; "
                "frames count from 0 in decode order of the source"
            )
        if (frame.height, frame.width) != (info.height, info.width):
            raise DataError(
                f"annotations: frame {number} of '{video}' is {frame.width} x {frame.height} pixels there, "
                f"{info.width} x {info.height} in the video; annotate it as it is shown"
            )


def _judge_video(judge: Judge, tables: Tables, frames: Mapping[int, AnnotatedFrame], progress: Progress | None) -> Row:
    table = tables[0][1]
    numbers, inferred, times_s = table.number.tolist(), table.inferred.tolist(), table.time_s.tolist()
    judged_s = []
    there = 0
    for row, found in enumerate(found_by_frame(tables)):
        frame = frames.get(numbers[row])
        if frame is None:
            continue
        there += 1
        if inferred[row]:
            judge.add(frame, found)
            judged_s.append(times_s[row])
            if progress:
                progress.step()
    judge.end_video(judged_s)
    count = len(judged_s)
    return {"judged": count, "outside_window": len(frames) - there, "not_inferred": there - count}

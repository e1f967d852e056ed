"""YOLO segmentation: a text file a frame, a line an instance, and the files that name the classes and the images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from objmask.detections.classes import Palette
from objmask.exports.instances import ExportedFrame, ExportedInstance, categories
from objmask.exports.polygons import polygon_of
from objmask.files.whole import atomic_path
from objmask.video.info import VideoInfo

IMAGE_LIST = "images.txt"
_NOTE = (
    "# Nothing is held out: `val` is what `train` is. Move whole videos from one to the other, neighbouring frames\n"
    "# of one video resemble each other too much to judge by.\n"
)


def write_yolo(
    frames: Iterable[ExportedFrame], info: VideoInfo, palette: Palette, out: Path, *, suffix: str, images: str | None
) -> None:
    """Writes the folder of one video: `labels/`, `images.txt`, `classes.txt`, `data.yaml`.

    Args:
        frames: with what is on them; a frame with nothing gets an empty file.
        info: of the video.
        palette: its object classes, in order, are YOLO's.
        out: folder to make.
        suffix: of the images, e.g. `.jpg`.
        images: where `images` of that folder leads, as seen from there; None: it is not made.

    Raises:
        OSError: a file cannot be written.
    """
    names = [kind.name for kind in categories(palette)]
    with atomic_path(out) as folder:
        (folder / "labels").mkdir(parents=True)
        if images is not None:
            (folder / "images").symlink_to(images, target_is_directory=True)
        with (folder / IMAGE_LIST).open("w", encoding="ascii") as image_list:
            for frame in frames:
                lines = "".join(_line(instance, info) for instance in frame.instances)
                (folder / "labels" / f"{frame.name}.txt").write_text(lines, encoding="ascii")
                image_list.write(f"./images/{frame.name}{suffix}\n")
        # One line each, whatever white space a model's name for a class holds.
        (folder / "classes.txt").write_text("".join(f"{' '.join(name.split())}\n" for name in names), encoding="utf-8")
        _write_data(folder / "data.yaml", names, IMAGE_LIST)


def join_yolo(videos: Sequence[str], palette: Palette, folder: str, out: Path) -> None:
    """Writes one `data.yaml` for all videos.

    Args:
        videos: their names.
        palette: as for `write_yolo`.
        folder: of the videos' own folders, as seen from the file.
        out: file to write.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic_path(out) as temporary:
        names = [kind.name for kind in categories(palette)]
        _write_data(temporary, names, [f"{folder}/{video}/{IMAGE_LIST}" for video in videos])


def _line(instance: ExportedInstance, info: VideoInfo) -> str:
    corners = (polygon_of(instance.patch) / (info.width, info.height)).ravel()
    return f"{instance.category} {' '.join(f'{share:.6f}' for share in corners.tolist())}\n"


def _write_data(file: Path, names: Sequence[str], images: Any) -> None:
    content = {"train": images, "val": images, "names": dict(enumerate(names))}
    with file.open("w", encoding="utf-8") as stream:
        stream.write(_NOTE)
        # Anchors and aliases for the list that comes twice would be hard to edit.
        yaml.dump(content, stream, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=1000)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True

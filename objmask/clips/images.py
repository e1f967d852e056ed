"""Clips as folders of PNG files, a folder a label, as `keras.utils.image_dataset_from_directory` takes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2

from objmask.clips.clip import Clips
from objmask.clips.names import file_name
from objmask.errors import ObjmaskError
from objmask.files.whole import atomic_path


def write_images(files: Iterable[Path], out: Path) -> None:
    """Writes `<label>/<video>/<nn>.png`, and `<label>/<video>.<clip>/<nn>.png` of videos with several clips.

    The whole folder is made anew, so that no picture remains under a label that its video no longer has.

    Args:
        files: of `Clips.write`.
        out: the folder.

    Raises:
        DataError: a file is damaged.
        ObjmaskError: an image cannot be written.
    """
    with atomic_path(out) as folder:
        folder.mkdir()
        for file in files:
            clips = Clips.read(file)
            for clip, frames in enumerate(clips.frames):
                suffix = "" if len(clips.frames) == 1 else f".{clip}"
                place = folder / file_name(clips.label) / f"{file_name(clips.video)}{suffix}"
                place.mkdir(parents=True)
                digits = max(2, len(str(len(frames) - 1)))
                for k, frame in enumerate(frames):
                    image = place / f"{k:0{digits}d}.png"
                    if not cv2.imwrite(str(image), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)):
                        raise ObjmaskError(f"{out}: cannot be written; is the disk full?")

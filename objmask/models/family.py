"""What objmask has to know of a family of networks: networks that one detector runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from objmask.models.info import ModelInfo

if TYPE_CHECKING:
    from objmask.models.detector import Detector, Loading


@dataclass(frozen=True)
class Family:
    """A family of networks. It is `FAMILY` of a module in `objmask.models.families`, whose name is the family's.

    Such a module imports no runtime (LiteRT, TensorFlow) at its top: the workflow asks it while it is read.

    Attributes:
        files: what users may give, for the list of models.
        objects: where the names of the classes come from, for the same list.
        recognises: whether a path looks like a network of this family: by its name, and of a `.tflite` or `.onnx` file
            by its tensors; raises ModelError when it is damaged.
        describe: what the network at a path is, called by a name; raises ModelError when it is damaged or none.
        parts: the user's file or folder for each name in the model's folder; raises ModelError like `describe`.
        start: opens the network (path, info, loading); raises ModelError.
        chunk_frames: frames of a chunk that take minutes on the usual device (CPU, GPU).
        memory_mb: that a process with a loaded network takes, MB.
        fixed_threads: CPU threads of every job, since results depend on them; None: they do not.
        on_gpu: whether it can compute on a GPU; TensorFlow Lite files cannot.
        tensors: by what tensors it is recognised, for people whose file is none; empty: by its name.
        resized: what a network is for another size of its input (path, info, pixels of the longer side); raises
            ModelError where its file fixes that. The path is None when it is not there yet. None: it is always fixed.
    """

    files: str
    objects: str
    recognises: Callable[[Path], bool]
    describe: Callable[[Path, str], ModelInfo]
    parts: Callable[[Path], Mapping[str, Path]]
    start: Callable[[Path, ModelInfo, Loading], Detector]
    chunk_frames: int
    memory_mb: int
    fixed_threads: int | None
    on_gpu: bool
    tensors: str = ""
    resized: Callable[[Path | None, ModelInfo, int], ModelInfo] | None = None

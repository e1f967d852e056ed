"""Starting a network that is installed."""

from __future__ import annotations

from pathlib import Path

from objmask.errors import ModelError
from objmask.files.whole import sha256_of
from objmask.models.detector import Detector, Device, Precision
from objmask.models.info import ModelInfo


def load(
    folder: Path,
    *,
    device: Device = "auto",
    floor: float = 0.05,
    max_per_frame: int = 100,
    threads: int = 2,
    batch: int | None = None,
    precision: Precision = "auto",
    optimise: bool = True,
) -> Detector:
    """Starts the model that `install` put into `folder`.

    Args:
        folder: holds `model.json` and the network.
        device: `gpu` fails where there is none; `auto` takes one where the family can use it.
        floor: detections below this score (0..1) are dropped.
        max_per_frame: the most detections a frame, by score.
        threads: CPU threads.
        batch: frames a run of the network; by default the model's own. YOLO files have theirs fixed.
        precision: `mixed` computes in 16 bits where that loses little, on GPUs in float16, on CPUs in bfloat16; `auto`
            does so on GPUs that are made for it. YOLO files have theirs fixed.
        optimise: let TensorFlow rewrite the graph before it runs: faster, but takes more memory.

    Raises:
        ModelError: the model is missing, changed since it was installed, or cannot run on `device`.
        ValueError: an argument is out of range.
    """
    if not 0 <= floor <= 1 or max_per_frame < 1 or threads < 1 or (batch is not None and batch < 1):
        raise ValueError("expected 0 <= floor <= 1 and max_per_frame, threads, batch of at least 1")
    info = ModelInfo.read(folder)
    path = folder / info.file
    if not path.exists():
        raise ModelError(f"{path}: missing; install the model again with `python -m objmask model`")
    if sha256_of(path) != info.sha256:
        raise ModelError(
            f"{path}: changed since it was installed; install the model again with `python -m objmask model`"
        )
    # Imported here: each family's runtime is large, and only the one in use is to be loaded.
    if info.family == "yolo_seg":
        from objmask.models.yolo_seg import YoloSegDetector

        return YoloSegDetector(path, info, device=device, floor=floor, max_per_frame=max_per_frame, threads=threads)
    if device != "cpu":
        from objmask.models.devices import claim_gpu

        claim_gpu()
    from objmask.models.tf_detection import TfDetector

    return TfDetector(
        path,
        info,
        device=device,
        floor=floor,
        max_per_frame=max_per_frame,
        threads=threads,
        batch=batch or info.batch,
        precision=precision,
        optimise=optimise,
    )

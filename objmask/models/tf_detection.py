"""Graphs of the TensorFlow Object Detection API, with masks or boxes only: frozen and SavedModels, TF 1 and TF 2.

One TF 1 session runs them all: it knows the control flow of 2018's graphs, and loads TF 2's SavedModels too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from objmask.detections.arrays import Detections
from objmask.errors import ModelError, first_line
from objmask.models.api_outputs import detections_of
from objmask.models.detector import Device, Loading, Picture, Precision, check_frames
from objmask.models.formats.tf_graph import MASKS, SIGNATURE
from objmask.models.info import ModelInfo
from objmask.models.quiet_tensorflow import tf

_log = logging.getLogger(__name__)
v1 = tf.compat.v1

_INPUT = "image_tensor"
_RANKS = {"num_detections": 1, "detection_boxes": 3, "detection_scores": 2, "detection_classes": 2}
"""Outputs that every graph gives, and their ranks."""
_MASK_RANK = 4
_INTER_OP_THREADS = 2
LowPrecision = Literal["float16", "bfloat16"]
_REWRITERS: dict[LowPrecision, str] = {
    "float16": "auto_mixed_precision",
    "bfloat16": "auto_mixed_precision_onednn_bfloat16",
}
_FAST_FLOAT16 = (7, 0)
"""From this compute capability on GPUs have units for float16."""

Float32 = npt.NDArray[np.float32]


class TfDetector:
    """Runs a graph on batches of frames of equal size.

    Attributes:
        info: what the model is.
        placement: device and precision.
    """

    runtime = "tensorflow"

    def __init__(self, path: Path, info: ModelInfo, loading: Loading) -> None:
        """Opens the graph.

        Raises:
            ModelError: the file is no such graph, there is no GPU where one is asked for, or the precision cannot be
                had.
        """
        self.info = info
        self._floor, self._limit, self._batch = loading.floor, loading.max_per_frame, loading.batch or info.batch
        self._names = {number: name for name, number in info.class_ids.items()}
        self._unknown: set[int] = set()
        low = _low_precision(info.name, loading.device, loading.precision, loading.optimise)
        # Whether a processor's kernels for 16 bits are there shows when they run.
        self._way_out = "; if it cannot compute in 16 bits here, set detect.precision: float32" if low else ""
        self._session = _session(info.name, loading.device, loading.threads, low, loading.optimise)
        try:
            self._input, self._outputs = _open(self._session, path, masks=info.masks)
            self._check(path)
        except BaseException:
            self.close()
            raise
        self.placement = _placement(self._session, loading.threads, low, loading.optimise)
        self.frames_at_once = self._batch
        _log.info("%s runs on %s", info.name, self.placement)

    def _check(self, path: Path) -> None:
        """Raises ModelError unless input and masks have the contract's type and rank."""
        shape = self._input.shape
        if self._input.dtype != tf.uint8 or shape.rank not in (None, 4):
            raise ModelError(
                f"{path}: takes {self._input.dtype.name} {shape}, not uint8 pictures (n, height, width, 3); "
                "export it with --input_type image_tensor"
            )
        if shape.rank == 4 and shape[0] not in (None, self._batch):
            raise ModelError(f"{path}: takes {shape[0]} frames at a time; set detect.batch: {shape[0]}")
        for name in self._outputs.keys() & set(MASKS):
            if (shape := self._outputs[name].shape).rank not in (None, _MASK_RANK):
                raise ModelError(f"{path}: {name} has shape {shape}, expected (n, boxes, height, width)")

    def detect(self, frames: Sequence[Picture]) -> list[Detections]:
        """Detections of each frame. See `Detector.detect`.

        Every run has the full batch, so that results do not depend on how many frames were left over.

        Raises:
            ValueError: frames of one batch differ in size.
            ModelError: the graph failed or broke its contract.
        """
        check_frames(frames)
        found: list[Detections] = []
        for start in range(0, len(frames), self._batch):
            part = list(frames[start : start + self._batch])
            if len({frame.shape for frame in part}) > 1:
                raise ValueError(f"frames of a batch differ in size: {sorted({frame.shape for frame in part})}")
            outputs = self._run(np.stack(part + [part[-1]] * (self._batch - len(part))))
            found += [self._decode({k: v[i] for k, v in outputs.items()}, part[i].shape) for i in range(len(part))]
        return found

    def _run(self, pictures: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[Any]]:
        """The outputs for pictures (batch, height, width, 3)."""
        try:
            outputs: dict[str, npt.NDArray[Any]] = self._session.run(self._outputs, {self._input: pictures})
        except tf.errors.ResourceExhaustedError as error:
            raise ModelError(f"{self.info.name}: out of memory; lower detect.batch (now {self._batch})") from error
        except (tf.errors.OpError, ValueError) as error:
            raise ModelError(
                f"{self.info.name}: the graph failed on {pictures.shape} ({first_line(error)}){self._way_out}"
            ) from error
        for name, values in outputs.items():
            if values.ndim != _RANKS.get(name, _MASK_RANK) or len(values) != len(pictures):
                raise ModelError(f"{self.info.name}: {name} has shape {values.shape} for {len(pictures)} frames")
        return outputs

    def _decode(self, outputs: Mapping[str, npt.NDArray[Any]], shape: tuple[int, ...]) -> Detections:
        """Detections of one frame of `shape` (height, width, 3) from its slice of the outputs."""
        found = detections_of(
            outputs, shape[0], shape[1], self._names, floor=self._floor, limit=self._limit, model=self.info.name
        )
        count = int(outputs["num_detections"])
        self._warn_of_unknown(outputs["detection_classes"][:count].astype(np.int64))
        return found

    def _warn_of_unknown(self, numbers: npt.NDArray[np.int64]) -> None:
        """Warns once of each class id that the label map lacks."""
        for number in sorted(set(numbers.tolist()) - set(self._names) - self._unknown):
            _log.warning("%s: class id %d is not in the label map; its detections are dropped", self.info.name, number)
            self._unknown.add(number)

    def refuse_nan(self) -> None:
        """See `Detector.refuse_nan`."""
        graph = self._session.graph
        for operation in graph.get_operations():
            if operation.type == "Const" and operation.outputs[0].dtype.is_floating:
                self._refuse_nan(operation.name, tf.make_ndarray(operation.get_attr("value")))
            elif operation.type == "VarHandleOp" and operation.get_attr("dtype").is_floating:
                with graph.as_default():
                    value = tf.raw_ops.ReadVariableOp(resource=operation.outputs[0], dtype=operation.get_attr("dtype"))
                self._refuse_nan(operation.name, self._session.run(value))
            elif operation.type in ("Variable", "VariableV2") and operation.outputs[0].dtype.is_floating:
                self._refuse_nan(operation.name, self._session.run(operation.outputs[0]))

    def _refuse_nan(self, name: str, values: npt.NDArray[Any]) -> None:
        if np.isnan(values.astype(np.float32)).any():
            raise ModelError(
                f"{self.info.name}: weight {name} holds numbers that are none (NaN): it is damaged, download or export "
                "it again"
            )

    def close(self) -> None:
        """Frees the graph and its memory."""
        self._session.close()


def _low_precision(name: str, device: Device, precision: Precision, optimise: bool) -> LowPrecision | None:
    """What the graph optimiser is to compute in where that loses little; None: everything in float32."""
    gpus = [] if device == "cpu" else tf.config.list_physical_devices("GPU")
    if precision == "mixed" and not optimise:
        raise ModelError(f"{name}: detect.precision mixed is the graph optimiser's work; set detect.optimise: true")
    if precision == "float32" or not optimise:
        return None
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
        return "float16" if precision == "mixed" or capability >= _FAST_FLOAT16 else None
    # By itself never on a CPU: it depends on the processor whether bfloat16 is faster there.
    return "bfloat16" if precision == "mixed" else None


def _session(name: str, device: Device, threads: int, low: LowPrecision | None, optimise: bool) -> Any:
    """A session with a graph of its own, on the device asked for."""
    if device == "gpu" and not tf.config.list_physical_devices("GPU"):
        raise ModelError(f"{name}: device is gpu, but TensorFlow sees none; install its CUDA parts or set device: auto")
    config = v1.ConfigProto(
        intra_op_parallelism_threads=threads,
        inter_op_parallelism_threads=min(threads, _INTER_OP_THREADS),
        allow_soft_placement=True,  # some operations of these graphs have no GPU kernel
        device_count={"GPU": 0} if device == "cpu" else {},
    )
    config.gpu_options.allow_growth = True  # by default TensorFlow takes the whole GPU
    rewriter = config.graph_options.rewrite_options
    rewriter.disable_meta_optimizer = not optimise
    if low:
        setattr(rewriter, _REWRITERS[low], rewriter.ON)
    session = v1.Session(graph=tf.Graph(), config=config)
    if device == "gpu" and not _gpus(session):
        session.close()
        raise ModelError(
            f"{name}: device is gpu, but TensorFlow could not start it; free the GPU or set device: auto "
            "(TF_CPP_MIN_LOG_LEVEL=0 shows TensorFlow's own messages)"
        )
    return session


def _gpus(session: Any) -> list[str]:
    return [device.name for device in session.list_devices() if device.device_type == "GPU"]


def _placement(session: Any, threads: int, low: LowPrecision | None, optimise: bool) -> str:
    """Device and precision in words."""
    how = f"TensorFlow {tf.__version__}, {f'float32 and {low}' if low else 'float32'}"
    how += "" if optimise else ", graph not optimised"
    if not _gpus(session):
        return f"CPU, {threads} threads, {how}"
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return f"GPU ({details.get('device_name', 'unknown')}), {how}"


def _open(session: Any, path: Path, *, masks: bool) -> tuple[Any, dict[str, Any]]:
    """(input, outputs by name) of the graph at `path`, loaded into the session; of its masks the best, or none."""
    names = _open_saved_model(session, path) if path.is_dir() else _open_frozen_graph(session, path)
    wanted = [*_RANKS, *([next((name for name in MASKS if name in names), MASKS[0])] if masks else [])]
    missing = [name for name in (_INPUT, *wanted) if name not in names]
    if missing:
        raise ModelError(f"{path}: lacks {', '.join(missing)}; give an export of the TensorFlow Object Detection API")
    tensor = session.graph.get_tensor_by_name
    return tensor(names[_INPUT]), {name: tensor(names[name]) for name in wanted}


def _open_frozen_graph(session: Any, path: Path) -> dict[str, str]:
    """Contract name to tensor name, as far as the graph has them."""
    try:
        definition = v1.GraphDef.FromString(path.read_bytes())
        with session.graph.as_default():
            tf.import_graph_def(definition, name="")
    # protobuf's DecodeError is no class of TensorFlow's; whatever it is, the file is to blame.
    except Exception as error:
        raise ModelError(
            f"{path}: TensorFlow cannot read this graph ({first_line(error)}); download it again"
        ) from error
    return {node.name: f"{node.name}:0" for node in definition.node}


def _open_saved_model(session: Any, path: Path) -> dict[str, str]:
    """Contract name to tensor name, as far as the signature has them; its only input counts as `image_tensor`."""
    try:
        with session.graph.as_default():
            signatures = v1.saved_model.load(session, [v1.saved_model.tag_constants.SERVING], str(path)).signature_def
    except Exception as error:
        raise ModelError(
            f"{path}: TensorFlow cannot load this SavedModel ({first_line(error)}); download it again"
        ) from error
    if SIGNATURE not in signatures:
        raise ModelError(f"{path}: has no signature {SIGNATURE}; export it for serving")
    signature = signatures[SIGNATURE]
    names = {name: info.name for name, info in signature.outputs.items()}
    if len(signature.inputs) == 1:
        names[_INPUT] = next(iter(signature.inputs.values())).name
    return names

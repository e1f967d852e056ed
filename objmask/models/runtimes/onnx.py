"""ONNX files, run by onnxruntime: on the CPU, or on what the user's build of it can use."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from objmask.errors import ConfigError, ModelError, first_line
from objmask.models.detector import Loading
from objmask.models.formats.onnx import load_onnx, refuse_nan
from objmask.models.graph import Array, Opened, Write
from objmask.models.tensors import ANY, Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

LOG = logging.getLogger(__name__)
onnxruntime.set_default_logger_severity(4)  # what is wrong comes as an exception too
CHOICE = "OBJMASK_ONNX_PROVIDER"
"""Environment variable: the execution provider to use in place of the first there is, as TensorrtExecutionProvider."""
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_GPU = (
    _CUDA,
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
    "TensorrtExecutionProvider",
)
"""Execution providers that compute on a GPU, in the order in which they are tried. TensorRT comes last: every build for
CUDA lists it, and it builds its engine anew in every process, for minutes."""
_NVIDIA = (_CUDA, "TensorrtExecutionProvider")
_ON_CPU = ("OpenVINOExecutionProvider",)
"""Others that are faster than onnxruntime's own kernels where the user installed them."""
_PLACES = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed:)?(Fatal error: )?"
    r"|/onnxruntime_src/\S+:\d+ .*?\) (const )?(?=\S)"
)
_NEWEST = re.compile(r"domain ai\.onnx is till opset (\d+)")
_NUMPY = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


def open_onnx(path: Path, name: str, loading: Loading, mend: Callable[[ModelProto], None] | None = None) -> Opened:
    """Opens a file.

    Args:
        path: the file.
        name: of the model, for errors.
        loading: where it is to run.
        mend: changes the graph before it is opened, such as sides that are fixed and need not be; None: as it is.

    Raises:
        ModelError: onnxruntime cannot run it, or there is no GPU where one is asked for.
    """
    content: str | bytes = os.fspath(path)
    if mend is not None:
        model = load_onnx(path)
        mend(model)
        content = model.SerializeToString()
    provider = _provider(name, loading)
    if provider in _GPU:
        from objmask.models.devices import claim_gpu

        claim_gpu()
    if provider in _NVIDIA:
        onnxruntime.preload_dlls()  # of pip's packages of CUDA and cuDNN, which lie on no path of the loader
    options = onnxruntime.SessionOptions()
    # One thread a picture, and several pictures side by side: more pictures a second, and the same numbers always.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    if not loading.optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            content, options, providers=[provider] if provider == _CPU else [provider, _CPU]
        )
    except Exception as error:  # its classes have no base of their own; whatever it is, the file is to blame
        raise ModelError(f"{path}: {_why(error)}") from error
    used = session.get_providers()[0]
    if used != provider:
        if loading.device == "gpu":
            raise ModelError(
                f"{name}: device is gpu, but onnxruntime could not start {provider}; install what it needs, or set "
                "device: auto"
            )
        LOG.warning("%s: onnxruntime could not start %s; it runs on the CPU", name, provider)
    version = onnxruntime.__version__
    where = "CPU" if used in (_CPU, *_ON_CPU) else "GPU"
    return Opened(
        runtime=_package(),
        placement=f"{where}, onnxruntime {version}, {used.removesuffix('ExecutionProvider')}",
        on_gpu=where == "GPU",
        graph=lambda: OnnxGraph(session, name),
        refuse_nan=lambda: refuse_nan(path),
    )


def has_gpu() -> bool:
    """Whether this build of onnxruntime could compute on a GPU."""
    return bool({*_GPU} & {*onnxruntime.get_available_providers()})


class OnnxGraph:
    """A session with an input array of its own. See `Graph`."""

    def __init__(self, session: Any, name: str) -> None:
        self._session, self._name = session, name
        self.inputs = tuple(map(_told, session.get_inputs()))
        self.outputs = tuple(map(_told, session.get_outputs()))
        self._names = [tensor.name for tensor in self.outputs]
        self._array: Array | None = None

    def run(self, write: Write, shape: Sequence[int] | None = None) -> list[Array]:
        """See `Graph.run`."""
        taken = self.inputs[0]
        sides = tuple(shape or taken.shape)
        if self._array is None or self._array.shape != sides:
            self._array = np.zeros(sides, taken.dtype)
        write(self._array)
        try:
            outputs: list[Array] = self._session.run(self._names, {taken.name: self._array})
        except Exception as error:
            raise ModelError(f"{self._name}: {_why(error)}") from error
        return outputs


def _provider(name: str, loading: Loading) -> str:
    """What is to compute."""
    there = onnxruntime.get_available_providers()
    if loading.device == "cpu":
        return _CPU
    if chosen := os.environ.get(CHOICE):
        if chosen not in there:
            raise ConfigError(f"{CHOICE}: onnxruntime has no {chosen} here; possible: {', '.join(there)}")
        return chosen
    possible = _GPU if loading.device == "gpu" else (*_GPU, *_ON_CPU)
    found = next((one for one in possible if one in there), None)
    if found is None and loading.device == "gpu":
        raise ModelError(
            f"{name}: device is gpu, but this onnxruntime computes on the CPU only; install onnxruntime-gpu in its "
            "place, or set device: auto"
        )
    return found or _CPU


def _why(error: Exception) -> str:
    """What is wrong and what to do, without the places in its own code and files that onnxruntime names first."""
    text = _PLACES.sub("", str(error))
    newest = _NEWEST.search(text)
    if newest:
        return f"its opset is newer than this onnxruntime knows; export it with opset={newest[1]} or older"
    return f"onnxruntime cannot run it ({first_line(ValueError(text))}); export it again"


def _package() -> str:
    """The package that onnxruntime comes in here: builds for other devices have other names."""
    from importlib.metadata import packages_distributions

    return sorted(packages_distributions().get("onnxruntime", ["onnxruntime"]))[0]


def _told(value: Any) -> Tensor:
    sides = tuple(side if isinstance(side, int) and side > 0 else ANY for side in value.shape)
    return Tensor(value.name, sides, _NUMPY.get(value.type, ""))

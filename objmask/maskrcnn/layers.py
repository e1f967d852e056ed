"""Convolutions and fully connected layers that name their variables as TF-slim does, so that zoo checkpoints fit."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from objmask.models.quiet_tensorflow import tf

# isort: split
import keras  # after TensorFlow, which it would load aloud

Norm = Literal["bias", "centred", "scaled"]
"""What follows the weights: a bias, or a batch norm with beta (centred), or with beta and gamma (scaled)."""
Padding = Literal["SAME", "VALID"]
Activation = Callable[[Any], Any] | None

_EPSILON = 0.001
_MOMENTUM = 0.97


class Layer(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A layer whose variables are called `<scope>/<name>` in checkpoints.

    Attributes:
        scope: its place in the network, with slashes.
        named: checkpoint name to variable; filled when the layer first sees its input's shape.
    """

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope
        self.named: dict[str, Any] = {}

    def variable(self, name: str, shape: Sequence[int], initializer: Any, trainable: bool = True) -> Any:
        """Adds the variable `<scope>/<name>`, float32."""
        variable = self.add_weight(
            name=name.replace("/", "_"), shape=tuple(shape), initializer=initializer, trainable=trainable
        )
        self.named[f"{self.scope}/{name}"] = variable
        return variable

    def random(self, name: str, gain: float = 2.0) -> Any:
        """He's initialisation (arXiv:1502.01852, equation 10), seeded by the variable's name."""
        seed = zlib.crc32(f"{self.scope}/{name}".encode())
        return keras.initializers.VarianceScaling(gain, "fan_in", "untruncated_normal", seed=seed)


class BatchNorm(Layer):
    """Batch normalisation (arXiv:1502.03167), epsilon 0.001; frozen, it uses its moving statistics in training too."""

    def __init__(self, scope: str, scaled: bool) -> None:
        super().__init__(scope)
        self.scaled, self.frozen = scaled, False

    def build(self, shape: Sequence[int]) -> None:
        """Variables of `shape`'s last axis."""
        size = (shape[-1],)
        self.gamma = self.variable("gamma", size, "ones") if self.scaled else tf.ones(size)
        self.beta = self.variable("beta", size, "zeros")
        self.mean = self.variable("moving_mean", size, "zeros", trainable=False)
        self.variance = self.variable("moving_variance", size, "ones", trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        """(n, h, w, c) to the same shape."""
        learning = training and not self.frozen
        # As tensors: the fused operation takes no Keras variables.
        gamma, beta, mean, variance = (
            tf.convert_to_tensor(v) for v in (self.gamma, self.beta, self.mean, self.variance)
        )
        if not learning:
            y, _, _ = tf.compat.v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, _EPSILON, is_training=False)
            return y
        y, batch_mean, batch_variance = tf.compat.v1.nn.fused_batch_norm(x, gamma, beta, epsilon=_EPSILON)
        self.mean.assign(mean * _MOMENTUM + batch_mean * (1 - _MOMENTUM))
        self.variance.assign(variance * _MOMENTUM + batch_variance * (1 - _MOMENTUM))
        return y


class Conv(Layer):
    """A convolution, then batch norm or bias, then an activation."""

    def __init__(
        self,
        scope: str,
        filters: int,
        kernel: int | tuple[int, int],
        *,
        norm: Norm,
        stride: int = 1,
        dilation: int = 1,
        padding: Padding = "SAME",
        activation: Activation = tf.nn.relu,
        gain: float = 2.0,
    ) -> None:
        """Args: filters: output channels; gain: of the random initialisation; the rest as in `tf.nn.conv2d`."""
        super().__init__(scope)
        self.filters = filters
        self.kernel_size = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.stride, self.dilation, self.padding = stride, dilation, padding
        self.activation, self.gain = activation, gain
        self.norm = None if norm == "bias" else BatchNorm(f"{scope}/BatchNorm", scaled=norm == "scaled")

    def build(self, shape: Sequence[int]) -> None:
        """Variables for inputs of `shape`'s last axis."""
        self.weight = self.variable(
            "weights", (*self.kernel_size, shape[-1], self.filters), self.random("weights", self.gain)
        )
        self.bias = self.variable("biases", (self.filters,), "zeros") if self.norm is None else None

    def call(self, x: Any, training: bool = False) -> Any:
        """(n, h, w, c) to (n, h', w', filters)."""
        y = tf.nn.conv2d(x, self.weight, self.stride, self.padding, dilations=self.dilation)
        y = tf.nn.bias_add(y, tf.convert_to_tensor(self.bias)) if self.norm is None else self.norm(y, training=training)
        return self.activation(y) if self.activation else y


class SeparableConv(Layer):
    """A depthwise convolution and a 1x1 convolution, then batch norm and ReLU."""

    def __init__(self, scope: str, filters: int, kernel: int, *, multiplier: int, stride: int) -> None:
        """Args: multiplier: depthwise channels an input channel."""
        super().__init__(scope)
        self.filters, self.kernel_size, self.multiplier, self.stride = filters, kernel, multiplier, stride
        self.norm = BatchNorm(f"{scope}/BatchNorm", scaled=True)

    def build(self, shape: Sequence[int]) -> None:
        """Variables for inputs of `shape`'s last axis."""
        depth, side = shape[-1], self.kernel_size
        # A depthwise output sees one input channel only: its fan-in is depth times smaller than the shape says.
        self.depthwise = self.variable(
            "depthwise_weights", (side, side, depth, self.multiplier), self.random("depthwise_weights", 2.0 * depth)
        )
        self.pointwise = self.variable(
            "pointwise_weights", (1, 1, depth * self.multiplier, self.filters), self.random("pointwise_weights")
        )

    def call(self, x: Any, training: bool = False) -> Any:
        """(n, h, w, c) to (n, h', w', filters)."""
        strides = (1, self.stride, self.stride, 1)
        y = tf.nn.depthwise_conv2d(x, tf.convert_to_tensor(self.depthwise), strides, "SAME")
        return tf.nn.relu(self.norm(tf.nn.conv2d(y, self.pointwise, 1, "SAME"), training=training))


class Dense(Layer):
    """A fully connected layer with bias."""

    def __init__(self, scope: str, units: int, *, activation: Activation = None, gain: float = 2.0) -> None:
        super().__init__(scope)
        self.units, self.activation, self.gain = units, activation, gain

    def build(self, shape: Sequence[int]) -> None:
        """Variables for inputs of `shape`'s last axis."""
        self.weight = self.variable("weights", (shape[-1], self.units), self.random("weights", self.gain))
        self.bias = self.variable("biases", (self.units,), "zeros")

    def call(self, x: Any) -> Any:
        """(n, c) to (n, units)."""
        y = tf.nn.bias_add(tf.matmul(x, self.weight), tf.convert_to_tensor(self.bias))
        return self.activation(y) if self.activation else y


@dataclass(frozen=True)
class Scope:
    """Makes layers at a place of the network, and remembers all that were made.

    Attributes:
        path: the place, with slashes; empty at the root.
        norm: what convolutions get here unless they say otherwise.
        layers: all layers of the network, in the order in which they were made.
    """

    path: str = ""
    norm: Norm = "centred"
    layers: list[Layer] = field(default_factory=list)

    def __truediv__(self, name: str) -> Scope:
        """The place `name` below."""
        return Scope(self._join(name), self.norm, self.layers)

    def _join(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def conv(self, name: str, filters: int, kernel: int | tuple[int, int], **options: Any) -> Conv:
        """A `Conv` called `name`; options as there."""
        layer = Conv(self._join(name), filters, kernel, **{"norm": self.norm, **options})
        self.layers.extend([layer] if layer.norm is None else [layer, layer.norm])
        return layer

    def separable(self, name: str, filters: int, kernel: int, **options: Any) -> SeparableConv:
        """A `SeparableConv` called `name`; options as there."""
        layer = SeparableConv(self._join(name), filters, kernel, **options)
        self.layers.extend([layer, layer.norm])
        return layer

    def dense(self, name: str, units: int, **options: Any) -> Dense:
        """A `Dense` called `name`; options as there."""
        layer = Dense(self._join(name), units, **options)
        self.layers.append(layer)
        return layer

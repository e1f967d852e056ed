"""Inception's building blocks: parallel branches of convolutions and poolings, joined; with or without a short cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from objmask.maskrcnn.layers import Padding, Scope
from objmask.models.quiet_tensorflow import tf


@dataclass(frozen=True)
class Convolve:
    """One step of a branch: a convolution with batch norm and ReLU; arguments as in `objmask.maskrcnn.layers.Conv`."""

    name: str
    filters: int
    kernel: int | tuple[int, int] = 1
    stride: int = 1
    padding: Padding = "SAME"
    dilation: int = 1

    def layer(self, scope: Scope) -> Any:
        """The layer, at a place of the network."""
        return scope.conv(
            self.name, self.filters, self.kernel, stride=self.stride, padding=self.padding, dilation=self.dilation
        )


@dataclass(frozen=True)
class Pool:
    """One step of a branch: the mean or maximum over 3 x 3; outside the picture nothing is counted."""

    kind: Literal["AVG", "MAX"]
    stride: int = 1
    padding: Padding = "SAME"

    def layer(self, scope: Scope) -> Any:
        """A function of (input, training)."""
        return lambda x, training=False: tf.nn.pool(x, (3, 3), self.kind, (self.stride, self.stride), self.padding)


Branch = Sequence[Convolve | Pool]


class Mixed:
    """Branches beside each other, their channels joined in order; `Branch_0`, `Branch_1`, … below its scope."""

    def __init__(self, scope: Scope, *branches: Branch) -> None:
        self._branches = [
            [step.layer(scope / f"Branch_{number}") for step in branch] for number, branch in enumerate(branches)
        ]

    def __call__(self, x: Any, training: bool = False) -> Any:
        """(n, h, w, c) to (n, h', w', sum of the branches' channels)."""
        outputs = []
        for branch in self._branches:
            y = x
            for step in branch:
                y = step(y, training=training)
            outputs.append(y)
        return tf.concat(outputs, axis=-1)


class Residual:
    """x + scale x projection(branches(x)): a block of Inception-ResNet (arXiv:1602.07261, section 3.2)."""

    def __init__(self, scope: Scope, *branches: Branch, channels: int, scale: float, activate: bool = True) -> None:
        self._mixed = Mixed(scope, *branches)
        self._projection = scope.conv("Conv2d_1x1", channels, 1, norm="bias", activation=None)
        self._scale, self._activate = scale, activate

    def __call__(self, x: Any, training: bool = False) -> Any:
        """(n, h, w, channels) to the same shape."""
        y = x + self._scale * self._projection(self._mixed(x, training=training))
        return tf.nn.relu(y) if self._activate else y

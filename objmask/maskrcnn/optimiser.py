"""AdamW with gradient clipping, the learning rate's course, and a running mean of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from objmask.models.quiet_tensorflow import tf

_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


def learning_rate(peak: float, step: int, warm_up: int, done: float) -> float:
    """A linear rise over `warm_up` steps, then half a cosine down to 0 (arXiv:1608.03983, equation 5, no restarts).

    Args:
        peak: the largest.
        step: 0-based.
        warm_up: steps; 0: none.
        done: share of the whole training, 0..1.
    """
    rise = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    return peak * rise * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, done))))


class AdamW:
    """Adam (arXiv:1412.6980) with decoupled weight decay (arXiv:1711.05101) of the kernels; biases and norms decay not.

    Attributes:
        slots: `<variable>/m` and `<variable>/v` to the running moments.
    """

    def __init__(self, trained: Mapping[str, Any], decay: float, clip_norm: float) -> None:
        """Args: trained: name to `tf.Variable`; decay: a step times the learning rate; clip_norm: of all gradients."""
        self._trained, self._decay, self._clip_norm = dict(trained), decay, clip_norm
        self.slots = {
            f"{name}/{moment}": tf.Variable(tf.zeros_like(variable), trainable=False)
            for name, variable in trained.items()
            for moment in ("m", "v")
        }

    def apply(self, gradients: Mapping[str, Any], rate: Any, step: Any) -> Any:
        """One step down.

        Args:
            gradients: name to gradient.
            rate: scalar float32, the learning rate.
            step: scalar float32, 1-based.

        Returns:
            The gradients' norm before clipping. If it is not finite, nothing changes.
        """
        clipped, norm = tf.clip_by_global_norm(list(gradients.values()), self._clip_norm)
        finite = tf.math.is_finite(norm)
        beta1, beta2 = (tf.constant(beta) for beta in _BETAS)
        # With a rate, and changes of the moments, of 0 a step of unusable gradients leaves no trace.
        rate = tf.where(finite, rate, 0.0)
        keep1, keep2 = (tf.where(finite, beta, 1.0) for beta in (beta1, beta2))
        for name, gradient in zip(gradients, clipped, strict=True):
            variable = self._trained[name]
            gradient = tf.where(finite, gradient, 0.0)
            if variable.shape.rank > 1 and self._decay:
                variable.assign_sub(variable * (rate * self._decay))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self.slots[f"{name}/m"].handle,
                v=self.slots[f"{name}/v"].handle,
                beta1_power=beta1**step,
                beta2_power=beta2**step,
                lr=rate,
                beta1=keep1,
                beta2=keep2,
                epsilon=_EPSILON,
                grad=gradient,
            )
        return norm


class RunningMean:
    """An exponential mean of all variables, batch norms' statistics included: what is judged and kept.

    Attributes:
        means: name to `tf.Variable`.
    """

    def __init__(self, variables: Mapping[str, Any], decay: float) -> None:
        """Args: variables: name to `tf.Variable`; decay: share of the old mean a step, once there were many steps."""
        self._variables, self._decay = dict(variables), decay
        self.means = {name: tf.Variable(variable, trainable=False) for name, variable in variables.items()}

    def update(self, step: Any) -> None:
        """Takes the variables as they are after `step` (scalar float32, 1-based) in."""
        # Of few steps the mean is over the last tenth or so, or the random beginning would weigh too long.
        keep = tf.minimum(self._decay, (1.0 + step) / (10.0 + step))
        for name, mean in self.means.items():
            mean.assign_sub((mean - self._variables[name]) * (1.0 - keep))

    def swap(self) -> None:
        """Puts the means into the variables and the variables' values into the means; twice is as before."""
        for name, mean in self.means.items():
            variable = self._variables[name]
            value = tf.identity(variable)
            variable.assign(mean)
            mean.assign(value)

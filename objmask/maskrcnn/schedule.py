"""How long a training is to be, and how far it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from objmask.errors import ObjmaskError

_MINUTE_S = 60.0


@dataclass(frozen=True)
class Reached:
    """How far a training is.

    Attributes:
        step: steps done.
        elapsed_s: time spent, over all its runs.
    """

    step: int = 0
    elapsed_s: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        steps: to stop after; None: no limit.
        minutes: to stop after, over all runs; None: no limit. The learning rate follows whichever of the two is nearer
            to its end, so that it reaches 0 there.
        batch: pictures a step.
        rate: the largest learning rate.
        warm_up: steps over which the rate rises.
        seed: of the order, augmentation and sampling.
        threads: that prepare pictures.
        checkpoint_minutes: between two savings.
        evaluations: judgements by the validation pictures on the way, evenly over the training.
        evaluation_pictures: validation pictures of each; at the end all are used.
    """

    steps: int | None = None
    minutes: float | None = None
    batch: int = 8
    rate: float = 1e-3
    warm_up: int = 200
    seed: int = 0
    threads: int = 1
    checkpoint_minutes: float = 5.0
    evaluations: int = 10
    evaluation_pictures: int = 100

    def __post_init__(self) -> None:
        if not self.steps and not self.minutes:
            raise ObjmaskError("a training needs an end: give --steps or --minutes")

    def done(self, reached: Reached) -> float:
        """Share of the training that is done, 1 at the end."""
        shares = [0.0]
        shares += [reached.step / self.steps] if self.steps else []
        shares += [reached.elapsed_s / (self.minutes * _MINUTE_S)] if self.minutes else []
        return min(1.0, max(shares))

    def identity(self) -> dict[str, Any]:
        """What must stay when a training is resumed: all that decides which samples and which rates come."""
        names = ("steps", "minutes", "batch", "rate", "warm_up", "seed")
        return {name: value for name, value in asdict(self).items() if name in names}

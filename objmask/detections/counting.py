"""Which detections of one model count, where that is not as for all models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counting:
    """What counts of a model.

    Attributes:
        score: detections scoring at least this are painted, counted and hidden, 0..1; None: as for all models.
        objects: class names of those that count; None: all.

    Raises:
        ValueError: the score is none.
    """

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - pydantic's way to be told

    score: float | None = None
    objects: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"score: expected 0..1, got {self.score}")


ALL_COUNT = Counting()

"""Training: step after step until the time or the steps are used up, with a log, checkpoints and judgements between."""

from __future__ import annotations

import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from objmask.errors import ObjmaskError
from objmask.evaluation.annotations import Annotations
from objmask.evaluation.mask_ap import Evaluation, mask_ap
from objmask.maskrcnn.augment import Augmentation
from objmask.maskrcnn.in_process import InProcess
from objmask.maskrcnn.learner import Learner
from objmask.maskrcnn.learning_curve import Log
from objmask.maskrcnn.optimiser import learning_rate
from objmask.maskrcnn.samples import Dataset, batches
from objmask.maskrcnn.schedule import Reached, Schedule
from objmask.maskrcnn.training_state import resume, save_model, save_state

LOG = logging.getLogger(__name__)
_LINE_EVERY_S = 10.0
_ROW_EVERY_STEPS = 20
_MINUTE_S = 60.0


class Training:
    """A training in a folder; one that is there is gone on with.

    Attributes:
        learner: the network and what changes it.
        reached: how far it is.
        log: what is known of the way.
    """

    def __init__(
        self,
        learner: Learner,
        data: Dataset,
        validation: Annotations,
        schedule: Schedule,
        out: Path,
        *,
        augmentation: Augmentation | None,
        identity: Mapping[str, Any],
    ) -> None:
        """Resumes if `out` holds a state.

        Args:
            learner: at its beginning.
            data: to learn from.
            validation: to judge by.
            schedule: how long and how fast.
            out: the folder.
            augmentation: how samples are varied; None: not.
            identity: further settings that a resumed training must share, plain JSON types.

        Raises:
            ObjmaskError: `out` holds another training, or a damaged state.
        """
        self.learner, self._data, self._validation, self._schedule = learner, data, validation, schedule
        self._out, self._augmentation = out, augmentation
        self._identity = {**identity, **schedule.identity()}
        self.reached = resume(out, learner, self._identity)
        self.log = Log(out / "log.csv", self.reached.step)
        self._detector = InProcess(learner.network)
        self._evaluated = math.floor(schedule.done(self.reached) * schedule.evaluations)
        if self.reached.step:
            LOG.info("goes on from step %d, %.1f min", self.reached.step, self.reached.elapsed_s / _MINUTE_S)

    def run(self) -> Evaluation:
        """Trains to the end, writes the network and judges it by all validation pictures.

        Raises:
            ObjmaskError: the losses are no longer numbers.
            DataError: a picture or segmentation is damaged.
            SystemExit, KeyboardInterrupt: after a request to stop; the state is saved before.
        """
        with _requests_to_stop() as requests:
            self._learn(requests)
        save_state(self._out, self.learner, self.reached, self._identity)
        save_model(self._out, self.learner)
        LOG.info("judging by %d pictures", len(self._validation.pictures))
        evaluation = self.evaluate(None)
        self.log.judged(self.reached, evaluation)
        self.log.draw()
        return evaluation

    def _learn(self, requests: list[int]) -> None:
        schedule, before = self._schedule, self.reached
        stream = batches(
            self._data,
            schedule.batch,
            seed=schedule.seed,
            start=before.step,
            augmentation=self._augmentation,
            threads=schedule.threads,
        )
        start = shown = saved = time.monotonic()
        try:
            while (done := schedule.done(self.reached)) < 1:
                step = self.reached.step
                rate = learning_rate(schedule.rate, step, schedule.warm_up, done)
                losses = self.learner.step(next(stream), step, rate, schedule.seed)
                if not math.isfinite(losses["total"]):
                    raise ObjmaskError(f"step {step}: the losses are not finite; train anew with less --learning-rate")
                now = time.monotonic()
                self.reached = Reached(step + 1, before.elapsed_s + now - start)
                self.log.add(self.reached, rate, losses)
                if self.reached.step % _ROW_EVERY_STEPS == 0:
                    self.log.row()
                if requests:
                    self._stop(requests[0])
                if now - shown >= _LINE_EVERY_S:
                    shown = now
                    self._show((step + 1 - before.step) * schedule.batch / (now - start), losses)
                if now - saved >= schedule.checkpoint_minutes * _MINUTE_S:
                    saved = now
                    self._save()
                self._judge_if_due()
        finally:
            stream.close()

    def _judge_if_due(self) -> None:
        due = math.floor(self._schedule.done(self.reached) * self._schedule.evaluations)
        # The last one is made at the end, by all pictures.
        if self._evaluated < due < self._schedule.evaluations:
            self._evaluated = due
            evaluation = self.evaluate(self._schedule.evaluation_pictures)
            self.log.judged(self.reached, evaluation)
            self.log.draw()
            LOG.info("step %d: mask AP %.3f, AP50 %.3f", self.reached.step, evaluation.ap, evaluation.ap50)

    def evaluate(self, pictures: int | None) -> Evaluation:
        """Judges the mean of the weights by the first `pictures` of the validation pictures; None: by all."""
        self.learner.average.swap()
        try:
            some = replace(self._validation, pictures=self._validation.pictures[:pictures])
            return mask_ap(self._detector.detect, some)
        finally:
            self.learner.average.swap()

    def _save(self) -> None:
        save_state(self._out, self.learner, self.reached, self._identity)
        save_model(self._out, self.learner)
        self.log.draw()

    def _stop(self, number: int) -> None:
        self._save()
        LOG.info("stopped after step %d; the same command goes on from there", self.reached.step)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def _show(self, rate: float, losses: Mapping[str, float]) -> None:
        done = self._schedule.done(self.reached)
        left_min = self.reached.elapsed_s / _MINUTE_S * (1 / done - 1)
        line = "step %d, %.1f %%: loss %.3f, %.1f pictures/s, %.0f min left"
        LOG.info(line, self.reached.step, 100 * done, losses["total"], rate, left_min)


@contextmanager
def _requests_to_stop() -> Iterator[list[int]]:
    """Collects SIGTERM and ctrl-C instead of unwinding: a step that is half done could not be gone on with."""
    requests: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        requests.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield requests
        return
    before: dict[int, Callable[..., Any] | int | None] = {
        number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

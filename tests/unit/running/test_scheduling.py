"""The scheduler's time must not grow with the square of the number of jobs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from objmask.running.scheduling import lift_default_limit


def limited(text: str) -> SimpleNamespace:
    return SimpleNamespace(job_rate_limiter=JobRateLimiter(MaxJobsPerTimespan.parse_choice(text)))


def test_the_limit_that_nobody_asked_for_is_lifted() -> None:
    scheduler = limited(get_argument_parser().get_default("max_jobs_per_timespan"))
    lift_default_limit(scheduler)
    assert scheduler.job_rate_limiter is None
    lift_default_limit(scheduler)
    assert scheduler.job_rate_limiter is None


@pytest.mark.parametrize("text", ["1/1s", "100/1m", "99/1s"])
def test_one_that_was_asked_for_stays(text: str) -> None:
    scheduler = limited(text)
    before = scheduler.job_rate_limiter
    lift_default_limit(scheduler)
    assert scheduler.job_rate_limiter is before

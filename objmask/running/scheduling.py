"""How Snakemake's scheduler works through the jobs of a run."""

from __future__ import annotations

from typing import Any

_DEFAULT_JOBS, _DEFAULT_TIME_S = 100, 1
"""Snakemake starts no more jobs in this time, unless told otherwise."""


def lift_default_limit(scheduler: Any) -> None:
    """Takes away Snakemake's default limit of jobs a second; one that was asked for stays.

    Because of the limit, Snakemake 9 looks at all ready jobs again a second after each look, and again a second after
    that. So the looks in a second become as many as the jobs that have ended, and the time of a run grows with the
    square of their number. No machine starts so many jobs in a second as the limit allows.

    Args:
        scheduler: Snakemake's, before it starts a job.
    """
    limit = scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (_DEFAULT_JOBS, _DEFAULT_TIME_S):
        scheduler.job_rate_limiter = None

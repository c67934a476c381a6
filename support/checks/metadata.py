"""What is told to whoever asks for the metadata of a job: all that its maker was told, and what was sent."""

from __future__ import annotations

from support.api.exchange import Exchange
from support.api.job import Job
from support.checks.promises import differences
from support.checks.region_of_interest import region_of
from support.core.errors import require


def expect_metadata_of(exchange: Exchange, job: Job, status: str) -> None:
    """See that the metadata are those of a job whose region of interest was not changed.

    Raises:
        ExpectationFailed: they are not; every difference is told.
    """
    told = exchange.answer()
    wanted = {
        **(job.exchange.answer() or {}),
        "status": status,
        "config": dict(job.payload),
        "roi": region_of(job).model_dump(),
    }
    problems = differences("metadata", wanted, told) if isinstance(told, dict) else ["they are no JSON object"]
    if exchange.status != 200:
        problems.insert(0, f"the status is {exchange.status} instead of 200")
    require(f"the metadata of {job.job_id}", problems, exchange)

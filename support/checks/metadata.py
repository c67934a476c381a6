"""What the server tells a client that asks for the metadata of a job: its first answer, and what was sent."""

from __future__ import annotations

from support.api.exchange import Exchange
from support.api.job import Job
from support.checks.job_effects import differences
from support.checks.refusals import status_problems
from support.checks.region_of_interest import region_of
from support.core.errors import require


def expect_metadata_of(exchange: Exchange, job: Job, status: str) -> None:
    """Raise ExpectationFailed unless these are the metadata of a job whose region of interest was not changed."""
    told = exchange.answer()
    wanted = {
        **(job.exchange.answer() or {}),
        "status": status,
        "config": dict(job.payload),
        "roi": region_of(job).model_dump(),
    }
    problems = differences("metadata", wanted, told) if isinstance(told, dict) else ["they are no JSON object"]
    require(f"the metadata of {job.job_id}", status_problems(exchange, 200) + problems, exchange)

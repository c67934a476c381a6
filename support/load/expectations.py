"""What is expected of a server under load; every `expect_…` raises ExpectationFailed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor

from support.api.exchange import Exchange
from support.api.job import Attempt, Job
from support.checks import answers
from support.core.errors import ExpectationFailed, require
from support.core.eventually import eventually
from support.evidence.charts import distribution
from support.evidence.evidence import Evidence
from support.load.figures import Sample, figures_of, limit_problems
from support.profile.settings import Settings

PROMISED = {"jobs": "created", "answers": "read", "first rows": "first_row"}
"""What the limits `load.…_p95_s` of answers are called in the settings."""


def expect_percentile(
    samples: Sequence[Sample], what: str, percent: int, settings: Settings, keep: Callable[[Evidence], None]
) -> None:
    """Raise ExpectationFailed unless so many in 100 came within their limit; `keep` gets a chart of all of them.

    None may have failed, but as many as `load.error_rate` says.
    """
    setting = f"{PROMISED[what]}_p{percent}_s"
    limit_s: float = getattr(settings.load, setting)
    latencies = [sample.latency_s for sample in samples if not sample.error]
    if latencies:
        keep(
            Evidence(
                f"how long {what} took", distribution(f"{what}: latency", latencies, limit_s, f"load.{setting}"), "svg"
            )
        )
    problems = limit_problems(what, figures_of(samples), {setting: limit_s}, settings.load.error_rate)
    require(f"{percent} in 100 {what} within {limit_s:g} s", problems)


def expect_made_or_told(attempts: Sequence[Attempt], settings: Settings) -> list[Job]:
    """The jobs that were accepted; raise ExpectationFailed unless each other one was refused as one too many.

    As many as `load.jobs_at_once` must be accepted, and a refusal must name the jobs as its reason.
    """
    jobs, problems = [], []
    for attempt in attempts:
        exchange = attempt.exchange
        if exchange.status in settings.answers.accepted_statuses:
            jobs.append(answers.expect_accepted(attempt, settings.answers, settings.naming))
        elif exchange.status not in settings.answers.too_many_jobs_statuses or "jobs" not in exchange.detail():
            problems.append(f"neither accepted nor refused because of too many jobs: {exchange}")
    promised = min(len(attempts), settings.load.jobs_at_once)
    if len(jobs) < promised:
        problems.append(f"{len(jobs)} of {len(attempts)} were accepted, fewer than {promised} (load.jobs_at_once)")
    require("every job to be accepted, or refused because there are too many", problems[:5])
    return jobs


def expect_recovery(ask: Callable[[], Exchange], settings: Settings) -> None:
    """Raise ExpectationFailed unless a job is made as quickly as half of all should be, within the time to recover."""
    usual_s = settings.load.created_p50_s

    def slowness(exchange: Exchange) -> list[str]:
        accepted = exchange.status in settings.answers.accepted_statuses
        took = f"it took {exchange.elapsed_s:.3f} s, not {usual_s:g} s (load.created_p50_s)"
        return [f"seen: {exchange}"] if not accepted else [took] if exchange.elapsed_s > usual_s else []

    policy = settings.time_limits.wait_policy("recovered_s")
    eventually("a new job as quickly as before the load", ask, slowness, policy)


def expect_rows_as_estimated(rows: int, seconds: float, lines_dt_s: float, tolerance: float) -> None:
    """Raise ExpectationFailed unless a row came each `lines_dt_s`, give or take one."""
    estimated = seconds / lines_dt_s
    least, most = floor(estimated * (1 - tolerance)) - 1, estimated * (1 + tolerance) + 1
    told = f"there are {rows} in {seconds:.1f} s, at one in {lines_dt_s:g} s (load.row_rate_tolerance)"
    require(f"{least} to {most:.0f} rows", [] if least <= rows <= most else [told])


def expect_few_round_trips(exchanges: Sequence[Exchange], round_trip_s: float, settings: Settings) -> None:
    """Raise ExpectationFailed if an answer over a slow network took more round trips than `load.round_trips`."""
    most = settings.load.round_trips
    too_fast = [exchange for exchange in exchanges if exchange.elapsed_s < round_trip_s]
    if too_fast:
        raise ExpectationFailed(f"expected the network to take {round_trip_s:g} s for a round trip\n  - {too_fast[0]}")
    late = [
        f"{exchange.elapsed_s / round_trip_s:.1f} round trips, more than {most} (load.round_trips): {exchange}"
        for exchange in exchanges
        if exchange.elapsed_s > most * round_trip_s
    ]
    require(f"no answer to take more than {most} round trips of {round_trip_s:g} s", late)

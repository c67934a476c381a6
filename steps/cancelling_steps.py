"""Ending jobs."""

from collections.abc import Callable
from contextlib import suppress

from behave import register_type, then, when

from steps.scenario_state import Context
from steps.words import choice
from support.checks import answers


class HalfWay(Exception):
    """The failure that a scenario is about."""


def fail_half_way(job_id: str) -> None:
    raise HalfWay(job_id)


@when("{jobs:Jobs} is cancelled{clients:AtOnce}")
def the_job_is_cancelled(context: Context, jobs: str, clients: int) -> None:
    (job_id,) = context.state.ids_of(jobs)
    client = context.state.client
    context.state.exchanges = client.cancel_at_once(job_id, clients) if clients > 1 else [client.cancel(job_id)]


@when("the work with a temporary job fails half way")
def the_work_with_a_temporary_job_fails(context: Context) -> None:
    with suppress(HalfWay):
        context.state.client.use_temporary_job(context.state.configuration, fail_half_way)


def expect_confirmed(context: Context) -> None:
    answers.expect_cancelled(context.state.exchanges, context.state.job.job_id, context.state.settings.answers)


def expect_confirmed_in_time(context: Context) -> None:
    client, job_id, told = context.state.client, context.state.job.job_id, context.state.settings.answers
    recovery = context.state.session.timing.expect_recovery
    recovery("the job to be cancelled", lambda: client.cancel(job_id), told.cancelled_statuses)


def expect_no_harm(context: Context) -> None:
    answers.expect_cancelled_again(context.state.exchange, context.state.settings.answers)


OUTCOMES = {
    "is confirmed": expect_confirmed,
    "is confirmed within the promised time": expect_confirmed_in_time,
    "does no harm": expect_no_harm,
}
register_type(Cancelling=choice("What becomes of a cancelling: `is confirmed`.", OUTCOMES))


@then("the cancelling {expect:Cancelling}")
def the_cancelling_is_confirmed(context: Context, expect: Callable[[Context], None]) -> None:
    expect(context)

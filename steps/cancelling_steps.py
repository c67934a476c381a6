"""Ending jobs."""

from contextlib import suppress

from behave import then, when

from steps.scenario_state import Context
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


@then("the cancelling {outcome:Cancelling}")
def the_cancelling_is_confirmed(context: Context, outcome: str) -> None:
    exchanges, job_id, told = context.state.exchanges, context.state.job.job_id, context.state.settings.answers
    if outcome == "does no harm":
        answers.expect_cancelled_again(context.state.exchange, told)
    elif outcome == "is confirmed":
        answers.expect_cancelled(exchanges, job_id, told)
    else:
        session, cancel = context.state.session, context.state.client.cancel
        session.timing.expect_recovery("the job to be cancelled", lambda: cancel(job_id), told.cancelled_statuses)

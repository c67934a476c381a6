"""Ending jobs."""

from behave import then, when

from steps.scenario_state import Context
from support.checks import answers


class HalfWay(Exception):
    """The failure that a scenario is about; its text is the id of the job that was being worked with."""


def fail_half_way(job_id: str) -> None:
    raise HalfWay(job_id)


@when("{jobs:Jobs} is cancelled")
def the_job_is_cancelled(context: Context, jobs: str) -> None:
    (job_id,) = context.state.ids_of(jobs)
    context.state.exchanges = [context.state.client.cancel(job_id)]


@when("{jobs:Jobs} is cancelled by {clients:d} clients at once")
def the_job_is_cancelled_at_once(context: Context, jobs: str, clients: int) -> None:
    (job_id,) = context.state.ids_of(jobs)
    context.state.exchanges = context.state.client.cancel_at_once(job_id, clients)


@when("the first of them is cancelled")
def the_first_is_cancelled(context: Context) -> None:
    context.state.job, context.state.other_job = context.state.jobs
    the_job_is_cancelled(context, "the job")


@when("the work with a temporary job fails half way")
def the_work_with_a_temporary_job_fails(context: Context) -> None:
    try:
        context.state.client.use_temporary_job(context.state.configuration, fail_half_way)
    except HalfWay as failure:
        context.state.abandoned = str(failure)


@then("the cancelling is confirmed")
def the_cancelling_is_confirmed(context: Context) -> None:
    answers.expect_cancelled(context.state.exchanges, context.state.job.job_id, context.state.settings.answers)


@then("the cancelling is confirmed within the promised time")
def the_cancelling_is_confirmed_in_time(context: Context) -> None:
    session, job_id = context.state.session, context.state.job.job_id
    statuses = context.state.settings.answers.cancelled_statuses
    session.timing.expect_recovery("the job to be cancelled", lambda: session.client.cancel(job_id), statuses)


@then("the cancelling does no harm")
def the_cancelling_does_no_harm(context: Context) -> None:
    answers.expect_cancelled_again(context.state.exchange, context.state.settings.answers)

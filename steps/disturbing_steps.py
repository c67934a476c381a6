"""What happens to the stores behind the server's back."""

from __future__ import annotations

from behave import given, then, when
from behave.runner import Context

from support import refusals


@when("its analyzer exits")
def its_analyzer_exits(context: Context) -> None:
    context.case.disturbances.end_analyzer(context.job.job_id)


@when("its work queue is taken away")
def its_queue_is_taken_away(context: Context) -> None:
    context.case.disturbances.take_queue_away(context.job.job_id)


@given("a message broker that takes no more queues")
def a_broker_that_takes_no_more(context: Context) -> None:
    if not (context.run.settings.exclusive and context.run.stores.queues.sees_unnamed):
        context.scenario.skip("this needs a broker of one's own, with its management API")
        return
    context.case.disturbances.refuse_queues()


@when("the message broker takes queues again")
def the_broker_takes_queues_again(context: Context) -> None:
    context.case.disturbances.undo()


@then("it is said that {dependency} is not available")
def it_is_not_available(context: Context, dependency: str) -> None:
    statuses = context.run.settings.answers.unavailable_statuses
    for attempt in context.attempts:
        refusals.turned_away(attempt.exchange, statuses, f"to be told that {dependency} is not available", dependency)

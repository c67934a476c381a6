"""What happens to the stores behind the server's back."""

from __future__ import annotations

from collections.abc import Sequence

from behave import given, then, when
from behave.runner import Context

from steps.kept import alone_or_skipped
from support import refusals
from support.answers import Attempt


def outage_or_skipped(context: Context, dependency: str) -> bool:
    """Whether the way to a store can be broken; if not, the scenario is skipped."""
    if not alone_or_skipped(context):
        return False
    possible: bool = context.case.disturbances.outages.possible(dependency)
    if not possible:
        context.scenario.skip(f"this needs a Toxiproxy between server and {dependency} (settings toxiproxy.*)")
    return possible


def request_until(context: Context, begun: Sequence[str], breaking: Sequence[str]) -> Attempt:
    """Ask for the job, and break the ways to stores when such effects of it show."""
    case = context.case

    def break_down() -> None:
        case.books.await_begun(*begun)
        for dependency in breaking:
            case.disturbances.outages.cut_off(dependency)

    attempt: Attempt = case.request_job_meanwhile(context.configuration, break_down)
    return attempt


@given("a cluster that runs no analyzers of its own")
def a_cluster_of_stand_ins(context: Context) -> None:
    alone_or_skipped(context)


@when("its analyzer {ends:AnalyzerEnd}")
def its_analyzer_ends(context: Context, ends: str) -> None:
    context.case.disturbances.finish_analyzer(context.job.job_id, ends)


@when("its analyzer is deleted")
def its_analyzer_is_deleted(context: Context) -> None:
    context.case.disturbances.delete_analyzer(context.job.job_id)


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


@given("{dependency:Dependency} cannot be reached")
@when("{dependency:Dependency} cannot be reached any more")
def it_cannot_be_reached(context: Context, dependency: str) -> None:
    if outage_or_skipped(context, dependency):
        context.case.disturbances.outages.cut_off(dependency)


@given("{dependency:Dependency} does not answer")
def it_does_not_answer(context: Context, dependency: str) -> None:
    if outage_or_skipped(context, dependency):
        context.case.disturbances.outages.silence(dependency)


@given("{dependency:Dependency} does as it is told, but its answers are lost")
def its_answers_are_lost(context: Context, dependency: str) -> None:
    if outage_or_skipped(context, dependency):
        context.case.disturbances.outages.lose_answers(dependency)


@given("{dependency:Dependency} takes its time to answer")
def it_takes_its_time(context: Context, dependency: str) -> None:
    if outage_or_skipped(context, dependency):
        context.case.disturbances.outages.slow_down(dependency)


@when("the job is requested, and {first:Dependency} and {second:Dependency} break down when its analyzer is there")
def two_break_down(context: Context, first: str, second: str) -> None:
    if outage_or_skipped(context, first) and outage_or_skipped(context, second):
        context.attempts = [request_until(context, ["task record", "analyzer"], [first, second])]


@when("the job is requested, and {dependency:Dependency} breaks down when its queue is there")
def one_breaks_down(context: Context, dependency: str) -> None:
    if outage_or_skipped(context, dependency):
        context.attempts = [request_until(context, ["work queue"], [dependency])]


@when("all stores can be reached again")
def all_can_be_reached_again(context: Context) -> None:
    context.case.disturbances.outages.end()


@then("it is said within the promised time")
def it_is_said_in_time(context: Context) -> None:
    context.case.expect_in_time([attempt.exchange for attempt in context.attempts], "unavailable_answered_s")


@then("it is said that {dependency} is not available")
def it_is_not_available(context: Context, dependency: str) -> None:
    statuses = context.run.settings.answers.unavailable_statuses
    for attempt in context.attempts:
        refusals.turned_away(attempt.exchange, statuses, f"to be told that {dependency} is not available", dependency)

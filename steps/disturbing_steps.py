"""What happens to the effects of a job, and to the broker, behind the server's back."""

from __future__ import annotations

from behave import given, when
from behave.runner import Context

from steps.kept import alone_or_skipped


@given("a cluster that runs no analyzers of its own")
def a_cluster_of_stand_ins(context: Context) -> None:
    alone_or_skipped(context)


@when("its analyzer {ends:AnalyzerEnd}")
def its_analyzer_ends(context: Context, ends: str) -> None:
    context.session.disturbances.finish_analyzer(context.job.job_id, ends)


@when("its analyzer is deleted")
def its_analyzer_is_deleted(context: Context) -> None:
    context.session.disturbances.delete_analyzer(context.job.job_id)


@when("its work queue is taken away")
def its_queue_is_taken_away(context: Context) -> None:
    context.session.disturbances.take_queue_away(context.job.job_id)


@given("a message broker that takes no more queues")
def a_broker_that_takes_no_more(context: Context) -> None:
    if not (context.run.settings.exclusive and context.run.stores.queues.sees_unnamed):
        context.scenario.skip("this needs a broker of one's own, with its management API")
        return
    context.session.disturbances.refuse_queues()


@when("the message broker takes queues again")
def the_broker_takes_queues_again(context: Context) -> None:
    context.session.disturbances.undo()

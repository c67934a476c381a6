"""What happens to the effects of a job, and to the broker, behind the server's back."""

from behave import given, when

from steps.scenario_state import Context


@given("a cluster that runs no analyzers of its own")
def a_cluster_of_stand_ins(context: Context) -> None:
    context.state.skip_unless_alone()


@when("its analyzer {ends:AnalyzerEnd}")
def its_analyzer_ends(context: Context, ends: str) -> None:
    context.state.session.disturbances.finish_analyzer(context.state.job.job_id, ends)


@when("its analyzer is deleted")
def its_analyzer_is_deleted(context: Context) -> None:
    context.state.session.disturbances.delete_analyzer(context.state.job.job_id)


@when("its work queue is taken away")
def its_queue_is_taken_away(context: Context) -> None:
    context.state.session.disturbances.delete_queue(context.state.job.job_id)


@given("a message broker that takes no more queues")
def a_broker_that_takes_no_more(context: Context) -> None:
    possible = context.state.settings.exclusive and context.state.stores.queues.sees_unnamed
    context.state.skip_unless(possible, "this needs a broker of one's own, with its management API")
    context.state.session.disturbances.refuse_queues()


@when("the message broker takes queues again")
def the_broker_takes_queues_again(context: Context) -> None:
    context.state.session.disturbances.undo()

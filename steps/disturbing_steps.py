"""What happens to the effects of a job, and to the broker, behind the server's back."""

from collections.abc import Callable

from behave import given, when

from steps.scenario_state import Context
from support.faults.disturbances import Disturbances


@given("a cluster that runs no analyzers of its own")
def a_cluster_of_stand_ins(context: Context) -> None:
    context.state.skip_unless_alone()


@when("its analyzer {ends:AnalyzerEnd}")
def its_analyzer_ends(context: Context, ends: str) -> None:
    context.state.session.disturbances.finish_analyzer(context.state.job.job_id, ends)


@when("its {part:Disturbed}")
def its_part_is_disturbed(context: Context, part: Callable[[Disturbances, str], None]) -> None:
    part(context.state.session.disturbances, context.state.job.job_id)


@given("a message broker that takes no more queues")
def a_broker_that_takes_no_more(context: Context) -> None:
    possible = context.state.settings.exclusive and context.state.stores.queues.sees_unnamed
    context.state.skip_unless(possible, "this needs a broker of one's own, with its management API")
    context.state.session.disturbances.refuse_queues()


@when("the message broker takes queues again")
def the_broker_takes_queues_again(context: Context) -> None:
    context.state.session.disturbances.undo()

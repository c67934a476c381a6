"""What happens to the effects of a job, and to RabbitMQ and Kubernetes, behind the server's back."""

from collections.abc import Callable

from behave import given, when

from steps.scenario_state import Context
from support.faults.disturbances import Disturbances


@given("a Kubernetes that runs no analyzers of its own")
def a_kubernetes_without_analyzers_of_its_own(context: Context) -> None:
    context.state.skip_unless_alone()


@when("its {part:Disturbed}")
def its_part_is_disturbed(context: Context, part: Callable[[Disturbances, str], None]) -> None:
    part(context.state.session.disturbances, context.state.job.job_id)


@given("RabbitMQ takes no more queues")
def rabbitmq_takes_no_more_queues(context: Context) -> None:
    possible = context.state.settings.exclusive and context.state.stores.queues.sees_unnamed
    context.state.skip_unless(possible, "this needs a RabbitMQ of one's own, with its management API")
    context.state.session.disturbances.refuse_queues()


@given("Kubernetes takes no more analyzers")
def kubernetes_takes_no_more_analyzers(context: Context) -> None:
    context.state.skip_unless_alone()
    context.state.session.disturbances.refuse_analyzers()

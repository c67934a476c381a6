"""What stands behind an accepted job, looked for in the stores themselves."""

from collections.abc import Callable

from behave import register_type, then

from steps.scenario_state import Context
from steps.words import choice
from support.api.job import Job
from support.checks.promises import Promises

PROMISES: dict[str, Callable[[Promises, Job], object]] = {
    "record is complete": Promises.expect_complete_record,
    "analyzer runs with its configuration": Promises.expect_running_analyzer,
    "work queue is served by one consumer": lambda promises, job: promises.expect_served_queues([job]),
    "pods are healthy": Promises.expect_healthy_pods,
    "side effects were there when the answer came": Promises.expect_there,
}
register_type(Promise=choice("One promise of a job: `record is complete`.", PROMISES))


@then("its {expect:Promise}")
def its_promise_is_kept(context: Context, expect: Callable[[Promises, Job], object]) -> None:
    expect(context.state.session.promises, context.state.job)


@then("{jobs:Jobs} keeps all its promises")
def the_jobs_keep_their_promises(context: Context, jobs: str) -> None:
    context.state.session.promises.expect_fulfilled(context.state.jobs_called(jobs))

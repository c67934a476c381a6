"""What stands behind an accepted job, looked for in the stores themselves."""

from behave import then

from steps.scenario_state import Context


@then("the record of the job is complete")
def the_record_is_complete(context: Context) -> None:
    context.state.session.promises.expect_complete_record(context.state.job)


@then("its analyzer runs with its configuration")
def its_analyzer_runs(context: Context) -> None:
    context.state.session.promises.expect_running_analyzer(context.state.job)


@then("its work queue is served by one consumer")
def its_queue_is_served(context: Context) -> None:
    context.state.session.promises.expect_served_queues([context.state.job])


@then("{jobs:Jobs} keeps all its promises")
def the_jobs_keep_their_promises(context: Context, jobs: str) -> None:
    context.state.session.promises.expect_fulfilled(context.state.jobs_called(jobs))

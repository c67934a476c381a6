"""What stands behind an accepted job, looked for in the stores themselves."""

from __future__ import annotations

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


@then("the job keeps all its promises")
def the_job_keeps_its_promises(context: Context) -> None:
    context.state.session.promises.expect_kept([context.state.job])


@then("the other job keeps all its promises")
def the_other_job_keeps_its_promises(context: Context) -> None:
    context.state.session.promises.expect_kept([context.state.other_job])


@then("every job keeps all its promises")
def every_job_keeps_its_promises(context: Context) -> None:
    context.state.session.promises.expect_kept(context.state.jobs)

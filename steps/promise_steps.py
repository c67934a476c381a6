"""What stands behind an accepted job, looked for in the stores themselves."""

from __future__ import annotations

from behave import then
from behave.runner import Context


@then("the record of the job is complete")
def the_record_is_complete(context: Context) -> None:
    context.case.promises.record_is_complete(context.job)


@then("its analyzer runs with its configuration")
def its_analyzer_runs(context: Context) -> None:
    context.case.promises.analyzer_runs(context.job)


@then("its work queue is served by one consumer")
def its_queue_is_served(context: Context) -> None:
    context.case.promises.queues_are_served([context.job])


@then("the job keeps all its promises")
def the_job_keeps_its_promises(context: Context) -> None:
    context.case.promises.are_kept([context.job])


@then("the other job keeps all its promises")
def the_other_job_keeps_its_promises(context: Context) -> None:
    context.case.promises.are_kept([context.other_job])


@then("every job keeps all its promises")
def every_job_keeps_its_promises(context: Context) -> None:
    context.case.promises.are_kept(context.jobs)

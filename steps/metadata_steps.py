"""What the metadata of a job say."""

from behave import then

from steps.scenario_state import Context
from support.checks import metadata


@then("the metadata is that of {whose:MetadataOf}")
def the_metadata_is_that_of(context: Context, whose: str) -> None:
    exchanges, answers = context.state.exchanges, context.state.settings.answers
    jobs = context.state.jobs if whose == "every job" else [context.state.job] * len(exchanges)
    status = answers.cancelled_status if whose == "the cancelled job" else answers.configured_status
    for exchange, job in zip(exchanges, jobs, strict=True):
        metadata.expect_metadata_of(exchange, job, status)


@then("the metadata agree with {part:JobPart}")
def the_metadata_agree_with(context: Context, part: str) -> None:
    records = context.state.stores.records.of_job(context.state.job.job_id)
    for exchange in context.state.exchanges:
        if part == "the record of the job":
            metadata.expect_as_recorded(exchange, records, context.state.settings.naming.client_task_id)
        else:
            metadata.expect_rows_as_told(exchange, context.state.waterfall.rows)

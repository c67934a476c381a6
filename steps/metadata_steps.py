"""What the metadata of a job say."""

from behave import then, when

from steps.scenario_state import Context
from support.checks import metadata, refusals


@when("the metadata of {jobs:Jobs} is asked for")
@when("the metadata of {jobs:Jobs} is asked for {count:d} times")
def the_metadata_is_asked_for(context: Context, jobs: str, count: int = 1) -> None:
    path, send = context.state.settings.paths.metadata, context.state.client.send
    context.state.exchanges = [send("GET", path.format(job_id=id_)) for id_ in context.state.ids_of(jobs) * count]


@then("the metadata is that of the job")
def the_metadata_is_that_of_the_job(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_metadata_of(exchange, context.state.job, context.state.settings.answers.configured_status)


@then("the metadata agree with the record of the job")
def the_metadata_agree_with_the_record(context: Context) -> None:
    records = context.state.stores.records.of_job(context.state.job.job_id)
    for exchange in context.state.exchanges:
        metadata.expect_as_recorded(exchange, records, context.state.settings.naming.client_task_id)


@then("the rows are as the metadata say")
def the_rows_are_as_the_metadata_say(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_rows_as_told(exchange, context.state.waterfall.rows)


@then("each metadata is that of its job")
def each_metadata_is_that_of_its_job(context: Context) -> None:
    for exchange, job in zip(context.state.exchanges, context.state.jobs, strict=True):
        metadata.expect_metadata_of(exchange, job, context.state.settings.answers.configured_status)


@then("the metadata says that the job was cancelled")
def the_metadata_says_cancelled(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_metadata_of(exchange, context.state.job, context.state.settings.answers.cancelled_status)


@then("it is said that there is no such job")
def there_is_no_such_job(context: Context) -> None:
    unknown = context.state.settings.answers.unknown_statuses
    for exchange in context.state.exchanges:
        refusals.expect_error_response(exchange, unknown, "that there is no such job, and that it is said")

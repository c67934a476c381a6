"""What is known of a job to whoever asks."""

from __future__ import annotations

from behave import then, when

from steps.scenario_state import Context
from support.api.exchange import Exchange
from support.checks import metadata, refusals


def metadata_of(context: Context, job_id: str) -> Exchange:
    exchange: Exchange = context.state.session.send("GET", context.state.settings.paths.metadata.format(job_id=job_id))
    return exchange


@when("the metadata of the job is asked for")
def the_metadata_is_asked_for(context: Context) -> None:
    context.state.exchanges = [metadata_of(context, context.state.job.job_id)]


@when("the metadata of the job is asked for {count:d} times")
def the_metadata_is_asked_for_often(context: Context, count: int) -> None:
    context.state.exchanges = [metadata_of(context, context.state.job.job_id) for _ in range(count)]


@when("the metadata of every job is asked for")
def the_metadata_of_every_job(context: Context) -> None:
    context.state.exchanges = [metadata_of(context, job.job_id) for job in context.state.jobs]


@when("the metadata of a job that nobody made is asked for")
def the_metadata_of_an_unknown_job(context: Context) -> None:
    context.state.exchanges = [metadata_of(context, context.state.settings.naming.unknown_job_id)]


@then("the metadata is that of the job")
@then("the metadata is that of the job every time")
def the_metadata_is_that_of_the_job(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_metadata_of(exchange, context.state.job, context.state.settings.answers.configured_status)


@then("each metadata is that of its job")
def each_metadata_is_that_of_its_job(context: Context) -> None:
    for exchange, job in zip(context.state.exchanges, context.state.jobs, strict=True):
        metadata.expect_metadata_of(exchange, job, context.state.settings.answers.configured_status)


@then("the metadata says that the job was cancelled")
def the_metadata_says_cancelled(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_metadata_of(exchange, context.state.job, context.state.settings.answers.cancelled_status)


@then("it is said that there is no such job")
@then("it is said each time that there is no such job")
def there_is_no_such_job(context: Context) -> None:
    unknown = context.state.settings.answers.unknown_statuses
    for exchange in context.state.exchanges:
        refusals.expect_error_response(exchange, unknown, "that there is no such job, and that it is said")

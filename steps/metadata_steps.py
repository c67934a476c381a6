"""What the metadata of a job say."""

from collections.abc import Callable

from behave import register_type, then

from steps.scenario_state import Context
from steps.words import choice
from support.checks import metadata

# The words of `Jobs`, and the setting of the status.
METADATA_OF = {
    "the job": ("the job", "configured_status"),
    "every job": ("every job", "configured_status"),
    "the cancelled job": ("the job", "cancelled_status"),
}


def expect_as_recorded(context: Context) -> None:
    records = context.state.stores.records.of_job(context.state.job.job_id)
    for exchange in context.state.exchanges:
        metadata.expect_as_recorded(exchange, records, context.state.settings.naming.client_task_id)


def expect_rows_as_told(context: Context) -> None:
    for exchange in context.state.exchanges:
        metadata.expect_rows_as_told(exchange, context.state.waterfall.rows)


AGREEMENTS = {"the record of the job": expect_as_recorded, "the rows of the job": expect_rows_as_told}
register_type(
    MetadataOf=choice("Whose metadata they are: `the job`.", METADATA_OF),
    JobPart=choice("What the metadata of a job agree with.", AGREEMENTS),
)


@then("the metadata is that of {whose:MetadataOf}")
def the_metadata_is_that_of(context: Context, whose: tuple[str, str]) -> None:
    words, setting = whose
    exchanges, jobs = context.state.exchanges, context.state.jobs_called(words)
    # Those of each job are asked for equally often.
    for exchange, job in zip(exchanges, jobs * (len(exchanges) // len(jobs)), strict=True):
        metadata.expect_metadata_of(exchange, job, getattr(context.state.settings.answers, setting))


@then("the metadata agree with {expect:JobPart}")
def the_metadata_agree_with(context: Context, expect: Callable[[Context], None]) -> None:
    expect(context)

"""The figures of a job, as they follow from its configuration."""

from collections.abc import Callable, Sequence

from behave import then, when

from steps.parameter_types import set_to
from steps.scenario_state import Context
from support.api.job import Job
from support.checks import answers, measurements
from support.checks.waterfall import Waterfall
from support.contract.limits import PARAMETERS
from support.evidence.evidence import Evidence


@then("the {figure:Figure} of {jobs:Jobs} is as configured")
def the_figure_is_as_configured(context: Context, figure: str, jobs: str) -> None:
    for job in context.state.jobs_called(jobs):
        context.state.expect_figure(figure, job)


@then("the measured {measurement:Measurement} of {jobs:Jobs} is as configured")
def the_measurement_is_as_configured(context: Context, measurement: str, jobs: str) -> None:
    for job in context.state.jobs_called(jobs):
        expect_as_configured(context, measurement, context.state.waterfall_of(job))


@then("each has {expect:Proportion} of the one before")
def each_has_a_proportion_of_the_one_before(
    context: Context, expect: Callable[[Sequence[measurements.Measured]], None]
) -> None:
    expect([measurements.expect_measured(context.state.waterfall_of(job)) for job in context.state.jobs])


def expect_as_configured(context: Context, measurement: str, waterfall: Waterfall) -> None:
    measured, job = measurements.expect_measured(waterfall), waterfall.job
    title = f"measured on {len(waterfall.rows)} rows of {job.job_id}"
    context.state.keep(Evidence(title, measured.shown(), "text"))
    measurements.expect_as_configured(measurement, measured, context.state.figures_of(job))


@then("their mappings of channels to streams {expect:Alike}")
def their_mappings_are_alike(context: Context, expect: Callable[[Sequence[Job]], None]) -> None:
    expect(context.state.jobs)


@when("a single channel is opened and closed {count:d} times, each time another one")
def a_single_channel_is_opened_and_closed(context: Context, count: int) -> None:
    state, attempts, cancelled = context.state, [], []
    for number in range(1, count + 1):
        state.configure(state.payload_of("single channel job", [set_to(PARAMETERS["channel"], number)]))
        state.request_job()
        attempts += state.attempts
        cancelled += [state.client.cancel(job_id) for one in state.exchanges if (job_id := one.job_id())]
    state.asked(*attempts)
    state.exchanges = cancelled


@then("every one of them was accepted, mapped to its own channel, and cancelled")
def every_one_was_mapped_to_its_own(context: Context) -> None:
    context.state.accept()
    for job, exchange in zip(context.state.jobs, context.state.exchanges, strict=True):
        context.state.expect_figure("mapping of channels to streams", job)
        answers.expect_cancelled([exchange], job.job_id, context.state.settings.answers)

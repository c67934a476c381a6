"""The figures of a job, as they follow from its configuration."""

from behave import then, when

from steps.parameter_types import set_to
from steps.scenario_state import Context
from support.checks import answers, measurements
from support.checks.waterfall import Waterfall
from support.contract.limits import PARAMETERS
from support.core.errors import require
from support.evidence.evidence import Evidence


@then("its {figure} follows from its configuration")
def its_figure_follows(context: Context, figure: str) -> None:
    context.state.expect_figure(figure, context.state.job)


@then("its measured {measurement:Measurement} is that of its configuration")
def its_measurement_is_right(context: Context, measurement: str) -> None:
    expect_as_configured(context, measurement, context.state.waterfall)


@then("each has twice the time between rows of the one before")
def each_has_twice_the_time(context: Context) -> None:
    measured = [measurements.expect_measured(one.rows) for one in context.state.waterfalls]
    measurements.expect_in_proportion(measured, "time between rows", lambda one: one.lines_dt_s, 2)


@then("each has half the frequency resolution of the one before")
def each_has_half_the_resolution(context: Context) -> None:
    measured = [measurements.expect_measured(one.rows) for one in context.state.waterfalls]
    measurements.expect_steps_halved(measured)


@then("the windows of each overlap by the promised share")
def the_windows_overlap(context: Context) -> None:
    for one in context.state.waterfalls:
        expect_as_configured(context, "overlap of windows", one)


def expect_as_configured(context: Context, measurement: str, waterfall: Waterfall) -> None:
    measured, job = measurements.expect_measured(waterfall.rows), waterfall.job
    duration_s = job.payload["displayTimeAxisDuration"]
    title = f"measured on {len(waterfall.rows)} rows of {job.job_id}"
    context.state.keep(Evidence(title, measured.shown(duration_s), "text"))
    measurements.expect_as_configured(measurement, measured, context.state.figures_of(job), duration_s)


@then("their mappings of channels to streams differ")
def their_mappings_differ(context: Context) -> None:
    told = answers.mappings(context.state.jobs)
    require("no two mappings alike", ["some are"] if any(told.count(one) > 1 for one in told) else [], told)


@then("their mappings of channels to streams are the same")
def their_mappings_are_the_same(context: Context) -> None:
    told = answers.mappings(context.state.jobs)
    require("all mappings alike", ["some differ"] if any(one != told[0] for one in told) else [], told)
    context.state.expect_figure("mapping of channels to streams", context.state.jobs[0])


@then("both have the channels and streams of their own configuration")
def both_have_their_own(context: Context) -> None:
    for job in (context.state.other_job, context.state.job):
        for figure in ("number of channels", "number of streams", "mapping of channels to streams"):
            context.state.expect_figure(figure, job)


@then("both have the same frequencies and the same time between rows")
def both_have_the_same(context: Context) -> None:
    answers.expect_same_figures(context.state.other_job, context.state.job)


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

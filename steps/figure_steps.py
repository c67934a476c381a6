"""The figures of a job, as they follow from its configuration."""

from behave import then, when

from steps.parameter_types import set_to
from steps.scenario_state import Context
from support.checks import answers
from support.contract.limits import PARAMETERS
from support.core.errors import require


@then("its {figure} follows from its configuration")
def its_figure_follows(context: Context, figure: str) -> None:
    context.state.expect_figure(figure, context.state.job)


@then("each has twice the time between rows of the one before")
def each_has_twice_the_time(context: Context) -> None:
    answers.expect_in_proportion(context.state.jobs, "time between rows", lambda answer: answer["lines_dt"], 2)


@then("each has half the frequency resolution of the one before")
def each_has_half_the_resolution(context: Context) -> None:
    answers.expect_in_proportion(
        context.state.jobs,
        "frequency resolution",
        lambda answer: answer["frequencies_list"][1] - answer["frequencies_list"][0],
        0.5,
    )


@then("the windows of each overlap by the promised share")
def the_windows_overlap(context: Context) -> None:
    for job in context.state.jobs:
        context.state.expect_figure("overlap of windows", job)


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


@when("a single channel is opened and closed {count:d} times, each time another one")
def a_single_channel_is_opened_and_closed(context: Context, count: int) -> None:
    state, made = context.state, []
    for number in range(1, count + 1):
        state.configure(state.payload_of("single channel job", [set_to(PARAMETERS["channel"], number)]))
        state.request_job()
        state.accept_one()
        made.append(state.job)
        answers.expect_cancelled([state.client.cancel(state.job.job_id)], state.job.job_id, state.settings.answers)
    state.jobs = made


@then("every one of them was mapped to its own channel")
def every_one_was_mapped_to_its_own(context: Context) -> None:
    for job in context.state.jobs:
        context.state.expect_figure("mapping of channels to streams", job)

"""Changing the region of interest of a running job."""

from behave import register_type, then, when

from steps.region_types import AskedRegion
from steps.scenario_state import Context
from steps.words import choice

MESSAGES = {
    "no JSON": b"\x00 no JSON",
    "no object": b"[1]",
    "another command": b'{"command": "forget_roi", "roi": {"start": 10, "end": 110}}',
}
register_type(Message=choice("A message that is no command for a region: `no JSON`.", MESSAGES))


@when("a region of interest {region:Region} is asked for")
def a_region_is_asked_for(context: Context, region: AskedRegion) -> None:
    start, end, besides = region(context.state.region.in_force, context.state.settings.limits)
    context.state.region.expect_reply(start, end, **besides)


@then("the region of interest is changed")
def the_region_is_changed(context: Context) -> None:
    context.state.region.expect_changed()


@when("a message that is {message:Message} is put into its queue")
def a_message_is_put(context: Context, message: bytes) -> None:
    context.state.session.promises.put_message(context.state.job, message)


@then("the region of interest of {jobs:Jobs} is as it was")
def the_region_is_as_it_was(context: Context, jobs: str) -> None:
    for job in context.state.jobs_called(jobs):
        region = context.state.region if job is context.state.job else context.state.region_of_interest(job)
        region.expect_in_force()


@then("the message was taken from the queue")
def the_message_was_taken(context: Context) -> None:
    context.state.session.promises.expect_messages_taken([context.state.job])


@then("no command reaches the job")
def no_command_reaches_the_job(context: Context) -> None:
    context.state.region.expect_out_of_reach()


@then("its rows show the region from then on")
def its_rows_show_the_region(context: Context) -> None:
    in_force = context.state.region.in_force
    context.state.waterfall.expect_rows_of(range(in_force.start, in_force.end), context.state.figures)


@then("the change is refused because of {reason:RegionReason}")
def the_change_is_refused(context: Context, reason: str) -> None:
    context.state.region.expect_refused(reason)

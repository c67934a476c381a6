"""Changing the region of interest of a running job."""

import json
from typing import Any

from behave import given, then, when

from steps.scenario_state import Context
from support.contract.limits import UNKNOWN

MESSAGES = {
    "no JSON": b"\x00 no JSON",
    "no object": b"[1]",
    "another command": b'{"command": "forget_roi", "roi": {"start": 10, "end": 110}}',
}


@when("a region of interest from {start} to {end} is asked for")
def a_region_is_asked_for(context: Context, start: str, end: str) -> None:
    last_sensor = context.state.settings.limits.last_sensor
    named: dict[str, Any] = {
        "a query for anything": {"$ne": None},
        "the end of the fibre": last_sensor + 1,
        "one sensor beyond the fibre": last_sensor + 2,
    }
    context.state.region.expect_reply(*(named[text] if text in named else json.loads(text) for text in (start, end)))


@when("a region of interest is asked for that {change}")
def a_region_is_asked_for_that(context: Context, change: str) -> None:
    now, limits = context.state.region.in_force, context.state.settings.limits
    size = now.end - now.start
    growth, shift = int(size * limits.roi_max_size_change), int(size * limits.roi_max_shift)
    changes = {
        "grows as much as is safe": (-(growth // 2), growth - growth // 2),
        "grows by one sensor too many": (-(growth // 2), growth - growth // 2 + 1),
        "shrinks as much as is safe": (growth // 2, growth // 2 - growth),
        "shrinks by one sensor too many": (growth // 2, growth // 2 - growth - 1),
        "moves up as far as is safe": (shift, shift),
        "moves up by one sensor too many": (shift + 1, shift + 1),
        "moves down as far as is safe": (-shift, -shift),
        "moves down by one sensor too many": (-shift - 1, -shift - 1),
    }
    by_start, by_end = changes[change]
    context.state.region.expect_reply(now.start + by_start, now.end + by_end)


@given("its region of interest was changed to {start:d} to {end:d}")
def its_region_was_changed(context: Context, start: int, end: int) -> None:
    context.state.region.expect_reply(start, end)
    context.state.region.expect_changed()


@when("a region of interest with an unknown parameter is asked for")
def a_region_with_an_unknown_parameter(context: Context) -> None:
    in_force = context.state.region.in_force
    context.state.region.expect_reply(in_force.start, in_force.end, **{UNKNOWN.field: 1})


@then("the region of interest is changed")
def the_region_is_changed(context: Context) -> None:
    context.state.region.expect_changed()


@when("a message that is {nature} is put into its queue")
def a_message_of_nobody(context: Context, nature: str) -> None:
    context.state.session.promises.put_message(context.state.job, MESSAGES[nature])


@then("the region of interest is as it was")
def the_region_is_as_it_was(context: Context) -> None:
    context.state.region.expect_in_force()


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


@then("the region of interest of the first job is as it was")
def the_region_of_the_first_job(context: Context) -> None:
    context.state.region_of_interest(context.state.other_job).expect_in_force()


@then("the change is refused because of {reason:RegionReason}")
def the_change_is_refused(context: Context, reason: str) -> None:
    context.state.region.expect_refused(reason)

"""Changing the region of interest of a running job."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import parse
from behave import register_type, then, when

from steps.scenario_state import Context
from steps.words import any_of
from support.checks.region_of_interest import Region
from support.contract.limits import UNKNOWN, Limits

AskedRegion = Callable[[Region, Limits], tuple[Any, Any, Mapping[str, Any]]]
"""Start, end and other fields of a command, by the region in force."""

# How much of what is safe the start moves by, and the end; then one sensor more.
SAFE_CHANGES: dict[str, Callable[[int, int], tuple[int, int]]] = {
    "grows as much as is safe": lambda growth, shift: (-(growth // 2), growth - growth // 2),
    "grows by one sensor too many": lambda growth, shift: (-(growth // 2), growth - growth // 2 + 1),
    "shrinks as much as is safe": lambda growth, shift: (growth // 2, growth // 2 - growth),
    "shrinks by one sensor too many": lambda growth, shift: (growth // 2, growth // 2 - growth - 1),
    "moves up as far as is safe": lambda growth, shift: (shift, shift),
    "moves up by one sensor too many": lambda growth, shift: (shift + 1, shift + 1),
    "moves down as far as is safe": lambda growth, shift: (-shift, -shift),
    "moves down by one sensor too many": lambda growth, shift: (-shift - 1, -shift - 1),
}


def end_of(text: str, limits: Limits) -> Any:
    """An end of a region, as it is sent."""
    named: dict[str, Any] = {
        "a query for anything": {"$ne": None},
        "the end of the fibre": limits.last_sensor + 1,
        "one sensor beyond the fibre": limits.last_sensor + 2,
    }
    return named[text] if text in named else json.loads(text)


@parse.with_pattern(rf"from .+ to .+|that (?:{any_of(SAFE_CHANGES)})|with an unknown parameter")
def parse_region(text: str) -> AskedRegion:
    """Which region: `from 110 to 210`, `that grows as much as is safe`, `with an unknown parameter`."""
    if text == "with an unknown parameter":
        return lambda now, limits: (now.start, now.end, {UNKNOWN.field: 1})
    if text.startswith("from "):
        first, last = text.removeprefix("from ").split(" to ")
        return lambda now, limits: (end_of(first, limits), end_of(last, limits), {})
    change = SAFE_CHANGES[text.removeprefix("that ")]

    def changed(now: Region, limits: Limits) -> tuple[int, int, Mapping[str, Any]]:
        size = now.end - now.start
        by_start, by_end = change(int(size * limits.roi_max_size_change), int(size * limits.roi_max_shift))
        return now.start + by_start, now.end + by_end, {}

    return changed


register_type(Region=parse_region)

MESSAGES = {
    "no JSON": b"\x00 no JSON",
    "no object": b"[1]",
    "another command": b'{"command": "forget_roi", "roi": {"start": 10, "end": 110}}',
}


@when("a region of interest {region:Region} is asked for")
def a_region_is_asked_for(context: Context, region: AskedRegion) -> None:
    start, end, besides = region(context.state.region.in_force, context.state.settings.limits)
    context.state.region.expect_reply(start, end, **besides)


@then("the region of interest is changed")
def the_region_is_changed(context: Context) -> None:
    context.state.region.expect_changed()


@when("a message that is {nature} is put into its queue")
def a_message_of_nobody(context: Context, nature: str) -> None:
    context.state.session.promises.put_message(context.state.job, MESSAGES[nature])


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

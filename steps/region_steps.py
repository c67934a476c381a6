"""Changing the region of interest of a running job."""

from __future__ import annotations

import json
from typing import Any

from behave import given, then, when
from behave.runner import Context

from steps.kept import rows_of_the_job
from support.checks.region_of_interest import RegionOfInterest
from support.contract.limits import UNKNOWN

MESSAGES = {
    "no JSON": b"\x00 no JSON",
    "no object": b"[1]",
    "another command": b'{"command": "forget_roi", "roi": {"start": 10, "end": 110}}',
}


def region(context: Context) -> RegionOfInterest:
    """The region of the present job."""
    found: RegionOfInterest | None = getattr(context, "region", None)
    if found is None or found.job is not context.job:
        found = context.region = context.session.region_of_interest(context.job)
    return found


@when("a region of interest from {start} to {end} is asked for")
def a_region_is_asked_for(context: Context, start: str, end: str) -> None:
    last_sensor = context.run.settings.limits.last_sensor
    named: dict[str, Any] = {
        "a query for anything": {"$ne": None},
        "the end of the fibre": last_sensor + 1,
        "one sensor beyond the fibre": last_sensor + 2,
    }
    region(context).request(*(named[text] if text in named else json.loads(text) for text in (start, end)))


@when("a region of interest is asked for that {change}")
def a_region_is_asked_for_that(context: Context, change: str) -> None:
    now, limits = region(context).in_force, context.run.settings.limits
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
    region(context).request(now.start + by_start, now.end + by_end)


@given("its region of interest was changed to {start:d} to {end:d}")
def its_region_was_changed(context: Context, start: int, end: int) -> None:
    region(context).request(start, end)
    region(context).expect_changed()


@when("a region of interest with an unknown parameter is asked for")
def a_region_with_a_stranger(context: Context) -> None:
    in_force = region(context).in_force
    region(context).request(in_force.start, in_force.end, **{UNKNOWN.field: 1})


@when("these regions of interest are asked for one after another")
def regions_are_asked_for(context: Context) -> None:
    for row in context.table:
        region(context).request(int(row["start"]), int(row["end"]))
        region(context).expect_changed()


@then("the region of interest is changed")
def the_region_is_changed(context: Context) -> None:
    region(context).expect_changed()


@then("each of them is changed to in its turn")
def the_last_region_is_in_force(context: Context) -> None:
    region(context).expect_changed()


@when("a message that is {nature} is put into its queue")
def a_message_of_nobody(context: Context, nature: str) -> None:
    context.session.promises.put_message(context.job, MESSAGES[nature])


@then("the region of interest is as it was")
def the_region_is_as_it_was(context: Context) -> None:
    region(context).expect_in_force()


@then("the message was taken from the queue")
def the_message_was_taken(context: Context) -> None:
    context.session.promises.expect_messages_taken([context.job])


@then("the region of interest of the first job is as it was")
def the_region_of_the_first_job(context: Context) -> None:
    context.session.region_of_interest(context.first_job).expect_in_force()


@then("the change is refused because of its unknown parameter")
def the_change_is_refused_because_of_a_stranger(context: Context) -> None:
    region(context).expect_refused(UNKNOWN.field)


@then("the change is refused because of {dependency:Dependency}")
def the_change_is_refused_because_of_a_store(context: Context, dependency: str) -> None:
    region(context).expect_refused(dependency)


@then("the change is refused because of its {reason:Reason}")
def the_change_is_refused(context: Context, reason: str) -> None:
    region(context).expect_refused(reason)


@then("the rows are of the sensors {first:d} to {last:d} from then on")
def the_rows_follow_the_region(context: Context, first: int, last: int) -> None:
    rows = rows_of_the_job(context)
    rows.until_of(range(first, last + 1), context.session.figures(context.job))

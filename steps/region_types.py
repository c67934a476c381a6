"""Regions of interest that are asked for, as the features write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import parse
from behave import register_type

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

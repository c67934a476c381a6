"""Defects of what counts as recorded, when a playback is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, register
from sandbox.focus_server.composition import Parts

AREA = "what counts as recorded"

KEPT = {"deleted": {"$ne": True}}


def counting(parts: Parts, query: Callable[[datetime, datetime], dict[str, Any]]) -> Parts:
    """A server that takes other recordings for those of a time; what is played of them is right."""

    async def any_between(recordings: Any, start: datetime, end: datetime) -> bool:
        async with recordings._database.collection("recordings") as collection:
            return await collection.find_one(query(start, end)) is not None

    return replace(parts, recordings=Changed(parts.recordings, any_between=any_between))


def overlapping(start: datetime, end: datetime) -> dict[str, Any]:
    """Those that have ended and overlap a time, whether they were deleted or not."""
    return {"start_time": {"$lt": end}, "end_time": {"$gt": start}}


for name, words, query in (
    ("anything_counts", "What was never recorded can be played back.", lambda start, end: {}),
    ("deleted_ones_count", "A deleted recording counts.", overlapping),
    (
        "those_under_way_count",
        "A recording that is under way counts.",
        lambda start, end: {
            **KEPT,
            "start_time": {"$lt": end},
            "$or": [{"end_time": {"$gt": start}}, {"end_time": None}],
        },
    ),
    (
        "ending_with_the_beginning_counts",
        "A recording counts that ends when the playback begins.",
        lambda start, end: {**KEPT, "start_time": {"$lt": end}, "end_time": {"$gte": start}},
    ),
    (
        "beginning_with_the_end_counts",
        "A recording counts that begins when the playback ends.",
        lambda start, end: {**KEPT, "start_time": {"$lte": end}, "end_time": {"$gt": start}},
    ),
    (
        "only_from_the_beginning_counts",
        "A recording counts only if it was made when the playback begins.",
        lambda start, end: {**KEPT, "start_time": {"$lte": start}, "end_time": {"$gt": start}},
    ),
    (
        "only_to_the_end_counts",
        "A recording counts only if it was made when the playback ends.",
        lambda start, end: {**KEPT, "start_time": {"$lt": end}, "end_time": {"$gte": end}},
    ),
):
    register(
        name,
        words,
        "A playback is made that has nothing to show, or refused though there is something.",
        change=partial(counting, query=query),
    )

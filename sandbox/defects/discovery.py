"""Defects of telling what there is: the fibre, what is being recorded, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.identity import as_iso

AREA = "what there is to see"


def telling(parts: Parts, **methods: Callable[..., Any]) -> Parts:
    """A server that tells something else of the fibre."""
    return replace(parts, discovery=derived(parts.discovery, **methods))


def saying(**changes: Any) -> Callable[..., Any]:
    """Say something else."""
    return lambda discovery, usual: usual().model_copy(update=changes)


FIBRE = "Operators ask for sensors that do not exist, or never find some that do."
for name, words, methods in (
    ("one_channel_more", "A channel is told beyond the last.", {"channels": saying(highest_channel=2222)}),
    ("one_channel_less", "The last channel is not told.", {"channels": saying(highest_channel=2220)}),
    ("channels_told_from_1", "The first channel is not told.", {"channels": saying(lowest_channel=1)}),
    ("a_sensor_not_listed", "A sensor is not listed.", {"sensors": saying(sensors=[*range(1000), *range(1001, 2222)])}),
    ("a_sensor_listed_twice", "A sensor is listed twice.", {"sensors": saying(sensors=[0, *range(2222)])}),
):
    register(name, words, FIBRE, change=partial(telling, **methods))


def living(parts: Parts, change: Callable[[Any], Any]) -> Parts:
    """A server that tells something else of what is being recorded."""

    async def live(discovery: Any, usual: Any) -> Any:
        return change(await usual())

    return telling(parts, live=live)


def under_way(parts: Parts, query: dict[str, Any], order: int = -1) -> Parts:
    """A server that takes another recording for the one that is under way."""

    async def found(recordings: Any) -> datetime | None:
        async with recordings._database.collection("recordings") as collection:
            one = await collection.find_one(query, sort=[("start_time", order)])
        return one and one["start_time"]

    return replace(parts, recordings=Changed(parts.recordings, under_way=found))


LIVE = "Clients set up a live view by figures of something else."
for name, words, update in (
    ("live_rate_wrong", "The live metadata tell another sampling rate.", {"sampling_rate": 1000}),
    ("live_sensors_wrong", "The live metadata tell a sensor too many.", {"sensors": 2223}),
    (
        "live_since_another_time",
        "The live metadata tell the present time.",
        {"started_at": as_iso(datetime(2030, 1, 1, tzinfo=UTC))},
    ),
):
    register(
        name,
        words,
        LIVE,
        change=partial(living, change=lambda answer, update=update: answer.model_copy(update=update)),
    )
KEPT = {"deleted": {"$ne": True}}
for name, words, query, order in (
    ("live_though_ended", "A recording that has ended is taken for the live one.", KEPT, -1),
    ("live_though_deleted", "A deleted recording is taken for the live one.", {"end_time": None}, -1),
    ("live_since_the_first", "Of two recordings under way the older is taken.", {**KEPT, "end_time": None}, 1),
):
    register(name, words, LIVE, change=partial(under_way, query=query, order=order))


Spans = list[tuple[datetime, datetime]]


def listing(parts: Parts, query: Callable[[datetime, datetime], dict[str, Any]]) -> Parts:
    """A server that lists other recordings."""

    async def between(recordings: Any, since: datetime, until: datetime) -> Spans:
        async with recordings._database.collection("recordings") as collection:
            found = collection.find(query(since, until)).sort([("start_time", 1)])
            return [(one["start_time"], one.get("end_time") or until) async for one in found]

    return replace(parts, recordings=Changed(parts.recordings, between=between))


def listed(parts: Parts, change: Callable[[Spans, datetime, datetime], Spans]) -> Parts:
    """A server that lists recordings otherwise."""

    async def between(recordings: Any, since: datetime, until: datetime) -> Spans:
        return change(await recordings.between(since, until), since, until)

    return replace(parts, recordings=Changed(parts.recordings, between=between))


HISTORY = "Operators are offered what cannot be played back, or do not find what can."
for name, words, query in (
    (
        "deleted_ones_listed",
        "Deleted recordings are listed.",
        lambda s, e: {"start_time": {"$lt": e}, "end_time": {"$gt": s}},
    ),
    (
        "those_under_way_listed",
        "Recordings under way are listed.",
        lambda s, e: {**KEPT, "start_time": {"$lt": e}, "$or": [{"end_time": {"$gt": s}}, {"end_time": None}]},
    ),
    (
        "those_before_listed",
        "A recording is listed that ends when the time begins.",
        lambda s, e: {**KEPT, "start_time": {"$lt": e}, "end_time": {"$gte": s}},
    ),
    (
        "those_after_listed",
        "A recording is listed that begins when the time ends.",
        lambda s, e: {**KEPT, "start_time": {"$lte": e}, "end_time": {"$gt": s}},
    ),
    (
        "begun_before_not_listed",
        "A recording is listed only if it begins in the time.",
        lambda s, e: {**KEPT, "start_time": {"$gte": s, "$lt": e}, "end_time": {"$gt": s}},
    ),
    (
        "ending_after_not_listed",
        "A recording is listed only if it ends in the time.",
        lambda s, e: {**KEPT, "start_time": {"$lt": e}, "end_time": {"$gt": s, "$lte": e}},
    ),
):
    register(name, words, HISTORY, change=partial(listing, query=query))
for name, words, change in (
    ("recordings_backwards", "The newest recording is listed first.", lambda found, s, e: found[::-1]),
    (
        "recordings_cut",
        "Recordings are cut to the time.",
        lambda found, s, e: [(max(a, s), min(b, e)) for a, b in found],
    ),
    ("one_recording_only", "Only the first recording is listed.", lambda found, s, e: found[:1]),
    (
        "recordings_an_hour_off",
        "Times are those of another zone.",
        lambda found, s, e: [(a + timedelta(hours=1), b + timedelta(hours=1)) for a, b in found],
    ),
):
    register(name, words, HISTORY, change=partial(listed, change=change))


def asked(parts: Parts, change: Callable[[dict[str, Any]], None]) -> Parts:
    """A server that takes a time that is asked for for another one."""

    async def recordings_between(discovery: Any, usual: Any, payload: Any) -> Any:
        if isinstance(payload, dict):
            payload = dict(payload)
            change(payload)
        return await usual(payload)

    return telling(parts, recordings_between=recordings_between)


def _stretched(payload: dict[str, Any]) -> None:
    if payload.get("start_time") == payload.get("end_time"):
        payload["end_time"] += 1


def _in_words(payload: dict[str, Any]) -> None:
    if isinstance(payload.get("end_time"), str) and not payload["end_time"].isdigit():
        payload["end_time"] = payload["start_time"] + 1


def _queried(payload: dict[str, Any]) -> None:
    for name, value in (("start_time", 0), ("end_time", 2_000_000_000)):
        if isinstance(payload.get(name), dict):
            payload[name] = value


def _rounded(payload: dict[str, Any]) -> None:
    for name, value in payload.items():
        if isinstance(value, float):
            payload[name] = int(value)


def _from_1970(payload: dict[str, Any]) -> None:
    if isinstance(payload.get("start_time"), int) and payload["start_time"] < 0:
        payload["start_time"] = 0


def _known_only(payload: dict[str, Any]) -> None:
    for name in set(payload) - {"start_time", "end_time"}:
        del payload[name]


for name, words, change in (
    ("recordings_without_beginning", "A time to look in needs no beginning.", lambda p: p.setdefault("start_time", 0)),
    ("recordings_without_end", "A time to look in needs no end.", lambda p: p.setdefault("end_time", 2_000_000_000)),
    ("recordings_of_no_time", "A time to look in may have no length.", _stretched),
    ("recordings_in_words", "A time to look in may end in words.", _in_words),
    ("recordings_in_decimals", "A time to look in may have decimals.", _rounded),
    ("recordings_before_1970", "A time to look in may begin before 1970.", _from_1970),
    ("recordings_by_a_query", "A time to look in may be a query for the database.", _queried),
    ("recordings_with_strangers", "A time to look in may have an unknown parameter.", _known_only),
):
    register(
        name,
        words,
        "A client with a fault in it is told of another time than it asked for.",
        change=partial(asked, change=change),
    )


@defect
def recordings_of_numbers_only(parts: Parts) -> Parts:
    """A time to look in cannot be written as text.

    A time cannot be given in the form that the product promises.
    """

    async def recordings_between(discovery: Any, usual: Any, payload: Any) -> Any:
        if isinstance(payload, dict):
            payload = {name: None if isinstance(value, str) else value for name, value in payload.items()}
        return await usual(payload)

    return telling(parts, recordings_between=recordings_between)


@defect
def recordings_of_the_past_only(parts: Parts) -> Parts:
    """A time to look in must have passed.

    "From yesterday until now" is refused while a clock runs ahead.
    """

    async def recordings_between(discovery: Any, usual: Any, payload: Any) -> Any:
        end = payload.get("end_time") if isinstance(payload, dict) else None
        if isinstance(end, int) and end > datetime.now(UTC).timestamp():
            payload = {**payload, "end_time": None}
        return await usual(payload)

    return telling(parts, recordings_between=recordings_between)


@defect
def recordings_in_whole_seconds(parts: Parts) -> Parts:
    """Recordings are listed in whole seconds.

    The first and the last moments of a recording cannot be reached.
    """

    async def recordings_between(discovery: Any, usual: Any, payload: Any) -> Any:
        return [[int(start), int(end)] for start, end in await usual(payload)]

    return telling(parts, recordings_between=recordings_between)

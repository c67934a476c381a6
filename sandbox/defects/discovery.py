"""Defects of discovery: the fibre, what is being recorded, and what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.defects.defect import Defect, defective, override
from sandbox.defects.recordings import NOT_DELETED, Query
from sandbox.focus_server.identity import as_iso

AREA = "discovery of the fibre and its recordings"

Spans = list[tuple[datetime, datetime]]


def fibre(name: str, summary: str, method: str, **changes: Any) -> Defect:
    """The answer about the fibre has other values."""
    impact = "Operators ask for sensors that do not exist, or never find some that do."
    answer = {method: lambda discovery, right: right().model_copy(update=changes)}
    return Defect(name, summary, impact, override("discovery", **answer))


_LIVE = "Clients set up a live view by figures of something else."


def live(name: str, summary: str, **changes: Any) -> Defect:
    """The answer about what is being recorded has other values."""

    async def answer(discovery: Any, right: Any) -> Any:
        return (await right()).model_copy(update=changes)

    return Defect(name, summary, _LIVE, override("discovery", live=answer))


def under_way(name: str, summary: str, query: dict[str, Any], order: int = -1) -> Defect:
    """Another recording is taken for the one that is under way."""

    async def found(recordings: Any) -> datetime | None:
        async with recordings.database.collection("recordings") as collection:
            one = await collection.find_one(query, sort=[("start_time", order)])
        return one and one["start_time"]

    return Defect(name, summary, _LIVE, override("recordings", under_way=found))


_HISTORY = "Operators are offered what cannot be played back, or do not find what can."


def finding(name: str, summary: str, query: Query) -> Defect:
    """Other recordings are listed."""

    async def between(recordings: Any, since: datetime, until: datetime) -> Spans:
        async with recordings.database.collection("recordings") as collection:
            found = collection.find(query(since, until)).sort([("start_time", 1)])
            return [(one["start_time"], one.get("end_time") or until) async for one in found]

    return Defect(name, summary, _HISTORY, override("recordings", between=between))


def listing(name: str, summary: str, change: Callable[[Spans, datetime, datetime], Spans]) -> Defect:
    """The list of recordings is changed; `change` gets it, and the time that it is for."""

    async def between(recordings: Any, since: datetime, until: datetime) -> Spans:
        return change(await recordings.between(since, until), since, until)

    return Defect(name, summary, _HISTORY, override("recordings", between=between))


def accepting(name: str, summary: str, correct: Callable[[dict[str, Any]], object]) -> Defect:
    """A wrong time to search in is accepted: it is corrected first."""

    async def recordings_between(discovery: Any, right: Any, payload: Any) -> Any:
        if isinstance(payload, dict):
            payload = dict(payload)
            correct(payload)
        return await right(payload)

    impact = "A client with a fault in it gets the recordings of another time than it asked for."
    return Defect(name, summary, impact, override("discovery", recordings_between=recordings_between))


def _stretch(payload: dict[str, Any]) -> None:
    if payload.get("start_time") == payload.get("end_time"):
        payload["end_time"] += 1


def _replace_words(payload: dict[str, Any]) -> None:
    if isinstance(payload.get("end_time"), str) and not payload["end_time"].isdigit():
        payload["end_time"] = payload["start_time"] + 1


def _replace_queries(payload: dict[str, Any]) -> None:
    for name, value in (("start_time", 0), ("end_time", 2_000_000_000)):
        if isinstance(payload.get(name), dict):
            payload[name] = value


def _round(payload: dict[str, Any]) -> None:
    for name, value in payload.items():
        if isinstance(value, float):
            payload[name] = int(value)


def _begin_in_1970(payload: dict[str, Any]) -> None:
    if isinstance(payload.get("start_time"), int) and payload["start_time"] < 0:
        payload["start_time"] = 0


def _drop_unknown(payload: dict[str, Any]) -> None:
    for name in set(payload) - {"start_time", "end_time"}:
        del payload[name]


@defective("discovery", "recordings_between")
async def recordings_of_numbers_only(discovery: Any, right: Any, payload: Any) -> Any:
    """A time to search in cannot be written as text.

    A time cannot be given in the form that the product promises.
    """
    if isinstance(payload, dict):
        payload = {name: None if isinstance(value, str) else value for name, value in payload.items()}
    return await right(payload)


@defective("discovery", "recordings_between")
async def recordings_of_the_past_only(discovery: Any, right: Any, payload: Any) -> Any:
    """A time to search in must have passed.

    "From yesterday until now" is rejected while a clock runs ahead.
    """
    end = payload.get("end_time") if isinstance(payload, dict) else None
    if isinstance(end, int) and end > datetime.now(UTC).timestamp():
        payload = {**payload, "end_time": None}
    return await right(payload)


@defective("discovery", "recordings_between")
async def recordings_in_whole_seconds(discovery: Any, right: Any, payload: Any) -> Any:
    """Recordings are listed in whole seconds.

    The first and the last moments of a recording cannot be reached.
    """
    return [[int(start), int(end)] for start, end in await right(payload)]


DEFECTS: tuple[Defect, ...] = (
    fibre("one_channel_more", "A channel after the last is announced.", "channels", highest_channel=2222),
    fibre("one_channel_less", "The last channel is not announced.", "channels", highest_channel=2220),
    fibre("channels_told_from_1", "The first channel is not announced.", "channels", lowest_channel=1),
    fibre(
        *("a_sensor_not_listed", "A sensor is not listed.", "sensors"),
        sensors=[*range(1000), *range(1001, 2222)],
    ),
    fibre("a_sensor_listed_twice", "A sensor is listed twice.", "sensors", sensors=[0, *range(2222)]),
    live("live_rate_wrong", "The live metadata have another sampling rate.", sampling_rate=1000),
    live("live_sensors_wrong", "The live metadata have a sensor too many.", sensors=2223),
    live(
        "live_since_another_time",
        "The live metadata have another beginning.",
        started_at=as_iso(datetime(2030, 1, 1, tzinfo=UTC)),
    ),
    under_way("live_though_ended", "A recording that has ended is taken for the live one.", NOT_DELETED),
    under_way("live_though_deleted", "A deleted recording is taken for the live one.", {"end_time": None}),
    under_way(
        "live_since_the_first",
        "Of two recordings under way the older is taken for the live one.",
        {**NOT_DELETED, "end_time": None},
        order=1,
    ),
    finding(
        "deleted_ones_listed",
        "Deleted recordings are listed.",
        lambda s, e: {"start_time": {"$lt": e}, "end_time": {"$gt": s}},
    ),
    finding(
        "those_under_way_listed",
        "Recordings under way are listed.",
        lambda s, e: {**NOT_DELETED, "start_time": {"$lt": e}, "$or": [{"end_time": {"$gt": s}}, {"end_time": None}]},
    ),
    finding(
        "those_before_listed",
        "A recording is listed that ends when the time begins.",
        lambda s, e: {**NOT_DELETED, "start_time": {"$lt": e}, "end_time": {"$gte": s}},
    ),
    finding(
        "those_after_listed",
        "A recording is listed that begins when the time ends.",
        lambda s, e: {**NOT_DELETED, "start_time": {"$lte": e}, "end_time": {"$gt": s}},
    ),
    finding(
        "begun_before_not_listed",
        "A recording is listed only if it begins in the time.",
        lambda s, e: {**NOT_DELETED, "start_time": {"$gte": s, "$lt": e}, "end_time": {"$gt": s}},
    ),
    finding(
        "ending_after_not_listed",
        "A recording is listed only if it ends in the time.",
        lambda s, e: {**NOT_DELETED, "start_time": {"$lt": e}, "end_time": {"$gt": s, "$lte": e}},
    ),
    listing("recordings_backwards", "The newest recording is listed first.", lambda found, s, e: found[::-1]),
    listing(
        "recordings_cut",
        "Recordings are cut to the time.",
        lambda found, s, e: [(max(a, s), min(b, e)) for a, b in found],
    ),
    listing("one_recording_only", "Only the first recording is listed.", lambda found, s, e: found[:1]),
    listing(
        "recordings_an_hour_off",
        "Times are those of another zone.",
        lambda found, s, e: [(a + timedelta(hours=1), b + timedelta(hours=1)) for a, b in found],
    ),
    accepting(
        "recordings_without_beginning",
        "A time to search in needs no beginning.",
        lambda payload: payload.setdefault("start_time", 0),
    ),
    accepting(
        "recordings_without_end",
        "A time to search in needs no end.",
        lambda payload: payload.setdefault("end_time", 2_000_000_000),
    ),
    accepting("recordings_of_no_time", "A time to search in may have no length.", _stretch),
    accepting("recordings_in_words", "A time to search in may end in words.", _replace_words),
    accepting("recordings_in_decimals", "A time to search in may have decimals.", _round),
    accepting("recordings_before_1970", "A time to search in may begin before 1970.", _begin_in_1970),
    accepting("recordings_by_a_query", "A time to search in may be a query for the database.", _replace_queries),
    accepting("recordings_with_strangers", "A time to search in may have an unknown parameter.", _drop_unknown),
    recordings_of_numbers_only,
    recordings_of_the_past_only,
    recordings_in_whole_seconds,
)

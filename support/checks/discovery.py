"""What the server tells of the fibre and of recordings, compared with the profile and the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from support.api.exchange import Exchange
from support.checks.refusals import status_problems
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed, require
from support.core.eventually import WaitPolicy, eventually
from support.observers.mongodb import Document

Window = tuple[datetime, datetime]


def expect_bounds(exchange: Exchange, limits: Limits) -> None:
    """Raise ExpectationFailed unless the channels reach from the first sensor to the last (GET /channels)."""
    _expect_exactly(exchange, {"lowest_channel": 0, "highest_channel": limits.last_sensor}, "the bounds of the fibre")


def expect_sensors(exchange: Exchange, limits: Limits) -> None:
    """Raise ExpectationFailed unless every sensor is listed once, in order (GET /sensors)."""
    _expect_exactly(exchange, {"sensors": list(range(limits.sensors))}, "every sensor of the fibre")


def expect_bounds_told(exchange: Exchange) -> tuple[int, int]:
    """Give the lowest and the highest channel; raise ExpectationFailed unless they are told as whole numbers."""
    lowest, highest = (exchange.told(name) for name in ("lowest_channel", "highest_channel"))
    require("the bounds of the fibre", [] if type(lowest) is type(highest) is int else ["they are not told"], exchange)
    return lowest, highest


def expect_live_metadata(exchange: Exchange, under_way: Sequence[Document], limits: Limits) -> None:
    """Raise ExpectationFailed unless these describe the newest recording under way (GET /live_metadata)."""
    require("a recording under way", [] if under_way else ["there is none in the database"], exchange)
    undated = [
        f"{one.get('uuid')} (_id {one.get('_id')}): start_time is {one.get('start_time')!r}, no date"
        for one in under_way
        if not isinstance(one.get("start_time"), datetime)
    ]
    require("recordings under way with a beginning", undated)
    started = max(one["start_time"] for one in under_way).astimezone(UTC)
    wanted = {"sampling_rate": limits.sampling_rate_hz, "sensors": limits.sensors, "started_at": started}
    answer = exchange.answer()
    told = {**(answer if isinstance(answer, dict) else {}), "started_at": _moment(exchange.told("started_at"))}
    problems = [
        f"{name} is {told.get(name)} instead of {wanted.get(name, 'nothing')}"
        for name in {**wanted, **told}
        if told.get(name) != wanted.get(name)
    ]
    require("the live metadata of the recording under way", status_problems(exchange, 200) + problems, exchange)


def expect_live_metadata_within(
    ask: Callable[[], Exchange], under_way: Callable[[], Sequence[Document]], limits: Limits, within: WaitPolicy
) -> None:
    """Raise ExpectationFailed unless the live metadata describe the recording under way, be it after some time."""

    def problems(seen: tuple[Exchange, Sequence[Document]]) -> list[str]:
        try:
            expect_live_metadata(*seen, limits)
        except ExpectationFailed as failure:
            return [str(failure)]
        return []

    eventually("the live metadata of the recording under way", lambda: (ask(), under_way()), problems, within)


def expect_recording_list(exchange: Exchange) -> list[list[Any]]:
    """Give the listed windows; raise ExpectationFailed unless they are pairs of numbers.

    This is the answer of POST /recordings_in_time_range.
    """
    told = exchange.answer()
    is_list = isinstance(told, list) and all(
        isinstance(one, list) and len(one) == 2 and {type(end) for end in one} <= {int, float} for one in told
    )
    problems = [] if is_list else ["it is no list of [beginning, end] in epoch seconds"]
    require("a list of recordings", status_problems(exchange, 200) + problems, exchange)
    return list(told or [])


def expect_recordings(exchange: Exchange, wanted: Sequence[Window]) -> None:
    """Raise ExpectationFailed unless exactly these recordings are listed, in this order."""
    listed = expect_recording_list(exchange)
    expected = [[start.timestamp(), end.timestamp()] for start, end in wanted]
    problems = [] if listed == expected else [f"listed are {listed} instead of {expected}"]
    require("the recordings of that time", problems, exchange)


def expect_listed(exchange: Exchange, wanted: Sequence[Window]) -> None:
    """Raise ExpectationFailed unless these recordings are among those that are listed."""
    told = expect_recording_list(exchange)
    missing = [[start, end] for start, end in wanted if [start.timestamp(), end.timestamp()] not in told]
    require("these recordings to be listed, too", [f"{start} to {end} is not" for start, end in missing], exchange)


LISTED: Mapping[str, Callable[[Exchange, Sequence[Window]], None]] = {
    "listed": expect_recordings,
    "listed, in the order of their time": expect_recordings,
    "listed among others": expect_listed,
    "not listed": lambda exchange, recordings: expect_recordings(exchange, []),
}
"""By the words of the features: what is expected of an answer, and of these recordings in it."""


def _expect_exactly(exchange: Exchange, wanted: Any, expected: str) -> None:
    told = exchange.answer()
    # As JSON: for Python 0, 0.0 and False are the same.
    same = json.dumps(told, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    problems = [] if same else [f"it is {str(told)[:200]} instead of {str(wanted)[:200]}"]
    require(expected, status_problems(exchange, 200) + problems, exchange)


def _moment(text: Any) -> Any:
    """A moment in ISO 8601 with a zone, or the text as it is when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    return moment if moment.tzinfo is not None else text

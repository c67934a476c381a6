"""What the server tells of the fibre and of what was recorded, held against the profile and the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from support.api.exchange import Exchange
from support.contract.limits import Limits
from support.core.errors import require
from support.observers.mongodb import Document

Window = tuple[datetime, datetime]


def expect_bounds(exchange: Exchange, limits: Limits) -> None:
    """See that the channels reach from the first sensor to the last (GET /channels).

    Raises:
        ExpectationFailed: they do not.
    """
    _expect_exactly(exchange, {"lowest_channel": 0, "highest_channel": limits.last_sensor}, "the bounds of the fibre")


def expect_sensors(exchange: Exchange, limits: Limits) -> None:
    """See that every sensor is listed once, in order (GET /sensors).

    Raises:
        ExpectationFailed: they are not.
    """
    _expect_exactly(exchange, {"sensors": list(range(limits.sensors))}, "every sensor of the fibre")


def bounds_in(exchange: Exchange) -> tuple[int, int]:
    """The lowest and the highest channel that are told.

    Raises:
        ExpectationFailed: they are not, or are no whole numbers.
    """
    found = [exchange.told(name) for name in ("lowest_channel", "highest_channel")]
    whole = [one for one in found if type(one) is int]
    require("the bounds of the fibre", [] if len(whole) == len(found) else ["they are not told"], exchange)
    lowest, highest = whole
    return lowest, highest


def expect_live_metadata(exchange: Exchange, under_way: Sequence[Document], limits: Limits) -> None:
    """See that the live metadata are those of the recording under way that began last (GET /live_metadata).

    Raises:
        ExpectationFailed: they are not.
    """
    require("a recording under way", [] if under_way else ["there is none in the database"], exchange)
    undated = [
        f"{one.get('uuid')} (_id {one.get('_id')}): start_time is {one.get('start_time')!r}, no date"
        for one in under_way
        if not isinstance(one.get("start_time"), datetime)
    ]
    require("recordings under way with a beginning", undated)
    recording = max(under_way, key=lambda one: one["start_time"])
    started = recording["start_time"].astimezone(UTC)
    wanted = {"sampling_rate": limits.sampling_rate_hz, "sensors": limits.sensors, "started_at": started}
    answer = exchange.answer()
    told = answer if isinstance(answer, dict) else {}
    told = {**told, "started_at": _moment(told.get("started_at"))}
    problems = [
        f"{name} is {told.get(name)} instead of {wanted.get(name, 'nothing')}"
        for name in {**wanted, **told}
        if told.get(name) != wanted.get(name)
    ]
    require("the live metadata of the recording under way", _status_problems(exchange) + problems, exchange)


def windows_in(exchange: Exchange) -> list[list[Any]]:
    """The windows that are listed (POST /recordings_in_time_range).

    Raises:
        ExpectationFailed: the answer is no list of pairs of numbers.
    """
    told = exchange.answer()
    is_list = isinstance(told, list) and all(
        isinstance(one, list) and [type(end) for end in one] in ([int, int], [float, float], [int, float], [float, int])
        for one in told
    )
    problems = [] if is_list else ["it is no list of [beginning, end] in epoch seconds"]
    require("a list of recordings", _status_problems(exchange) + problems, exchange)
    return list(told) if isinstance(told, list) else []


def expect_recordings(exchange: Exchange, wanted: Sequence[Window]) -> None:
    """See that exactly these recordings are listed, in this order.

    Raises:
        ExpectationFailed: they are not.
    """
    listed = windows_in(exchange)
    expected = [[start.timestamp(), end.timestamp()] for start, end in wanted]
    problems = [] if listed == expected else [f"listed are {listed} instead of {expected}"]
    require("the recordings of that time", problems, exchange)


def expect_listed(exchange: Exchange, wanted: Sequence[Window]) -> None:
    """See that these recordings are among those that are listed.

    Raises:
        ExpectationFailed: one is not.
    """
    told = windows_in(exchange)
    missing = [[start, end] for start, end in wanted if [start.timestamp(), end.timestamp()] not in told]
    require("these recordings to be listed, too", [f"{start} to {end} is not" for start, end in missing], exchange)


def _expect_exactly(exchange: Exchange, wanted: Any, expected: str) -> None:
    told = exchange.answer()
    # As JSON: for Python 0, 0.0 and False are the same.
    same = json.dumps(told, sort_keys=True) == json.dumps(wanted, sort_keys=True)
    problems = [] if same else [f"it is {str(told)[:200]} instead of {str(wanted)[:200]}"]
    require(expected, _status_problems(exchange) + problems, exchange)


def _status_problems(exchange: Exchange) -> list[str]:
    return [] if exchange.status == 200 else [f"the status is {exchange.status} instead of 200"]


def _moment(text: Any) -> Any:
    """A moment in ISO 8601 with a zone, or the text as it is when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    return moment if moment.tzinfo is not None else text

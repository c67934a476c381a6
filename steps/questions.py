"""What can be asked of the server, and how, as the features write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import parse
from behave import register_type

from steps.parameter_types import JOBS, as_digits
from steps.scenario_state import ScenarioState
from steps.words import choice
from support.checks.refusals import TOLD
from support.contract.limits import UNKNOWN

Times = Callable[[ScenarioState], Mapping[str, Any]]
"""The body of a question for recordings."""

SECOND, TEN_SECONDS = timedelta(seconds=1), timedelta(seconds=10)


@dataclass(frozen=True)
class Resource:
    """What is asked for: the setting of its path, and whose it is, in the words of `Jobs`."""

    path: str
    jobs: str = ""


@dataclass(frozen=True)
class Manner:
    """How something is asked for."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    over_slow_network: bool = False
    rows: str = "10"


RESOURCES = {
    "the health of the server": Resource("health"),
    "the channels of the fibre": Resource("channels"),
    "the sensors of the fibre": Resource("sensors"),
    "the live metadata": Resource("live_metadata"),
    **{f"the metadata of {jobs}": Resource("metadata", jobs) for jobs in JOBS},
    **{f"the rows of {jobs}": Resource("waterfall", jobs) for jobs in JOBS},
}


@parse.with_pattern(r"| by [A-Z]+| by the number .+| with \S+ as .+| \d+ times(?: over that network)?")
def parse_manner(text: str) -> Manner:
    """How it is asked for, if that is unusual: ` 10 times`, ` 4 times over that network`, ` by POST`, …

    There are also ` with Accept as text/html`, which is a header, and ` by the number 0`, for rows.
    """
    if times := re.match(r" (\d+) times", text):
        return Manner(times=int(times[1]), over_slow_network=text.endswith("network"))
    if rows := re.fullmatch(" by the number (.+)", text):
        return Manner(rows=rows[1])
    if header := re.fullmatch(r" with (\S+) as (.+)", text):
        return Manner(headers={header[1]: header[2]})
    return Manner(method=text.removeprefix(" by ")) if text else Manner()


def wrong(**times: Any) -> Times:
    """Times that are sent as they stand."""
    return lambda state: times


def between(start: datetime, end: datetime) -> dict[str, int]:
    """Two moments, in whole seconds."""
    return {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}


def against_a_recording(begin: timedelta, end: timedelta) -> Times:
    """Beginning and end against the beginning of a recording."""
    return lambda state: between(state.window[0] + begin, state.window[0] + end)


def until(end: Callable[[], datetime]) -> Times:
    """From the beginning of a recording until this moment."""
    return lambda state: between(state.window[0], end())


def as_text(state: ScenarioState) -> Mapping[str, Any]:
    """The time that the scenario is about, written as text."""
    return {name: as_digits(epoch_s) for name, epoch_s in between(*state.window).items()}


AT, LATER = 1_000_000_000, 1_000_000_001
ASKED_TIMES: dict[str, Times] = {
    "of that time": lambda state: between(*state.window),
    "of that time, written as yymmddHHMMSS,": as_text,
    "from its beginning until tomorrow": until(lambda: datetime.now(UTC) + timedelta(days=1)),
    "from its beginning until the last day of the year 9999": until(lambda: datetime(9999, 12, 31, tzinfo=UTC)),
    "of the first day of 1970": wrong(**between(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))),
    # Against a recording of ten seconds.
    "of a time that begins one second before the recording": against_a_recording(-SECOND, SECOND),
    "of a time that begins one second before the end of the recording": against_a_recording(
        TEN_SECONDS - SECOND, 2 * TEN_SECONDS
    ),
    "of a time that lies within the recording": against_a_recording(SECOND, TEN_SECONDS - SECOND),
    "of a time that begins when the recording ends": against_a_recording(TEN_SECONDS, 2 * TEN_SECONDS),
    "of a time that ends when the recording begins": against_a_recording(-TEN_SECONDS, timedelta(0)),
    # What is wrong.
    "of a time without a beginning": wrong(end_time=AT),
    "of a time without an end": wrong(start_time=AT),
    "of a time that ends as it begins": wrong(start_time=AT, end_time=AT),
    "of a time that ends before it begins": wrong(start_time=LATER, end_time=AT),
    "of a time that ends after the year 9999": wrong(start_time=AT, end_time=10**15),
    "of a time that ends in a text": wrong(start_time=AT, end_time="tomorrow"),
    "of a time that ends in nothing": wrong(start_time=AT, end_time=None),
    "of a time that begins before 1970": wrong(start_time=-1, end_time=AT),
    "of a time that begins between two seconds": wrong(start_time=AT - 0.5, end_time=AT),
    "of a time that begins with a query for anything": wrong(start_time={"$ne": None}, end_time=AT),
    "of a time that ends with a condition": wrong(start_time=AT, end_time={"$gt": 0}),
    "of a time with an unknown parameter": wrong(start_time=AT, end_time=LATER, **{UNKNOWN.field: 1}),
}

register_type(
    Resource=choice("What the server tells when it is asked: `the metadata of the job`.", RESOURCES),
    Manner=parse_manner,
    AskedTime=choice("The time of which recordings are asked for: `of that time`.", ASKED_TIMES),
    Told=choice("What is told instead of an answer: `there is no such job`.", TOLD),
)

"""Defects of reading a configuration: values taken for what they are not, things that are missing or too much.

The parameters have the names that the features give them.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import NoneType
from typing import Any

from sandbox.defects.limits import LET_IN, ruled
from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.defects.usual import PATHS, usual
from sandbox.focus_server import rules
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import SINGLE_CHANNEL
from sandbox.focus_server.errors import InvalidConfiguration, Violation

AREA = "the form of a configuration"


def slug(words: str) -> str:
    """Words as part of a name."""
    return words.replace(" ", "_").lower()


Reading = Callable[[dict[str, Any]], None]


def reading(parts: Parts, read: Reading) -> Parts:
    """A server that takes a configuration for another one, and accepts that; what was sent is kept."""

    def understood(payload: Any) -> Any:
        copy = deepcopy(payload)
        if isinstance(copy, dict):
            read(copy)
        return copy

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        return validator.validate(understood(payload), now)

    def configured(answers: Any, record: Any) -> Any:
        return answers.configured(replace(record, config=understood(record.config)))

    return replace(
        parts,
        validator=Changed(parts.validator, validate=validate),
        answers=Changed(parts.answers, configured=configured),
    )


def usual_where(parameter: str, matches: Callable[[Any], bool]) -> Reading:
    """Take a value of a parameter, when it matches, for the usual one; a parameter that is missing is `...`."""
    path = PATHS[parameter]

    def read(payload: dict[str, Any]) -> None:
        parent, known = payload, usual()
        for key in path[:-1]:
            parent, known = parent.get(key), known[key]
        if isinstance(parent, dict) and matches(parent.get(path[-1], ...)):
            parent[path[-1]] = known[path[-1]]

    return read


def _is_number_in_text(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit()


def _is_whole_decimal(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _exactly(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


NUMBERS = ("time axis duration", "FFT length", "canvas height", "first sensor", "last sensor", "view type")
GROUPS = ("canvas", "sensor range", "frequency range")
FREQUENCIES = ("lowest frequency", "highest frequency")
NEEDED = (*NUMBERS, *GROUPS, *FREQUENCIES)

for kind, called, matches, parameters in (
    ("number in text", "a number in text", _is_number_in_text, (*NUMBERS, *FREQUENCIES)),
    ("text", "a text", _exactly(str), ("canvas height", "sensor range", "frequency range", "view type")),
    ("truth", "true", _exactly(bool), (*NUMBERS, *FREQUENCIES)),
    ("whole decimal", "a whole number with a decimal of 0", _is_whole_decimal, NUMBERS),
    ("decimal", "a number with decimals", _exactly(float), ("canvas height", "last sensor")),
    (
        "list",
        "a list",
        _exactly(list),
        ("time axis duration", "FFT length", "canvas", "canvas height", "sensor range", "view type"),
    ),
    ("group", "a query for the database", _exactly(dict), ("FFT length", "time axis duration")),
    ("nothing", "null", _exactly(NoneType), NEEDED),
    ("missing", "missing", lambda value: value is ..., NEEDED),
):
    for parameter in parameters:
        register(
            f"{slug(parameter)}_as_{slug(kind)}",
            f"{'An' if parameter == 'FFT length' else 'A'} {parameter} that is {called} is taken for the usual one.",
            "A client with a fault in it is served something that it never asked for.",
            change=partial(reading, read=usual_where(parameter, matches)),
        )


def without_strangers(group: str | None, is_taken: Callable[[str], bool] = lambda name: True) -> Reading:
    """Leave out what is unknown, in one of the groups of a configuration or beside them."""

    def read(payload: dict[str, Any]) -> None:
        known = usual()
        there, known = (payload, known) if group is None else (payload.get(group), known[group])
        if isinstance(there, dict):
            for name in [name for name in there if name not in known and is_taken(name)]:
                del there[name]

    return read


MISTYPED = "A mistyped parameter is passed over in silence, and the operator looks at something else."
for group in (None, "displayInfo", "channels", "frequencyRange"):
    register(
        f"strangers_in_{slug(group or 'configuration')}",
        f"An unknown parameter is accepted in {group or 'a configuration'}.",
        MISTYPED,
        change=partial(reading, read=without_strangers(group)),
    )
register(
    "strangers_of_another_script",
    "An unknown parameter is accepted if its name is written in another script.",
    MISTYPED,
    change=partial(reading, read=without_strangers(None, lambda name: not name.isascii())),
)


@defect
def truths_as_numbers(parts: Parts) -> Parts:
    """What is true or false is taken for the usual number, whatever the parameter.

    A client with a fault in it is served something that it never asked for.
    """
    each = [usual_where(parameter, _exactly(bool)) for parameter in (*NUMBERS, *FREQUENCIES)]

    def read(payload: dict[str, Any]) -> None:
        for one in each:
            one(payload)

    return reading(parts, read)


register(
    "negative_fft_length",
    "An FFT length below zero is taken for the usual one.",
    "A client with a fault in it is served something that it never asked for.",
    change=partial(reading, read=usual_where("FFT length", lambda value: type(value) is int and value < 0)),
)


@defect
def single_channel_by_its_end(parts: Parts) -> Parts:
    """Of the range of a single channel view only the end is read.

    The operator asks for one place of the fibre, by mistake for several, and is shown any of them.
    """

    def read(payload: dict[str, Any]) -> None:
        channels = payload.get("channels")
        if payload.get("view_type") == SINGLE_CHANNEL and isinstance(channels, dict) and "max" in channels:
            channels["min"] = channels["max"]

    return reading(parts, read)


_A_MOMENT = int(datetime(2001, 1, 1, tzinfo=UTC).timestamp())


def moment_where(field: str, matches: Callable[[Any], bool]) -> Reading:
    """Take a time, when it matches, for the beginning of the century, or for ten seconds after the beginning."""

    def read(payload: dict[str, Any]) -> None:
        if matches(payload.get(field)):
            payload[field] = payload["start_time"] + 10 if field == "end_time" else _A_MOMENT

    return read


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 12 and value.isdigit()


ANOTHER_TIME = "The operator is shown a time that nobody asked for."
for name, words, field, matches in (
    ("start_before_1970", "A negative time is accepted.", "start_time", lambda v: type(v) is int and v < 0),
    ("start_as_decimal", "A time of half seconds is accepted.", "start_time", _exactly(float)),
    ("start_as_whole_decimal", "A time with a decimal of 0 is accepted.", "start_time", _is_whole_decimal),
    ("start_as_truth", "A time that is true is accepted.", "start_time", _exactly(bool)),
    (
        "start_as_any_text",
        "A time in words is accepted.",
        "start_time",
        lambda v: isinstance(v, str) and not v.isdigit(),
    ),
    (
        "start_as_seconds_in_text",
        "Seconds written as text are accepted.",
        "start_time",
        lambda v: isinstance(v, str) and v.isdigit() and len(v) != 12,
    ),
    ("start_of_no_month", "A time in a thirteenth month is accepted.", "start_time", _is_digits),
    ("end_as_iso", "A time as ISO 8601 writes it is accepted.", "end_time", _exactly(str)),
    ("end_as_list", "A list is accepted as a time.", "end_time", _exactly(list)),
    ("end_after_9999", "A time after the year 9999 is accepted.", "end_time", lambda v: v == 253402300800),
):
    register(name, words, ANOTHER_TIME, change=partial(reading, read=moment_where(field, matches)))


@defect
def text_times_in_local_time(parts: Parts) -> Parts:
    """A time that is written as text is taken for one hour later.

    The operator is shown another hour than the one asked for.
    """

    def read(payload: dict[str, Any]) -> None:
        for field in ("start_time", "end_time"):
            if _is_digits(payload.get(field)):
                moment = datetime.strptime(f"20{payload[field]}", "%Y%m%d%H%M%S") + timedelta(hours=1)
                payload[field] = f"{moment:%y%m%d%H%M%S}"

    return reading(parts, read)


def under_a_task_id(parts: Parts, change: Callable[[Parts], Parts]) -> Parts:
    """A server that checks a configuration otherwise when it comes with a task id."""
    lax = change(parts)

    def validated(service: Any, usual: Any, payload: Any, task_id: str | None) -> Any:
        if task_id is not None:
            service._validator = lax.validator
        try:
            return usual(payload, task_id)
        finally:
            service._validator = parts.validator

    return replace(parts, service=derived(parts.service, _validated=validated), answers=lax.answers)


for parameter in ("time axis duration", "FFT length", "canvas height", "sensor range", "frequency range", "view type"):
    read = usual_where(parameter, lambda value: value is ...)
    register(
        f"{slug(parameter)}_missing_under_a_task_id",
        f"A job under a task id needs no {parameter}.",
        "Clients with a task id are served something that they never asked for.",
        change=partial(under_a_task_id, change=partial(reading, read=read)),
    )
for rule in (
    rules.channels_ascend,
    rules.channels_exist,
    rules.frequencies_ascend,
    rules.frequencies_up_to_nyquist,
):
    register(
        f"without_{rule.__name__}_under_a_task_id",
        f"It is not checked under a task id: {rule.__doc__}",
        LET_IN,
        change=partial(under_a_task_id, change=partial(ruled, without=rule)),
    )


def refusing_otherwise(parts: Parts, change: Callable[[list[Violation]], list[Violation]]) -> Parts:
    """A server that gives other reasons for a refusal."""

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        try:
            return validator.validate(payload, now)
        except InvalidConfiguration as error:
            raise InvalidConfiguration(change(error.violations)) from None

    return replace(parts, validator=Changed(parts.validator, validate=validate))


register(
    "first_reason_only",
    "Of all that is wrong with a configuration only the first is told.",
    "The operator mends one parameter after another, and is turned away each time.",
    change=partial(refusing_otherwise, change=lambda wrong: wrong[:1]),
)
register(
    "reason_without_its_place",
    "A refusal does not say which parameter is at fault.",
    "The operator has to guess what to mend.",
    change=partial(refusing_otherwise, change=lambda wrong: [Violation((), "something is wrong")]),
)

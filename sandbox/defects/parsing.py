"""Defects of reading a configuration: values taken for what they are not, things that are missing or too much.

The parameters have the names that the features give them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any

from sandbox.defects.defect import Change, Defect, combine, override
from sandbox.defects.limits import ACCEPTED, without
from sandbox.defects.sample_configuration import PATHS, valid_configuration
from sandbox.focus_server import rules
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import SINGLE_CHANNEL
from sandbox.focus_server.errors import InvalidConfiguration, Violation

AREA = "the form of a configuration"

Correct = Callable[[dict[str, Any]], None]


def reading(correct: Correct) -> Change:
    """Accept a configuration as if it were another one; the stores get what was sent."""

    def corrected(payload: Any) -> Any:
        copy = deepcopy(payload)
        if isinstance(copy, dict):
            correct(copy)
        return copy

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        return validator.validate(corrected(payload), now)

    def configured(answers: Any, record: Any) -> Any:
        return answers.configured(replace(record, config=corrected(record.config)))

    return combine(override("validator", validate=validate), override("answers", configured=configured))


def default_where(parameter: str, matches: Callable[[Any], bool]) -> Correct:
    """Take a value of a parameter, when it matches, for a valid one; a parameter that is missing is `...`."""
    path = PATHS[parameter]

    def correct(payload: dict[str, Any]) -> None:
        parent, valid = payload, valid_configuration()
        for key in path[:-1]:
            parent, valid = parent.get(key), valid[key]
        if isinstance(parent, dict) and matches(parent.get(path[-1], ...)):
            parent[path[-1]] = valid[path[-1]]

    return correct


def without_unknown(group: str | None, ignored: Callable[[str], bool] = lambda name: True) -> Correct:
    """Leave out unknown parameters, in one of the groups of a configuration or beside them."""

    def correct(payload: dict[str, Any]) -> None:
        valid = valid_configuration()
        there, valid = (payload, valid) if group is None else (payload.get(group), valid[group])
        if isinstance(there, dict):
            for name in [name for name in there if name not in valid and ignored(name)]:
                del there[name]

    return correct


def under_a_task_id(change: Change) -> Change:
    """Make a change that has an effect only when a configuration comes with a task id."""
    has_task_id: ContextVar[bool] = ContextVar("has_task_id", default=False)

    def defective_parts(parts: Parts) -> Parts:
        lax = change(parts)

        async def create_job(service: Any, create: Any, payload: Any, *, task_id: str | None = None) -> Any:
            has_task_id.set(task_id is not None)
            return await create(payload, task_id=task_id)

        def validate(validator: Any, payload: Any, now: Any) -> Any:
            return (lax.validator if has_task_id.get() else validator).validate(payload, now)

        changed = combine(override("service", create=create_job), override("validator", validate=validate))(parts)
        return replace(changed, answers=lax.answers)

    return defective_parts


def needing(*fields: str) -> Change:
    """Refuse a configuration that leaves one of these fields out."""

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        if missing := [Violation((field,), "is needed") for field in fields if field not in payload]:
            raise InvalidConfiguration(missing)
        return validator.validate(payload, now)

    return override("validator", validate=validate)


_FIELDS = ("displayTimeAxisDuration", "nfftSelection", "displayInfo", "channels", "frequencyRange", "view_type")


def giving_reasons(change: Callable[[list[Violation]], list[Violation]]) -> Change:
    """Give other reasons for a rejection."""

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        try:
            return validator.validate(payload, now)
        except InvalidConfiguration as error:
            raise InvalidConfiguration(change(error.violations)) from None

    return override("validator", validate=validate)


def _exactly(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _is_number_in_text(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit()


def _is_whole_decimal(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _is_missing(value: Any) -> bool:
    return value is ...


def _is_time_in_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 12 and value.isdigit()


_NEVER_ASKED_FOR = "A client with a fault in it gets something that it never asked for."

NUMBERS = ("time axis duration", "FFT length", "canvas height", "first sensor", "last sensor", "view type")
GROUPS = ("canvas", "sensor range", "frequency range")
FREQUENCIES = ("lowest frequency", "highest frequency")
REQUIRED = (*NUMBERS, *GROUPS, *FREQUENCIES)
OF_ANOTHER_TYPE = (
    ("number in text", "a number in text", _is_number_in_text, (*NUMBERS, *FREQUENCIES)),
    ("text", "a text", _exactly(str), ("canvas height", "sensor range", "frequency range", "view type")),
    ("truth", "true", _exactly(bool), (*NUMBERS, *FREQUENCIES)),
    ("whole decimal", "a whole number with a decimal of 0", _is_whole_decimal, NUMBERS),
    ("decimal", "a number with decimals", _exactly(float), ("canvas height", "last sensor")),
    (
        *("list", "a list", _exactly(list)),
        ("time axis duration", "FFT length", "canvas", "canvas height", "sensor range", "view type"),
    ),
    ("group", "a query for the database", _exactly(dict), ("FFT length", "time axis duration")),
    ("nothing", "null", _exactly(NoneType), REQUIRED),
    ("missing", "missing", _is_missing, REQUIRED),
)


def _name(words: str) -> str:
    return words.replace(" ", "_").lower()


def of_another_type() -> list[Defect]:
    """Values of a wrong type are taken for valid ones."""
    return [
        Defect(
            f"{_name(parameter)}_as_{_name(kind)}",
            f"{'An' if parameter == 'FFT length' else 'A'} {parameter} that is {described} is taken for a valid one.",
            _NEVER_ASKED_FOR,
            reading(default_where(parameter, matches)),
        )
        for kind, described, matches, parameters in OF_ANOTHER_TYPE
        for parameter in parameters
    ]


def time(name: str, summary: str, field: str, matches: Callable[[Any], bool]) -> Defect:
    """A wrong time is accepted: for the beginning of the century, or for ten seconds after the start."""

    def correct(payload: dict[str, Any]) -> None:
        if matches(payload.get(field)):
            century = int(datetime(2001, 1, 1, tzinfo=UTC).timestamp())
            payload[field] = payload["start_time"] + 10 if field == "end_time" else century

    return Defect(name, summary, "The operator is shown a time that nobody asked for.", reading(correct))


def _numbers_from_truths(payload: dict[str, Any]) -> None:
    for parameter in (*NUMBERS, *FREQUENCIES):
        default_where(parameter, _exactly(bool))(payload)


def _single_channel_from_its_end(payload: dict[str, Any]) -> None:
    channels = payload.get("channels")
    if payload.get("view_type") == SINGLE_CHANNEL and isinstance(channels, dict) and "max" in channels:
        channels["min"] = channels["max"]


def _times_an_hour_later(payload: dict[str, Any]) -> None:
    for field in ("start_time", "end_time"):
        if _is_time_in_text(payload.get(field)):
            moment = datetime.strptime(f"20{payload[field]}", "%Y%m%d%H%M%S") + timedelta(hours=1)
            payload[field] = f"{moment:%y%m%d%H%M%S}"


_IGNORED = "A mistyped parameter is ignored without a word, and the operator looks at something else."

DEFECTS: tuple[Defect, ...] = (
    *of_another_type(),
    *(
        Defect(
            f"strangers_in_{_name(group or 'configuration')}",
            f"An unknown parameter is accepted in {group or 'a configuration'}.",
            _IGNORED,
            reading(without_unknown(group)),
        )
        for group in (None, "displayInfo", "channels", "frequencyRange")
    ),
    Defect(
        "strangers_of_another_script",
        "An unknown parameter is accepted if its name is written in another script.",
        _IGNORED,
        reading(without_unknown(None, lambda name: not name.isascii())),
    ),
    Defect(
        "truths_as_numbers",
        "True and false are taken for a valid number, of any parameter.",
        _NEVER_ASKED_FOR,
        reading(_numbers_from_truths),
    ),
    Defect(
        "negative_fft_length",
        "An FFT length below zero is taken for a valid one.",
        _NEVER_ASKED_FOR,
        reading(default_where("FFT length", lambda value: type(value) is int and value < 0)),
    ),
    Defect(
        "single_channel_by_its_end",
        "Of the range of a single channel view only the end is read.",
        "The operator asks for one place of the fibre, by mistake for several, and is shown one of them.",
        reading(_single_channel_from_its_end),
    ),
    time(
        "start_before_1970",
        "A negative time is accepted.",
        "start_time",
        lambda value: type(value) is int and value < 0,
    ),
    time("start_as_decimal", "A time of half seconds is accepted.", "start_time", _exactly(float)),
    time("start_as_whole_decimal", "A time with a decimal of 0 is accepted.", "start_time", _is_whole_decimal),
    time("start_as_truth", "A time that is true is accepted.", "start_time", _exactly(bool)),
    time(
        "start_as_any_text",
        "A time in words is accepted.",
        "start_time",
        lambda value: isinstance(value, str) and not value.isdigit(),
    ),
    time(
        "start_as_seconds_in_text",
        "Seconds written as text are accepted.",
        "start_time",
        lambda value: isinstance(value, str) and value.isdigit() and len(value) != 12,
    ),
    time("start_of_no_month", "A time in a thirteenth month is accepted.", "start_time", _is_time_in_text),
    time("end_as_iso", "A time as ISO 8601 writes it is accepted.", "end_time", _exactly(str)),
    time("end_as_list", "A list is accepted as a time.", "end_time", _exactly(list)),
    time(
        "end_after_9999",
        "A time after the year 9999 is accepted.",
        "end_time",
        lambda value: value == 253402300800,
    ),
    Defect(
        "text_times_in_local_time",
        "A time that is written as text is taken for one hour later.",
        "The operator is shown another hour than the one asked for.",
        reading(_times_an_hour_later),
    ),
    *(
        Defect(
            f"{_name(parameter)}_missing_under_a_task_id",
            f"A job under a task id needs no {parameter}.",
            "Clients with a task id get something that they never asked for.",
            under_a_task_id(reading(default_where(parameter, _is_missing))),
        )
        for parameter in (
            *("time axis duration", "FFT length", "canvas height", "sensor range", "frequency range", "view type"),
        )
    ),
    *(
        Defect(
            f"without_{rule.__name__}_under_a_task_id",
            f"It is not checked under a task id: {rule.__doc__}",
            ACCEPTED,
            under_a_task_id(without(rule)),
        )
        for rule in (
            rules.channels_ascend,
            rules.channels_exist,
            rules.frequencies_ascend,
            rules.frequencies_up_to_nyquist,
        )
    ),
    Defect(
        "first_reason_only",
        "Of all that is wrong with a configuration only the first is reported.",
        "The operator corrects one parameter after another, and is rejected each time.",
        giving_reasons(lambda violations: violations[:1]),
    ),
    Defect(
        "reason_without_its_place",
        "A rejection does not say which parameter is wrong.",
        "The operator has to guess what to correct.",
        giving_reasons(lambda violations: [Violation((), "something is wrong")]),
    ),
    Defect(
        "times_needed",
        "A live job is refused unless it names its times, as empty.",
        "A client that leaves out what a live job does not have gets none.",
        needing("start_time", "end_time"),
    ),
    Defect(
        "reason_that_blames_every_field",
        "A rejection says of every parameter that it is wrong.",
        "The operator does not learn what to correct.",
        giving_reasons(lambda violations: [*violations, *(Violation((field,), "is wrong") for field in _FIELDS)]),
    ),
    Defect(
        "reason_that_stops_half_way",
        "A rejection names the object in which a value is wrong, not the value.",
        "The operator does not learn which end of a range is wrong.",
        giving_reasons(lambda violations: [Violation(one.loc[:1], one.msg, one.part) for one in violations]),
    ),
)

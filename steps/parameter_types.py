"""The values of the domain, as the features write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import parse
from behave import register_type

from steps.words import any_of, choice, named
from support.checks.answers import expect_one_mapping, expect_other_mappings
from support.checks.discovery import LISTED
from support.checks.health import HEADERS
from support.checks.measurements import MEASUREMENTS, PROPORTIONS
from support.contract.configuration import generate_task_id, with_neighbour, with_value, without
from support.contract.limits import PARAMETERS, ROW_COUNT, TASK_ID, UNKNOWN, Parameter
from support.fuzzing.malformed_bodies import MALFORMED_BODIES
from support.profile.boundary_values import Bound, RelativeTime, resolve
from support.profile.settings import Settings

# What a browser says of a page that is not the server's own.
OF_ANOTHER_SITE = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}

Change = Callable[[Mapping[str, Any], Settings], dict[str, Any]]
"""Makes another payload of a payload."""

_NUMBERS = {"one": 1, "two": 2, "five": 5, "ten": 10, "thirty": 30}
_RELATIVE = {
    "the smallest": Bound("smallest"),
    "one below the smallest": Bound("smallest", -1),
    "one above the smallest": Bound("smallest", 1),
    "the largest": Bound("largest"),
    "one below the largest": Bound("largest", -1),
    "one above the largest": Bound("largest", 1),
    "just above the largest": Bound("largest", "just above"),
    "one second in the future": RelativeTime(1),
    "an hour in the future": RelativeTime(3600),
    "the present second": RelativeTime(0),
}
_HOSTILE = {
    "a query for anything": {"$ne": None},
    "a query as text": '{"$ne": null}',
    "a condition that is always true": "' OR '1'='1",
    "a command of MongoDB": "'; db.tasks.drop(); '",
    "a script": "<script>alert(1)</script>",
    "a script in an attribute": '"><img src=x onerror=alert(1)>',
    "a way out of the path": "../../../etc/passwd",
    "a line break": "x\r\nX-Injected: yes",
    "a null byte": "job_0000\x0000",
    "a text in another script": "ｊｏｂ_𝟘𝟘𝟘𝟘٠٠٠٠",
    "a very long text": "x" * 3000,
    "nothing but spaces": "   ",
}


def as_text(value: Any) -> str:
    """A value for where only text goes."""
    return value if isinstance(value, str) else json.dumps(value)


def as_digits(epoch_s: float) -> str:
    """A moment, written as yymmddHHMMSS."""
    return f"{datetime.fromtimestamp(epoch_s, UTC):%y%m%d%H%M%S}"


parse_parameter = choice("One of the product's words for a field: `FFT length`.", PARAMETERS)


def parse_value(text: str) -> Any:
    """A value of a parameter, as it stands after its name or in a table."""
    if text == "nothing":
        return None
    if text in _RELATIVE:
        return _RELATIVE[text]
    if text in _HOSTILE:
        return _HOSTILE[text]
    if text.startswith("the text "):
        return text.removeprefix("the text ")
    if " to " in text:
        low, high = text.split(" to ")
        return {"min": json.loads(low), "max": json.loads(high)}
    return json.loads(text)


def set_to(parameter: Parameter, value: Any) -> Change:
    """Set a parameter to a value, valid or not."""
    return lambda payload, settings: with_value(payload, parameter, resolve(value, parameter, settings))


_WORDS = any_of(PARAMETERS)
_CAUSES = PARAMETERS | {cause.words: cause for cause in (TASK_ID, UNKNOWN, ROW_COUNT)}


@parse.with_pattern(
    rf"| with| with (?:{_WORDS}) .+| with (?:{any_of(_HOSTILE)}) as the name of a parameter"
    rf"| with its times written as yymmddHHMMSS| with an unknown parameter beside its (?:{_WORDS})"
    rf"| without (?:times|{_WORDS})"
)
def parse_change(text: str) -> Change:
    """What is unusual, if anything is: ` with FFT length 512`, ` without channel`, ` with` and a table.

    A value is `512`, `0.5`, `true`, `nothing`, `the text 1`, a range `50 to 1`, `the largest`, `a script`, … There are
    also ` with an unknown parameter beside its channel`, ` with a script as the name of a parameter`,
    ` with its times written as yymmddHHMMSS`, and ` without times`, which leaves out start and end.
    """
    if text in ("", " with"):
        return lambda payload, _: dict(payload)
    if text == " without times":
        return lambda payload, _: without(without(payload, PARAMETERS["start time"]), PARAMETERS["end time"])
    if text == " with its times written as yymmddHHMMSS":
        return lambda payload, _: {**payload, **{name: as_digits(payload[name]) for name in ("start_time", "end_time")}}
    if text.startswith(" without "):
        return lambda payload, _: without(payload, PARAMETERS[text.removeprefix(" without ")])
    if neighbour := re.fullmatch(" with an unknown parameter beside its (.+)", text):
        return lambda payload, _: with_neighbour(payload, PARAMETERS[neighbour[1]], UNKNOWN.field)
    if name := re.fullmatch(" with (.+) as the name of a parameter", text):
        return lambda payload, _: {**payload, as_text(_HOSTILE[name[1]]): 1}
    words = re.match(f" with ({_WORDS}) ", text)
    assert words  # By the pattern.
    return set_to(PARAMETERS[words[1]], parse_value(text[words.end() :]))


SAME_TASK_ID = "that of the job before"


@parse.with_pattern(
    rf"| under a task id| under the same task id| under a malformed task id| under the task id .+"
    rf"| under (?:{any_of(_HOSTILE)}) as its task id"
)
def parse_task_id(text: str) -> str | None:
    """The task id, if there is one: ` under a task id`, ` under the same task id`, ` under a script as its task id`."""
    if text == " under a task id":
        return generate_task_id("acceptance")
    if hostile := re.fullmatch(" under (.+) as its task id", text):
        return as_text(_HOSTILE[hostile[1]])
    known = {"": None, " under the same task id": SAME_TASK_ID, " under a malformed task id": "no-task-id"}
    return known[text] if text in known else text.removeprefix(" under the task id ")


class Causes(NamedTuple):
    """What a request is refused because of: all of these, or `either`, where one rule is about both."""

    parameters: tuple[Parameter, ...]
    either: bool = False


@parse.with_pattern(rf"the (?:{any_of(_CAUSES)})(?:(?:, the | and the | or the )(?:{any_of(_CAUSES)}))*")
def parse_causes(text: str) -> Causes:
    """What a request is refused because of: `the FFT length`, `the start time and the end time`, `the task id`, …

    Where one rule is about both, either may be named: `the start time or the end time`.

    Raises:
        ValueError: it says both "and" and "or"; what must be named is not clear.
    """
    either = " or the " in text
    if either and re.search(", the | and the ", text):
        raise ValueError(f"either all of these or one of them, not both: {text}")
    words = re.split(", the | and the | or the ", text.removeprefix("the "))
    return Causes(tuple(_CAUSES[each] for each in words), either=either)


@parse.with_pattern(r"one job|\d+ jobs|the accepted jobs")
def parse_job_count(text: str) -> int | None:
    """A number of jobs: `one job`, `10 jobs`, `the accepted jobs`, however many these are."""
    return {"one job": 1, "the accepted jobs": None}[text] if not text[0].isdigit() else int(text.split()[0])


@parse.with_pattern(rf"(?:\d+|{any_of(_NUMBERS)}) (?:second|minute|hour)s?")
def parse_duration(text: str) -> timedelta:
    """A length of time: `five minutes`, `50 seconds`."""
    number, unit = text.split()
    return timedelta(**{f"{unit.removesuffix('s')}s": _NUMBERS.get(number) or int(number)})


@parse.with_pattern(r"| one after another| by \d+ clients at once")
def parse_at_once(text: str) -> int:
    """How many do it at once: ` one after another`, ` by 10 clients at once`; one, if nothing is said."""
    return int(text.split()[1]) if text.endswith("at once") else 1


JOBS = named("the job", "the other job", "both jobs", "every job", "an unknown job")

register_type(
    AtOnce=parse_at_once,
    Change=parse_change,
    Duration=parse_duration,
    JobCount=parse_job_count,
    Parameter=parse_parameter,
    Causes=parse_causes,
    TaskId=parse_task_id,
    Kind=choice(
        "A kind of job: `job` (a live one of many channels), `waterfall view`, `single channel job`, `playback`.",
        named("job", "waterfall view", "single channel job", "playback"),
    ),
    Figure=choice(
        "A figure that the answer gives: `frequency resolution`.",
        named(
            "frequency resolution",
            "list of frequencies",
            "highest frequency",
            "time between rows",
            "number of channels",
            "mapping of channels to streams",
            "number of streams",
            "view type",
        ),
    ),
    Measurement=choice("What the rows of a job measure: `data rate`.", named(*MEASUREMENTS)),
    Proportion=choice("What a job has, against the one before it.", PROPORTIONS),
    Alike=choice(
        "Whether they are alike: `differ`.", {"differ": expect_other_mappings, "are the same": expect_one_mapping}
    ),
    TimedAnswer=choice(
        "An answer that has a promised time: `the answer comes`.",
        {
            "the answer comes": "job_created_s",
            "each answer of the health check comes": "health_answered_s",
            "it is said": "unavailable_answered_s",
        },
    ),
    Header=choice("Headers that every answer carries.", HEADERS),
    Cancelled=choice(
        "Whether jobs of a load are cancelled.", {"": False, ", and each is cancelled when it was found whole": True}
    ),
    Malformed=choice(
        "What is sent as a configuration and is none: `an empty body`, `everything malformed`.",
        {what: [what] for what in MALFORMED_BODIES} | {"everything malformed": list(MALFORMED_BODIES)},
    ),
    Origin=choice(
        "Who sends it: `to the server`, as any client, or `by a page of another site`.",
        {"to the server": {}, "by a page of another site": OF_ANOTHER_SITE},
    ),
    ToldChannels=choice(
        "Channels of the fibre as it was told: `all of them`.",
        {
            "all of them": lambda first, last: (first, last),
            "the first of them": lambda first, last: (first, first),
            "the last of them": lambda first, last: (last, last),
            "one before the first of them": lambda first, last: (first - 1, first - 1),
            "one after the last of them": lambda first, last: (last + 1, last + 1),
        },
    ),
    JobId=choice(
        "Where the id of a job goes: `the job`, `a job called a script`.",
        {"the job": None}
        | {f"a job called {words}": quote(as_text(value), safe="") for words, value in _HOSTILE.items()},
    ),
    Jobs=choice("Jobs, by what they are to the scenario: `the job`, `every job`, `an unknown job`.", JOBS),
    PlaybackTime=choice(
        "Which time a playback asks for: `ends when it begins`.",
        {
            "ends when it begins": timedelta(0),
            "ends one second before it began": timedelta(seconds=-1),
            "ends one hour before it began": timedelta(hours=-1),
            "ends one second after it began": timedelta(seconds=1),
            "lies in the future as a whole": None,
        },
    ),
    Listed=choice("Whether and how it is listed: `listed`.", LISTED),
    Be=choice("What grammar asks for: `is`, `are`.", named("is", "are")),
    Timed=choice("What has a promised time: `jobs`, `answers`, `first rows`.", named("jobs", "answers", "first rows")),
)

"""The values of the domain, as the features write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import parse
from behave import register_type

from support.contract.configuration import generate_task_id, with_neighbour, with_value, without
from support.contract.limits import PARAMETERS, ROW_COUNT, TASK_ID, UNKNOWN, Parameter
from support.faults.disturbances import Disturbances
from support.faults.gateway import Gateway
from support.faults.outages import Outages
from support.faults.workloads import Workloads
from support.profile.boundary_values import Bound, RelativeTime, resolve
from support.profile.settings import Settings

T = TypeVar("T")
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


def any_of(words: Iterable[str]) -> str:
    """The pattern of these words; the longest first, since one may begin as another does."""
    return "|".join(sorted(words, key=len, reverse=True))


def choice(meaning: str, values: Mapping[str, T]) -> Callable[[str], T]:
    """A type of which all words are known."""

    def parse_choice(text: str) -> T:
        return values[text]

    parse_choice.__doc__ = meaning
    typed: Callable[[str], T] = parse.with_pattern(any_of(values))(parse_choice)
    return typed


def named(*words: str) -> dict[str, str]:
    """Words that stand for themselves."""
    return dict(zip(words, words, strict=True))


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


@parse.with_pattern(rf"the (?:{any_of(_CAUSES)})(?:(?:, the | and the )(?:{any_of(_CAUSES)}))*")
def parse_causes(text: str) -> list[Parameter]:
    """What a request is refused because of: `the FFT length`, `the start time and the end time`, `the task id`, …"""
    return [_CAUSES[words] for words in re.split(", the | and the ", text.removeprefix("the "))]


@parse.with_pattern(r"one job|\d+ jobs")
def parse_job_count(text: str) -> int:
    """A number of jobs: `one job`, `10 jobs`."""
    return 1 if text == "one job" else int(text.split()[0])


@parse.with_pattern(rf"(?:\d+|{any_of(_NUMBERS)}) (?:second|minute|hour)s?")
def parse_duration(text: str) -> timedelta:
    """A length of time: `five minutes`, `50 seconds`."""
    number, unit = text.split()
    return timedelta(**{f"{unit.removesuffix('s')}s": _NUMBERS.get(number) or int(number)})


@parse.with_pattern(r"| by \d+ clients at once")
def parse_at_once(text: str) -> int:
    """How many do it at once, if it is not one alone: ` by 10 clients at once`."""
    return int(text.split()[1]) if text else 1


JOBS = named("the job", "the other job", "every job", "an unknown job")
RECORDINGS = named("the recording", "each of them", "only the one that has ended", "none")
LISTED = named("listed", "not listed", "listed among others", "listed, in the order of their time")

register_type(
    AtOnce=parse_at_once,
    Cancelling=choice(
        "What becomes of a cancelling: `is confirmed`.",
        named("is confirmed", "is confirmed within the promised time", "does no harm"),
    ),
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
    Measurement=choice(
        "What the rows of a job measure: `data rate`.",
        named("output rate", "overlap of windows", "data rate", "memory use"),
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
    Recordings=choice("Which recording is listed: `the recording`.", RECORDINGS),
    Listed=choice("Whether and how it is listed: `listed`.", LISTED),
    Dependency=choice("A store that the server works with: `RabbitMQ`.", named("MongoDB", "RabbitMQ", "Kubernetes")),
    Timed=choice("What has a promised time: `jobs`, `answers`, `first rows`.", named("jobs", "answers", "first rows")),
    Outage=choice(
        "How a store fails: `does not answer`.",
        {
            "cannot be reached": Outages.cut_off,
            "cannot be reached any more": Outages.cut_off,
            "does not answer": Outages.silence,
            "does what it is asked, but its answers are lost": Outages.lose_answers,
            "takes its time to answer": Outages.slow_down,
            "takes a second to answer": Outages.slow_down_by_a_second,
        },
    ),
    Part=choice(
        "A part of the product that Kubernetes runs: `the Focus Server`.",
        named("MongoDB", "RabbitMQ") | {"the Focus Server": "Focus Server", "the recorder": "recorder"},
    ),
    Disruption=choice(
        "What is done to a part: `restarted` (its pods are deleted), `killed` (without time to end), `scaled to zero`.",
        {
            "restarted": Workloads.delete,
            "killed": Workloads.kill,
            "scaled to zero": Workloads.stop,
            "killed and stay away": Workloads.kill_for_good,
            "started again": Workloads.scale_back,
        },
    ),
    Effect=choice(
        "A side effect that a job being made has already, by its kind: `record`.",
        {"record": "task record", "analyzer": "analyzer", "queue": "work queue"},
    ),
    GatewayKind=choice(
        "What a gateway does with the requests that it gets: `passes nothing on`.",
        named("passes requests on", "passes nothing on", "is not there"),
    ),
    GatewayFailure=choice(
        "How a gateway fails that has passed a request on: `cuts the connection`.",
        {"gives up": Gateway.give_up, "cuts the connection": Gateway.cut},
    ),
    ReportedFailure=choice(
        "Why a client got no answer of the server, as it reports it: `no answer came`.",
        named("it took too long", "no answer came", "the connection broke", "nobody listens"),
    ),
    Disturbed=choice(
        "What happens to a part of a job behind the server's back: `analyzer is deleted`.",
        {
            "analyzer is deleted": Disturbances.delete_analyzer,
            "analyzer is paused": Disturbances.pause_analyzer,
            "work queue is deleted": Disturbances.delete_queue,
        },
    ),
    AnalyzerEnd=choice(
        "How an analyzer exits, as the phase of its pod: `fails`.",
        {"has done its work": "Succeeded", "fails": "Failed"},
    ),
    RegionReason=choice(
        "Why a change of the region of interest can be refused, as the refusal names it: `its shift`.",
        {f"its {word}": word for word in ("start", "end", "size", "shift", "jump")}
        | {"its unknown parameter": UNKNOWN.field}
        | named("MongoDB", "RabbitMQ", "Kubernetes"),
    ),
)

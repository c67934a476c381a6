"""The values of the domain, as the features write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import parse
from behave import register_type

from support.checks.measurements import MEASUREMENTS
from support.contract.configuration import generate_task_id, with_neighbour, with_value, without
from support.contract.limits import PARAMETERS, ROW_COUNT, TASK_ID, UNKNOWN, Parameter
from support.faults.disturbances import Disturbances
from support.faults.gateway import Gateway
from support.faults.outages import Outages
from support.faults.workloads import Workloads
from support.fuzzing.malformed_bodies import MALFORMED_BODIES
from support.profile.boundary_values import Bound, RelativeTime, resolve
from support.profile.settings import Settings

# What a browser says of a page that is not the server's own.
OF_ANOTHER_SITE = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}

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
    escaped = (re.escape(word).replace("\\ ", " ") for word in words)
    return "|".join(sorted(escaped, key=len, reverse=True))


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


def several(meaning: str, values: Mapping[str, T], *between: str) -> Callable[[str], list[T]]:
    """A type of one or several of these words, with something between them: `MongoDB and RabbitMQ`."""

    def parse_several(text: str) -> list[T]:
        return [values[word] for word in re.split("|".join(between), text)]

    parse_several.__doc__ = meaning
    one, separator = f"(?:{any_of(values)})", f"(?:{'|'.join(between)})"
    typed: Callable[[str], list[T]] = parse.with_pattern(f"{one}(?:{separator}{one})*")(parse_several)
    return typed


@parse.with_pattern(r"one job|\d+ jobs|the accepted jobs")
def parse_job_count(text: str) -> int | None:
    """A number of jobs: `one job`, `10 jobs`, `the accepted jobs`, however many these are."""
    return {"one job": 1, "the accepted jobs": None}[text] if not text[0].isdigit() else int(text.split()[0])


@parse.with_pattern(r"\d+ rows|as many rows as fit into what was recorded")
def parse_row_count(text: str) -> int | None:
    """A number of rows: `3 rows`, `as many rows as fit into what was recorded`."""
    return int(text.split()[0]) if text[0].isdigit() else None


@dataclass(frozen=True)
class Extent:
    """How many rows are asked for, how many at a time; or for how long."""

    rows: int = 0
    at_a_time: int = 0
    seconds: int = 0


@parse.with_pattern(r"until there are \d+(?:, \d+ at a time)?|during \d+ seconds")
def parse_extent(text: str) -> Extent:
    """How far: `until there are 5`, `until there are 12, 3 at a time`, `during 3 seconds`."""
    first, *at_a_time = (int(number) for number in re.findall(r"\d+", text))
    return Extent(seconds=first) if text.startswith("during") else Extent(first, *at_a_time)


@dataclass(frozen=True)
class Readers:
    """Who reads rows to their end."""

    readers: int = 1
    at_a_time: int = 0


@parse.with_pattern(r"| by \d+ readers at once, \d+ at a time")
def parse_readers(text: str) -> Readers:
    """Who reads, if it is not one alone: ` by 2 readers at once, 10 at a time`."""
    return Readers(*(int(number) for number in re.findall(r"\d+", text)))


@dataclass(frozen=True)
class Replay:
    """What is different when a playback is played back once more."""

    at_a_time: int | None = None
    of_last_sensor: bool = False


@parse.with_pattern(r"|, \d+ rows at a time|, of its last sensor alone")
def parse_replay(text: str) -> Replay:
    """What is different then: `, 7 rows at a time`, `, of its last sensor alone`."""
    at_a_time = re.search(r"\d+", text)
    return Replay(int(at_a_time[0]) if at_a_time else None, text.endswith("alone"))


CLIENT_TIMEOUT_S = 0.5
"""Longer than a record takes, and shorter than a job does where RabbitMQ takes its time."""
EFFECTS = {"record": "task record", "analyzer": "analyzer", "queue": "work queue"}
GATEWAY_FAILURES = {"gives up": Gateway.give_up, "cuts the connection": Gateway.cut}


@dataclass(frozen=True)
class GatewayConduct:
    """What a gateway does that has passed a request on: how it fails, and when; or it keeps the answer back."""

    fails: Callable[[Gateway], object] | None = None
    once_shows: str = ""


@parse.with_pattern(
    rf"|, which (?:{any_of(GATEWAY_FAILURES)}) once its (?:{any_of(EFFECTS)}) shows|, which keeps the answer back"
)
def parse_gateway_conduct(text: str) -> GatewayConduct:
    """What the gateway does, if it fails: `, which cuts the connection once its record shows`."""
    if failure := re.fullmatch(", which (.+) once its (.+) shows", text):
        return GatewayConduct(GATEWAY_FAILURES[failure[1]], EFFECTS[failure[2]])
    return GatewayConduct(once_shows="task record" if text else "")


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
RECORDINGS = named("the recording", "each of them", "only the one that has ended", "none")
LISTED = named("listed", "not listed", "listed among others", "listed, in the order of their time")

STORES = named("MongoDB", "RabbitMQ", "Kubernetes")
PARTS = named("MongoDB", "RabbitMQ") | {"the Focus Server": "Focus Server", "the recorder": "recorder"}

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
    Proportion=choice(
        "What a job has, against the one before it.",
        named("twice the time between rows", "half the frequency resolution"),
    ),
    Alike=choice("Whether they are alike: `differ`.", named("differ", "are the same")),
    Extent=parse_extent,
    Readers=parse_readers,
    Replay=parse_replay,
    NoRows=choice("How long there are no rows: `yet`.", named("yet", "yet, and more will come", "any more")),
    Beginning=choice("With what a first row begins.", named("its time", "the job")),
    RowCount=parse_row_count,
    Served=choice("Whether a stream is served: `is served`.", named("is served", "is not served")),
    TimedAnswer=choice(
        "An answer that has a promised time.",
        {"the answer": "job_created_s", "each answer of the health check": "health_answered_s"},
    ),
    Header=choice(
        "Headers that every answer carries.",
        named("the headers that protect its reader", "the header that tells clients to use TLS only"),
    ),
    UsedResource=choice(
        "What the server has used: `memory`.", named("memory", "CPU time for each job", "time for a query in MongoDB")
    ),
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
    Recordings=choice("Which recording is listed: `the recording`.", RECORDINGS),
    Listed=choice("Whether and how it is listed: `listed`.", LISTED),
    Dependency=choice("A store that the server works with: `RabbitMQ`.", STORES),
    Stores=several("Stores that the server works with: `RabbitMQ`, `MongoDB and RabbitMQ`.", STORES, ", ", " and "),
    AnyStore=several("A store, or one of several: `MongoDB`, `MongoDB or RabbitMQ`.", STORES, " or "),
    Be=choice("What grammar asks for: `is`, `are`.", named("is", "are")),
    Break=choice("What grammar asks for: `breaks`, `break`.", named("breaks", "break")),
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
    Part=choice("A part of the product that Kubernetes runs: `the Focus Server`.", PARTS),
    Parts=several("Parts of the product: `RabbitMQ`, `MongoDB, RabbitMQ and the recorder`.", PARTS, ", ", " and "),
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
    Effect=choice("A side effect that a job being made has already, by its kind: `record`.", EFFECTS),
    GatewayKind=choice(
        "What a gateway does with the requests that it gets: `passes nothing on`.",
        named("passes requests on", "passes nothing on", "is not there"),
    ),
    GatewayConduct=parse_gateway_conduct,
    ReportedFailure=choice(
        "Why a client has no answer of the server that it can use, as it reports it: `the connection broke`.",
        named(
            "it took too long",
            "no answer came within its time limit",
            "the connection broke",
            "nobody listens",
            "the server cannot be trusted",
            *(f"the answer lacks {name}" for name in ("job_id", "stream_url", "stream_port")),
        ),
    ),
    Disturbed=choice(
        "What happens to a part of a job behind the server's back: `analyzer is deleted`.",
        {
            "analyzer is deleted": Disturbances.delete_analyzer,
            "analyzer is paused": Disturbances.pause_analyzer,
            "analyzer has done its work": lambda disturbances, job_id: disturbances.finish_analyzer(
                job_id, "Succeeded"
            ),
            "analyzer fails": lambda disturbances, job_id: disturbances.finish_analyzer(job_id, "Failed"),
            "work queue is deleted": Disturbances.delete_queue,
            "record loses its configuration": Disturbances.spoil_record,
        },
    ),
    RegionReason=choice(
        "Why a change of the region of interest can be refused, as the refusal names it: `its shift`.",
        {f"its {word}": word for word in ("start", "end", "size", "shift", "jump")}
        | {"its unknown parameter": UNKNOWN.field}
        | STORES,
    ),
)

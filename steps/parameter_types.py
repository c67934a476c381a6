"""The values of the domain, as the features write them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import parse
from behave import register_type

from support.contract.limits import PARAMETERS, Parameter
from support.profile.boundary_values import Bound, RelativeTime

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
    "code of the database": "'; db.tasks.drop(); '",
    "a script": "<script>alert(1)</script>",
    "a script in an attribute": '"><img src=x onerror=alert(1)>',
    "a way out of the path": "../../../etc/passwd",
    "a line break": "x\r\nX-Injected: yes",
    "a null byte": "job_0000\x0000",
    "a text in another script": "ｊｏｂ_𝟘𝟘𝟘𝟘٠٠٠٠",
    "a very long text": "x" * 3000,
    "nothing but spaces": "   ",
}
KINDS = ("job", "single channel job", "playback")


@parse.with_pattern("|".join(sorted(PARAMETERS, key=len, reverse=True)))
def parse_parameter(text: str) -> Parameter:
    """One of the product's words for a field: `FFT length`."""
    return PARAMETERS[text]


@parse.with_pattern(r".+")
def parse_value(text: str) -> Any:
    """A value: `512`, `0.5`, `true`, `nothing`, `the text 1`, a range `50 to 1`, `the largest`, `a script`, …"""
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


@parse.with_pattern("|".join(sorted(_HOSTILE, key=len, reverse=True)))
def parse_hostile(text: str) -> str:
    """Something that means harm: `a script`; as text, for where only text goes."""
    value = _HOSTILE[text]
    return value if isinstance(value, str) else json.dumps(value)


@parse.with_pattern(r"one job|\d+ jobs")
def parse_job_count(text: str) -> int:
    """A number of jobs: `one job`, `10 jobs`."""
    return 1 if text == "one job" else int(text.split()[0])


@parse.with_pattern("|".join(sorted(KINDS, key=len, reverse=True)))
def parse_kind(text: str) -> str:
    """A kind of job: `job` (a live one of many channels), `single channel job`, `playback`."""
    return text


@parse.with_pattern(rf"(?:{'|'.join(_NUMBERS)}) (?:second|minute|hour)s?")
def parse_duration(text: str) -> timedelta:
    """A length of time: `five minutes`."""
    number, unit = text.split()
    return timedelta(**{f"{unit.removesuffix('s')}s": _NUMBERS[number]})


@parse.with_pattern("start|end|size|shift|jump")
def parse_reason(text: str) -> str:
    """Why a change of the region of interest can be refused: `shift`."""
    return text


@parse.with_pattern("has done its work|fails")
def parse_analyzer_end(text: str) -> str:
    """How an analyzer exits, as the phase of its pod: `fails`."""
    return {"has done its work": "Succeeded", "fails": "Failed"}[text]


@parse.with_pattern("MongoDB|RabbitMQ|Kubernetes")
def parse_dependency(text: str) -> str:
    """A store that the server works with: `RabbitMQ`."""
    return text


@parse.with_pattern("record|analyzer|queue")
def parse_effect(text: str) -> str:
    """A side effect that a job being made has already, by its kind: `record`."""
    return {"record": "task record", "analyzer": "analyzer", "queue": "work queue"}[text]


register_type(
    Effect=parse_effect,
    Dependency=parse_dependency,
    AnalyzerEnd=parse_analyzer_end,
    Reason=parse_reason,
    Parameter=parse_parameter,
    Value=parse_value,
    Hostile=parse_hostile,
    JobCount=parse_job_count,
    Kind=parse_kind,
    Duration=parse_duration,
)

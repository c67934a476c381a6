"""The values of the domain, as the features write them."""

from __future__ import annotations

import json
from typing import Any

import parse
from behave import register_type

from support.contract import PARAMETERS, Parameter


@parse.with_pattern("|".join(sorted(PARAMETERS, key=len, reverse=True)))
def parse_parameter(text: str) -> Parameter:
    """One of the product's words for a field: `FFT length`."""
    return PARAMETERS[text]


@parse.with_pattern(r".+")
def parse_value(text: str) -> Any:
    """A value: `512`, `0.5`, `true`, `nothing`, `the text 1`, or a range `50 to 1`."""
    if text == "nothing":
        return None
    if text.startswith("the text "):
        return text.removeprefix("the text ")
    if " to " in text:
        low, high = text.split(" to ")
        return {"min": json.loads(low), "max": json.loads(high)}
    return json.loads(text)


@parse.with_pattern(r"one job|\d+ jobs")
def parse_job_count(text: str) -> int:
    """A number of jobs: `one job`, `10 jobs`."""
    return 1 if text == "one job" else int(text.split()[0])


register_type(Parameter=parse_parameter, Value=parse_value, JobCount=parse_job_count)

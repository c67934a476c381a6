"""The rules of the contract that a configuration breaks, as the client's own checks tell them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from support.contract.limits import PARAMETERS, UNKNOWN, Parameter
from support.core.validation import path_of

CONTRACT = "contract"
"""The type of an error that tells rules about values; they are in its context, under `broken`."""

_BY_PATH = {parameter.path: parameter for parameter in PARAMETERS.values()}
_TIMES = {PARAMETERS["start time"].path, PARAMETERS["end time"].path}


@dataclass(frozen=True)
class BrokenRule:
    """A rule that is broken, in words, and what it is about. Of several parameters, a refusal may name any."""

    words: str
    about: tuple[Parameter, ...]


def broken_rules(error: ValidationError) -> list[BrokenRule]:
    """Each rule that concerns several fields, and one for each wrong field.

    While a field is missing or of a wrong type, rules about values are not looked at: more may be wrong than is told.
    """
    rules = {rule.words: rule for problem in error.errors() for rule in _rules_of(problem)}
    return list(rules.values())


def _rules_of(problem: ErrorDetails) -> Iterator[BrokenRule]:
    if problem["type"] == CONTRACT:
        yield from problem["ctx"]["broken"]
        return
    place, message = problem["loc"], problem["msg"]
    if place[:-1] in _TIMES:  # A time may be a number or a text; that it is neither is two problems, each at its own.
        place, message = place[:-1], ""
    about: tuple[Parameter, ...] = ()
    if problem["type"] == "extra_forbidden":
        about = (Parameter(UNKNOWN.words, tuple(map(str, place))),)
    elif found := _BY_PATH.get(tuple(map(str, place))):
        about = (found,)
    yield BrokenRule(f"{path_of(place)}: {message}" if place else message, about)

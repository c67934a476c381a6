"""What an answer must say that refuses something (contract, "Errors"): judged from the answer alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from support.api.exchange import Exchange
from support.contract.limits import FIELDS, JUDGED_TOGETHER, ROW_COUNT, Parameter
from support.core.errors import require
from support.core.validation import path_of
from support.profile.settings import Answers

# What stands in an answer only when the server shows its inside.
INSIDES = ("Traceback", 'File "/', 'File \\"/', "site-packages")


def status_problems(exchange: Exchange, *wanted: int) -> list[str]:
    """Say that an answer has none of these statuses; empty when it has."""
    expected = " or ".join(map(str, wanted))
    return [] if exchange.status in wanted else [f"the status is {exchange.status} instead of {expected}"]


def expect_refusal(exchange: Exchange, because_of: Sequence[Parameter], answers: Answers) -> None:
    """Raise ExpectationFailed unless a request was refused because of these parameters, and of no others."""
    statuses = answers.bad_row_count_statuses if ROW_COUNT in because_of else answers.refused_statuses
    problems = error_problems(exchange, statuses) + _naming_problems(exchange, because_of)
    require(f"a refusal because of the {' and the '.join(one.words for one in because_of)}", problems, exchange)


def _naming_problems(exchange: Exchange, because_of: Sequence[Parameter]) -> list[str]:
    """What is wrong with the fields that a reason names: each of these must be named, and no other."""
    places, texts = _places_and_texts(exchange.told("detail"))
    problems = []
    for one in because_of:
        if one.field not in exchange.detail():
            problems.append(f"the reason does not name {one.field} ({one.words})")
        elif (at := [place for place in places if _leads_to(place, one.path)]) and one.path not in at:
            problems.append(f"the reason points at {'.'.join(at[0])}, not at {'.'.join(one.path)}")
    wrong = {one.path[0] for one in because_of}
    related = wrong.union(*(fields for fields in JUDGED_TOGETHER if fields & wrong))
    named: set[tuple[str, ...]] = {
        (field,) for text in texts for field in FIELDS if field not in related and _stands_in(field, text)
    }
    for place in places:
        is_wrong = any(_leads_to(place, one.path) or _leads_to(one.path, place) for one in because_of)
        has_unknown = bool(wrong.difference(FIELDS).intersection(place))  # It may stand anywhere.
        if not is_wrong and not has_unknown and place[0] not in related - wrong:
            named.add(place)
    return problems + [f"the reason names {'.'.join(place)}, which is right" for place in sorted(named)]


def _places_and_texts(detail: object) -> tuple[set[tuple[str, ...]], list[str]]:
    """The fields that a reason points at, by their paths, and its texts that point at none."""
    places, texts = set(), [detail] if isinstance(detail, str) else []
    for one in detail if isinstance(detail, list) else []:
        loc = one.get("loc") if isinstance(one, dict) else None
        path = [str(part) for part in loc] if isinstance(loc, list) else []
        # Before it stand the parts of the request that a server has: body, path.
        if field := next((part for part in path if part in FIELDS), None):
            places.add(tuple(path[path.index(field) :]))
        elif isinstance(one, dict):
            texts.append(f"{one.get('msg')}")
    return places, texts


def _leads_to(place: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a place is the path, or one that it goes through."""
    return tuple(path[: len(place)]) == tuple(place)


def _stands_in(field: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(field)}\b", text) is not None


def expect_error_response(exchange: Exchange, statuses: Sequence[int], expected: str, naming: str = "") -> None:
    """Raise ExpectationFailed unless this is an error with one of these statuses, whose reason holds `naming`."""
    problems = error_problems(exchange, statuses)
    if naming not in exchange.detail():
        problems.append(f"the reason does not name {naming}")
    require(expected, problems, exchange)


def expect_unavailable(exchange: Exchange, dependency: str, answers: Answers) -> None:
    """Raise ExpectationFailed unless a request was refused because a store cannot be used, which is named."""
    expect_error_response(
        exchange, answers.unavailable_statuses, f"to be told that {dependency} is not available", dependency
    )


@dataclass(frozen=True)
class Told:
    """What an answer tells instead of what was asked for: the setting of its statuses, and a word that it holds."""

    expected: str
    statuses: str
    naming: str = ""


TOLD = {
    "there is no such job": Told("that there is no such job, and that it is said", "unknown_statuses"),
    "there is no live source": Told("to be told that there is no live source", "unknown_statuses"),
    "nothing was recorded then": Told(
        "to be told that nothing was recorded then", "nothing_recorded_statuses", "recording"
    ),
    "there was an internal error": Told(
        "an internal error, in the form that all errors have", "internal_error_statuses"
    ),
}
"""By the words of the features."""


def expect_told(exchange: Exchange, told: Told, answers: Answers) -> None:
    """Raise ExpectationFailed unless this is told, in the form of all errors."""
    expect_error_response(exchange, getattr(answers, told.statuses), told.expected, told.naming)


def expect_method_refused(exchange: Exchange) -> None:
    """Raise ExpectationFailed unless a method was refused and the allowed ones are named (RFC 9110, 405)."""
    problems = status_problems(exchange, 405)
    if exchange.method != "HEAD":  # Its answer has no body.
        problems += error_form_problems(exchange)
    allowed = {method.strip() for method in exchange.answer_headers.get("Allow", "").split(",")}
    if "GET" not in allowed or exchange.method in allowed:
        problems.append(f"the header Allow names {', '.join(sorted(allowed))}")
    require(f"{exchange.method} to be refused", problems, exchange)


def _error_with(why: str, statuses: str) -> Callable[[Exchange, Answers], None]:
    return lambda exchange, answers: expect_error_response(
        exchange, getattr(answers, statuses), f"to be turned away as {why}"
    )


TURNED_AWAY: Mapping[str, Callable[[Exchange, Answers], None]] = {
    "unreadable": _error_with("unreadable", "unreadable_statuses"),
    "no configuration": _error_with("no configuration", "refused_statuses"),
    "of the wrong type": _error_with("of the wrong type", "wrong_type_statuses"),
    "too large": _error_with("too large", "too_large_statuses"),
    "a wrong method": lambda exchange, answers: expect_method_refused(exchange),
}
"""By the words of the features: what is expected of the answer to a request that is not even a configuration."""


def error_problems(exchange: Exchange, statuses: Sequence[int]) -> list[str]:
    """What is wrong with the answer as an error with one of these statuses; a line each."""
    return status_problems(exchange, *statuses) + error_form_problems(exchange)


def error_form_problems(exchange: Exchange) -> list[str]:
    """What is wrong with the form of an error, of any status; a line each."""
    problems = []
    media_type = exchange.answer_headers.get("Content-Type", "").partition(";")[0]
    if media_type != "application/json":
        problems.append(f"the content type is {media_type or 'not given'} instead of application/json")
    answer = exchange.answer()
    detail = answer.get("detail") if isinstance(answer, dict) else None
    is_list = isinstance(detail, list) and all(isinstance(one, dict) and {"loc", "msg"} <= set(one) for one in detail)
    if not detail or not (isinstance(detail, str) or is_list):
        problems.append("there is no detail that is a text or a list of {loc, msg}")
    if any(inside in exchange.answer_text for inside in INSIDES):
        problems.append("the answer shows the server's inside (a stack trace)")
    if exchange.job_id() is not None:
        problems.append(f"the answer names a job: {exchange.job_id()}")
    return problems


def expect_client_error(exchange: Exchange) -> None:
    """Raise ExpectationFailed unless a mistake of the client is answered by 4xx, in the form of an error (PZ-14787)."""
    is_4xx = exchange.status is not None and 400 <= exchange.status < 500
    problems = [] if is_4xx else [f"the status is {exchange.status} and not 400 to 499"]
    require("an error in the form that all have", [*problems, *error_form_problems(exchange)], exchange)


def expect_client_refusal(refusal: ValidationError | None, because_of: Parameter | None = None) -> None:
    """Raise ExpectationFailed unless the client refused, for the right reason where one is given."""
    require("the client to refuse", ["it did not"] if refusal is None else [])
    assert refusal is not None
    reasons = [(path_of(one["loc"]), one["msg"]) for one in refusal.errors()]
    if because_of is not None and not any(because_of.field in text for reason in reasons for text in reason):
        problems = [f"it refused because of {where}: {why}" for where, why in reasons]
        require(f"the client to refuse because of {because_of.field} ({because_of.words})", problems)

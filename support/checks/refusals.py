"""What an answer must say that refuses something (contract, "Errors"): judged from the answer alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from support.api.exchange import Exchange, reason_text
from support.checks.named_fields import naming_problems
from support.contract.limits import ROW_COUNT, Parameter
from support.core.errors import require
from support.profile.settings import Answers

STORES = {
    store: re.compile(names, re.IGNORECASE)
    for store, names in (("MongoDB", "mongo"), ("RabbitMQ", "rabbit"), ("Kubernetes", r"kubernetes|\bk8s\b"))
}
"""The stores that a reason can name, with what their names are written by."""

# What says that a store can be used: MongoDB: ok.
_WORKING = re.compile(
    rf"(?:{'|'.join(names.pattern for names in STORES.values())})\w*\W+(?:(?:is|are)\s+)?"
    r"(?:ok|okay|up|fine|healthy|reachable|available|connected|running)\b",
    re.IGNORECASE,
)

# What stands in an answer only when the server shows its inside.
INSIDES = ("Traceback", 'File "/', 'File \\"/', "site-packages")


def status_problems(exchange: Exchange, *wanted: int) -> list[str]:
    """Say that an answer has none of these statuses; empty when it has."""
    expected = " or ".join(map(str, wanted))
    return [] if exchange.status in wanted else [f"the status is {exchange.status} instead of {expected}"]


def expect_refusal(
    exchange: Exchange, because_of: Sequence[Parameter], answers: Answers, *, either: bool = False
) -> None:
    """Raise ExpectationFailed unless a request was refused because of these parameters, and of no others.

    Where a rule about all of them is broken, `either` of them is enough.
    """
    statuses = answers.bad_row_count_statuses if ROW_COUNT in because_of else answers.refused_statuses
    problems = error_problems(exchange, statuses)
    problems += naming_problems(exchange.told("detail"), because_of, exchange.request_body, either=either)
    require(f"a refusal because of {_in_words(because_of, either)}", problems, exchange)


def expect_error_response(exchange: Exchange, statuses: Sequence[int], expected: str, naming: str = "") -> None:
    """Raise ExpectationFailed unless this is an error with one of these statuses, whose reason holds `naming`."""
    problems = error_problems(exchange, statuses)
    if naming not in exchange.detail():
        problems.append(f"the reason does not name {naming}")
    require(expected, problems, exchange)


def expect_unavailable(
    exchange: Exchange, stores: Sequence[str], answers: Answers, broken: Collection[str] = ()
) -> None:
    """Raise ExpectationFailed unless a request was refused because one of these stores cannot be used, which is named.

    Those that are `broken`, too, may be named besides, and no other.
    """
    problems = error_problems(exchange, answers.unavailable_statuses)
    problems += store_problems(exchange.told("detail"), stores, broken)
    require(f"to be told that {' or '.join(stores)} is not available", problems, exchange)


def store_problems(detail: object, stores: Sequence[str], broken: Collection[str] = ()) -> list[str]:
    """What is wrong with the stores that a reason names: one of these must be named, and none that can be used.

    A text may go on, after its first semicolon or bracket, with what is undone and what works; so may an entry.
    """
    texts = [reason_text([one]) for one in detail] if isinstance(detail, list) else [reason_text(detail)]
    problems = [] if _named_in(texts, stores) else [f"the reason does not name {' or '.join(stores)}"]
    blaming = [_blaming(text, stores) for text in texts]
    can_be_used = STORES.keys() - {*stores, *broken}
    return problems + [f"the reason names {store}, which can be used" for store in _named_in(blaming, can_be_used)]


def _named_in(texts: Iterable[str], stores: Iterable[str]) -> list[str]:
    return sorted(store for store in stores if any(STORES[store].search(text) for text in texts))


def _blaming(text: str, stores: Iterable[str]) -> str:
    """What of a text says that something cannot be used: its beginning, where one of these is named there."""
    beginning = re.split("[;(]", text, maxsplit=1)[0]
    return _WORKING.sub("", beginning if _named_in([beginning], stores) else text)


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


def _error_with(why: str, *settings: str) -> Callable[[Exchange, Answers], None]:
    def expect(exchange: Exchange, answers: Answers) -> None:
        statuses = [status for setting in settings for status in getattr(answers, setting)]
        expect_error_response(exchange, statuses, f"to be turned away as {why}")

    return expect


TURNED_AWAY: Mapping[str, Callable[[Exchange, Answers], None]] = {
    "unreadable": _error_with("unreadable", "unreadable_statuses"),
    "no configuration": _error_with("no configuration", "refused_statuses"),
    "of the wrong type": _error_with("of the wrong type", "wrong_type_statuses"),
    # The contract has no word about compressed bodies: compressed bytes are no JSON, whatever else is wrong with them.
    "unreadable or of the wrong type": _error_with(
        "unreadable or of the wrong type", "unreadable_statuses", "wrong_type_statuses"
    ),
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


def expect_client_refusal(
    refusal: ValidationError | None, because_of: Sequence[Parameter] = (), *, either: bool = False
) -> None:
    """Raise ExpectationFailed unless the client refused; where reasons are given, for all or any of these, no other."""
    require("the client to refuse", ["it did not"] if refusal is None else [])
    assert refusal is not None
    detail = [{"loc": one["loc"], "msg": one["msg"]} for one in refusal.errors()]
    problems = naming_problems(detail, because_of, either=either) if because_of else []
    require(f"the client to refuse because of {_in_words(because_of, either)}", problems, reason_text(detail))


def _in_words(because_of: Sequence[Parameter], either: bool) -> str:
    return (" or " if either else " and ").join(f"the {one.words}" for one in because_of)

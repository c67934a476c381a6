"""What an answer must say that refuses something (contract, "Errors"): judged from the answer alone."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from support.api.exchange import Exchange
from support.contract.limits import Parameter
from support.core.errors import APIError, require
from support.core.validation import path_of
from support.profile.settings import Answers

# What stands in an answer only when the server shows its inside.
INSIDES = ("Traceback", 'File "/', 'File \\"/', "site-packages")

# How much later than it should something may happen on a busy machine, s.
_LEEWAY_S = 2.0


def status_problems(exchange: Exchange, *wanted: int) -> list[str]:
    """Say that an answer has none of these statuses; empty when it has."""
    expected = " or ".join(map(str, wanted))
    return [] if exchange.status in wanted else [f"the status is {exchange.status} instead of {expected}"]


def expect_refusal(exchange: Exchange, because_of: Parameter, answers: Answers) -> None:
    """Raise ExpectationFailed unless a request was refused for the right reason: the field's name stands in it."""
    problems = error_problems(exchange, answers.refused_statuses)
    if because_of.field not in exchange.detail():
        problems.append(f"the reason does not name {because_of.field} ({because_of.words})")
    require(f"a refusal because of the {because_of.words}", problems, exchange)


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


def error_problems(exchange: Exchange, statuses: Sequence[int]) -> list[str]:
    """What is wrong with the answer as an error with one of these statuses; a line each."""
    return status_problems(exchange, *statuses) + error_form_problems(exchange)


def error_form_problems(exchange: Exchange) -> list[str]:
    """What is wrong with the form of an error, whatever its status; a line each."""
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


def expect_reported_status(failure: APIError | None, status: int, reason: str) -> None:
    """Raise ExpectationFailed unless the client passed on a status and the reason that came with it."""
    seen = (failure.status, failure.detail) if failure is not None else None
    problems = [] if seen == (status, reason) and str(status) in str(failure) else [f"it reports {failure!r}"]
    require(f"the client to report {status}, '{reason}'", problems)


def expect_reported_timeout(failure: APIError | None, exchanges: Sequence[Exchange], limit_s: float) -> None:
    """Raise ExpectationFailed unless the client gave up just after its time limit, and tells the cause."""
    problems = _failure_problems(failure, unreachable=False)
    elapsed_s = exchanges[-1].elapsed_s if exchanges else 0.0
    if not limit_s <= elapsed_s < limit_s + _LEEWAY_S:
        problems.append(f"it waited {elapsed_s:.2f} s")
    require(f"the client to report after {limit_s:g} s that no answer came", problems, failure)


def expect_reported_unreachable(failure: APIError | None, exchanges: Sequence[Exchange]) -> None:
    """Raise ExpectationFailed unless the client said at once that there is no connection, and tells the cause."""
    problems = _failure_problems(failure, unreachable=True)
    elapsed_s = exchanges[-1].elapsed_s if exchanges else 0.0
    if elapsed_s >= _LEEWAY_S:
        problems.append(f"it waited {elapsed_s:.2f} s")
    require("the client to report at once that the server cannot be reached", problems, failure)


def _failure_problems(failure: APIError | None, *, unreachable: bool) -> list[str]:
    if failure is None:
        return ["it reports nothing"]
    problems = [] if failure.status is None else [f"it reports the status {failure.status}"]
    if failure.unreachable is not unreachable:
        problems.append(f"it says that the server was {'not ' if failure.unreachable else ''}reached")
    if failure.__cause__ is None:
        problems.append("the cause is lost")
    return problems


def expect_client_refusal(refusal: ValidationError | None, because_of: Parameter | None = None) -> None:
    """Raise ExpectationFailed unless the client refused, for the right reason where one is given."""
    require("the client to refuse", ["it did not"] if refusal is None else [])
    assert refusal is not None
    reasons = [(path_of(one["loc"]), one["msg"]) for one in refusal.errors()]
    if because_of is not None and not any(because_of.field in text for reason in reasons for text in reason):
        problems = [f"it refused because of {where}: {why}" for where, why in reasons]
        require(f"the client to refuse because of {because_of.field} ({because_of.words})", problems)

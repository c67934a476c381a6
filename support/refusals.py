"""What an answer must say that says no (contract, "Errors"): judged from the answer alone."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from support.client import Exchange
from support.contract import Parameter
from support.errors import ExpectationFailed
from support.settings import Answers

# What stands in an answer only when the server shows its inside.
_INSIDES = ("Traceback", 'File "/', "site-packages")


def refused(exchange: Exchange, because_of: Parameter, answers: Answers) -> None:
    """See that a request was refused for the right reason: the field's name stands in it.

    Raises:
        ExpectationFailed: it was accepted, failed otherwise, or the reason does not name the field.
    """
    problems = wrong_error(exchange, answers.refused_statuses)
    if because_of.field not in exchange.detail():
        problems.append(f"the reason does not name {because_of.field} ({because_of.words})")
    _require(problems, f"a refusal because of the {because_of.words}", exchange)


def turned_away(exchange: Exchange, statuses: Sequence[int], expected: str, naming: str = "") -> None:
    """See that a request was answered with one of these statuses, in the form of an error; `naming` stands in it.

    Raises:
        ExpectationFailed: it was not; the message begins with what was `expected`.
    """
    problems = wrong_error(exchange, statuses)
    if naming not in exchange.detail():
        problems.append(f"the reason does not name {naming}")
    _require(problems, expected, exchange)


def wrong_error(exchange: Exchange, statuses: Sequence[int]) -> list[str]:
    """What is wrong with the answer as an error with one of these statuses; a line each."""
    problems = []
    if exchange.status not in statuses:
        problems.append(f"the status is {exchange.status} instead of {' or '.join(map(str, statuses))}")
    return problems + wrong_form(exchange)


def wrong_form(exchange: Exchange) -> list[str]:
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
    if any(inside in exchange.answer_text for inside in _INSIDES):
        problems.append("the answer shows the server's inside (a stack trace)")
    if exchange.job_id() is not None:
        problems.append(f"the answer names a job: {exchange.job_id()}")
    return problems


def refused_by_client(refusal: ValidationError | None, because_of: Parameter | None = None) -> None:
    """See that the client refused, for the right reason where one is given.

    Raises:
        ExpectationFailed: it did not, or for another reason.
    """
    if refusal is None:
        raise ExpectationFailed("expected the client to refuse\n  - it did not")
    reasons = [(".".join(str(part) for part in one["loc"]), one["msg"]) for one in refusal.errors()]
    if because_of is not None and not any(because_of.field in text for reason in reasons for text in reason):
        raise ExpectationFailed(
            f"expected the client to refuse because of {because_of.field} ({because_of.words})\n"
            + "\n".join(f"  - it refused because of {where}: {why}" for where, why in reasons)
        )


def _require(problems: Sequence[str], expected: str, exchange: Exchange) -> None:
    if problems:
        raise ExpectationFailed(
            f"expected {expected}\n" + "".join(f"  - {one}\n" for one in problems) + f"seen: {exchange}"
        )

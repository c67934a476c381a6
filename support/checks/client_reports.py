"""What a client must report that got no answer of the server, or one that it cannot use."""

from __future__ import annotations

from collections.abc import Sequence

from support.api.exchange import Exchange
from support.core.errors import APIError, require

# How much later than it should something may happen on a busy machine, s.
_LEEWAY_S = 2.0


def expect_status(
    failure: APIError | None, exchanges: Sequence[Exchange], status: int, reason: str, limit_s: float
) -> None:
    """Raise ExpectationFailed unless the client passed on a status and its reason, within its time limit."""
    seen = (failure.status, failure.detail) if failure is not None else None
    problems = [] if seen == (status, reason) and str(status) in str(failure) else [f"it reports {failure!r}"]
    problems += _lateness_problems(exchanges, limit_s)
    require(f"the client to report {status}, '{reason}', within {limit_s:g} s", problems)


def expect_lack(failure: APIError | None, field: str) -> None:
    """Raise ExpectationFailed unless the client says of an answer that it lacks this field."""
    named = failure is not None and f"lacks or misstates {field}:" in str(failure)
    require(f"the client to report that {field} is not in the answer", [] if named else [f"it reports {failure!r}"])


def expect_distrust(failure: APIError | None) -> None:
    """Raise ExpectationFailed unless the client said that it does not trust the server."""
    problems = [] if failure is not None and "cannot be trusted" in str(failure) else [f"it says {failure}"]
    require("the client to refuse a certificate that nobody vouches for", problems)


def expect_timeout(failure: APIError | None, exchanges: Sequence[Exchange], limit_s: float) -> None:
    """Raise ExpectationFailed unless the client gave up just after its time limit, and tells the cause."""
    problems = _failure_problems(failure, unreachable=False)
    problems += _wait_problems(exchanges, limit_s)
    require(f"the client to report after {limit_s:g} s that no answer came", problems, failure)


def expect_unreachable(failure: APIError | None, exchanges: Sequence[Exchange]) -> None:
    """Raise ExpectationFailed unless the client said at once that there is no connection, and tells the cause."""
    problems = _failure_problems(failure, unreachable=True)
    problems += _wait_problems(exchanges, 0.0)
    require("the client to report at once that the server cannot be reached", problems, failure)


def expect_absence(failure: APIError | None, exchange: Exchange, limit_s: float) -> None:
    """Raise ExpectationFailed unless the client said in time that there is no server, or a gateway said so.

    A gateway before it, as an ingress is, answers 502 or 503, and has no job to tell of.
    """
    problems = ["it reports nothing"] if failure is None else []
    if failure is not None and not failure.unreachable and failure.status not in (502, 503):
        problems.append(f"it reports {failure}")
    if exchange.job_id() is not None:
        problems.append(f"the answer names a job: {exchange.job_id()}")
    if exchange.elapsed_s >= limit_s:
        problems.append(f"it waited {exchange.elapsed_s:.2f} s")
    require(f"the client to report within {limit_s:g} s that the server cannot be reached", problems, exchange)


def expect_break(failure: APIError | None, exchanges: Sequence[Exchange], limit_s: float) -> None:
    """Raise ExpectationFailed unless the client said within its time limit that the connection broke unanswered."""
    problems = _failure_problems(failure, unreachable=False)
    if "the connection broke" not in str(failure):
        problems.append(f"it reports {failure}")
    problems += _lateness_problems(exchanges, limit_s)
    expected = f"the client to report within {limit_s:g} s that the connection broke"
    require(expected, problems, exchanges[-1] if exchanges else None)


def expect_crash(failure: APIError | None, exchanges: Sequence[Exchange], limit_s: float) -> None:
    """Raise ExpectationFailed unless the client said that the connection broke, or a gateway that there is no server.

    It must be said within the client's time limit. A gateway before the server, as an ingress is, answers 502, 503 or
    504, and has no job to tell of.
    """
    if failure is None or failure.status is None:
        expect_break(failure, exchanges, limit_s)
        return
    exchange = exchanges[-1]
    problems = [] if failure.status in (502, 503, 504) else [f"it reports {failure}"]
    if exchange.job_id() is not None:
        problems.append(f"the answer names a job: {exchange.job_id()}")
    problems += _lateness_problems(exchanges, limit_s)
    require(f"the client to report within {limit_s:g} s that the server is gone", problems, exchange)


def _lateness_problems(exchanges: Sequence[Exchange], limit_s: float) -> list[str]:
    """What is wrong with how long the client waited: it must not be kept beyond its limit."""
    elapsed_s = exchanges[-1].elapsed_s if exchanges else 0.0
    return [] if elapsed_s < limit_s + _LEEWAY_S else [f"it waited {elapsed_s:.2f} s"]


def _wait_problems(exchanges: Sequence[Exchange], limit_s: float) -> list[str]:
    """What is wrong with how long the client waited: it gives up just after its limit."""
    elapsed_s = exchanges[-1].elapsed_s if exchanges else 0.0
    return [] if limit_s <= elapsed_s < limit_s + _LEEWAY_S else [f"it waited {elapsed_s:.2f} s"]


def _failure_problems(failure: APIError | None, *, unreachable: bool) -> list[str]:
    if failure is None:
        return ["it reports nothing"]
    problems = [] if failure.status is None else [f"it reports the status {failure.status}"]
    if failure.unreachable is not unreachable:
        problems.append(f"it says that the server was {'not ' if failure.unreachable else ''}reached")
    if failure.__cause__ is None:
        problems.append("the cause is lost")
    return problems

"""Waiting for a condition instead of for a while.

An expectation is a look at a store and a function that lists what is still wrong with what was seen. It holds when
nothing is wrong. When it does not come to hold, the failure says what was expected, what was wrong last, and for how
long it was waited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tenacity import RetryError, Retrying, retry_if_result

from support.core.errors import ExpectationFailed, failure_text, require

T = TypeVar("T")
Problems = Sequence[str]

# A process that sleeps until a moment runs again a little after it: the look at the limit begins that much late.
_WAKING_S = 0.05
_CLOCK_S = 1e-6  # Times are sums of floating point numbers: equal ones differ by less than this.


@dataclass(frozen=True)
class WaitPolicy:
    """How long is waited for something, s, and the setting that says so."""

    limit_s: float
    interval_s: float
    setting: str

    def since(self, moment: float) -> WaitPolicy:
        """The same, counted from an earlier moment (`time.monotonic`); when that is too long ago, for one look."""
        rest_s = max(0.0, moment + self.limit_s - time.monotonic())
        return replace(self, limit_s=rest_s, setting=f"the rest of {self.setting}")


def eventually(
    expected: str,
    look: Callable[[], T],
    problems: Callable[[T], Problems],
    policy: WaitPolicy,
    fail_fast: Callable[[T], Problems] = lambda seen: (),
) -> T:
    """Look until nothing is wrong any more, and return what was seen then.

    A look counts for the moment at which it began. Only one that began within the time limit counts as in time, however
    long the interval between looks is. The last one is made at the limit itself. What `fail_fast` finds wrong will
    stay wrong: it ends the waiting at the first look that shows it.

    Raises:
        ExpectationFailed: something was still wrong when the time limit had passed, or failed fast, or nothing was
            wrong any more but this was seen too late.
    """
    started = time.monotonic()
    began_s = 0.0

    def attempt() -> tuple[T, Problems]:
        nonlocal began_s
        began_s = time.monotonic() - started
        seen = look()
        if lost := fail_fast(seen):
            raise ExpectationFailed(failure_text(expected, lost))
        return seen, problems(seen)

    retrying = Retrying(
        retry=retry_if_result(lambda seen: bool(seen[1])),
        stop=lambda _: _is_over(time.monotonic() - started, policy),
        wait=lambda _: _until_the_next(started, policy),
    )
    limit = f"time limit {policy.setting} = {policy.limit_s:g} s"
    try:
        seen, _ = retrying(attempt)
    except RetryError as error:
        _, wrong = error.last_attempt.result()
        waited_s = time.monotonic() - started
        raise ExpectationFailed(f"{failure_text(expected, wrong)}\nwaited {waited_s:.1f} s ({limit})") from None
    late = [f"it was first seen after {began_s:.2f} s, which is too late ({limit})"]
    require(expected, late if began_s > policy.limit_s + _WAKING_S else [])
    return seen


def consistently(expected: str, look: Callable[[], T], problems: Callable[[T], Problems], policy: WaitPolicy) -> T:
    """Look for as long as the limit says, at least once, and once more at its end; nothing may be wrong at any look.

    Raises:
        ExpectationFailed: something was wrong at one of them.
    """
    started = time.monotonic()
    began_s = 0.0

    def attempt() -> T:
        nonlocal began_s
        began_s = time.monotonic() - started
        seen = look()
        if wrong := problems(seen):
            waited = time.monotonic() - started
            raise ExpectationFailed(f"{failure_text(expected, wrong)}\nseen {waited:.1f} s later")
        return seen

    # A look that began before the end says nothing of the end, however long it took.
    is_early = retry_if_result(lambda _: not _is_over(began_s, policy))
    return Retrying(retry=is_early, wait=lambda _: _until_the_next(started, policy))(attempt)


def _is_over(elapsed_s: float, policy: WaitPolicy) -> bool:
    return elapsed_s >= policy.limit_s - _CLOCK_S


def _until_the_next(started: float, policy: WaitPolicy) -> float:
    """How long to wait before the next look, s: the last one is made at the limit."""
    return max(0.0, min(policy.interval_s, started + policy.limit_s - time.monotonic()))

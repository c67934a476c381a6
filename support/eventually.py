"""Waiting for a condition instead of for a while.

An expectation is a look at a store and a function that lists what is still wrong with what was seen. It holds when
nothing is wrong. When it does not come to hold, the failure says what was expected, what was wrong last, and for how
long it was waited.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from support.errors import ExpectationFailed

T = TypeVar("T")
Problems = Sequence[str]


@dataclass(frozen=True)
class Patience:
    """How long is waited for something, s, and the setting that says so."""

    limit_s: float
    interval_s: float
    setting: str


def eventually(
    expected: str,
    look: Callable[[], T],
    problems: Callable[[T], Problems],
    patience: Patience,
    hopeless: Callable[[T], Problems] = lambda seen: (),
) -> T:
    """Look until nothing is wrong any more, and return what was seen then.

    What `hopeless` finds wrong cannot mend: it ends the waiting at the first look that shows it.

    Raises:
        ExpectationFailed: something was still wrong when the time limit had passed, or was hopeless.
    """
    started = time.monotonic()
    retrying = Retrying(
        retry=retry_if_result(lambda seen: bool(seen[1])),
        stop=stop_after_delay(patience.limit_s),
        wait=wait_fixed(patience.interval_s),
    )

    def attempt() -> tuple[T, Problems]:
        seen = look()
        if lost := hopeless(seen):
            raise ExpectationFailed(f"expected {expected}\n{_listed(lost)}")
        return seen, problems(seen)

    try:
        return retrying(attempt)[0]
    except RetryError as error:
        _, wrong = error.last_attempt.result()
        waited = time.monotonic() - started
        raise ExpectationFailed(
            f"expected {expected}\n{_listed(wrong)}\n"
            f"waited {waited:.1f} s (time limit {patience.setting} = {patience.limit_s:g} s)"
        ) from None


def steadily(expected: str, look: Callable[[], T], problems: Callable[[T], Problems], patience: Patience) -> T:
    """Look for as long as the limit says, at least once, and once more at its end; nothing may be wrong at any look.

    Raises:
        ExpectationFailed: something was wrong at one of them.
    """
    started = time.monotonic()

    def attempt() -> T:
        seen = look()
        if wrong := problems(seen):
            waited = time.monotonic() - started
            raise ExpectationFailed(f"expected {expected}\n{_listed(wrong)}\nseen {waited:.1f} s later")
        return seen

    def is_early(seen: T) -> bool:
        return time.monotonic() - started < patience.limit_s

    def until_the_next(_: RetryCallState) -> float:
        return max(0.0, min(patience.interval_s, started + patience.limit_s - time.monotonic()))

    return Retrying(retry=retry_if_result(is_early), wait=until_the_next)(attempt)


def _listed(problems: Problems) -> str:
    return "\n".join(f"  - {problem}" for problem in problems)

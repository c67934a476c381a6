"""The rule by which the results of several scenarios become the one result of their test case.

The first line that holds:

1. any scenario failed: **failed** (the product did something else than promised; that it is known does not change it);
2. any broke: **broken** (the environment; the question is open);
3. none has come to its end: **not run** (not selected, or skipped);
4. not all have come to their end: **incomplete** (what ran passed, which is not yet the whole case);
5. all passed: **passed**.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """How one scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


class CaseVerdict(StrEnum):
    """How a test case ended."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    INCOMPLETE = "incomplete"
    NOT_RUN = "not run"


def fold(statuses: Iterable[Status]) -> CaseVerdict:
    """The verdict of a case by those of its scenarios; without any, it was not run."""
    seen = set(statuses)
    if Status.FAILED in seen:
        return CaseVerdict.FAILED
    if Status.BROKEN in seen:
        return CaseVerdict.BROKEN
    if Status.PASSED not in seen:
        return CaseVerdict.NOT_RUN
    return CaseVerdict.PASSED if seen == {Status.PASSED} else CaseVerdict.INCOMPLETE

"""The rule by which the results of several scenarios become the one result of their test case.

The first line that holds:

1. any scenario failed: **failed** (the product broke a promise; a known issue is no exception);
2. any broke: **broken** (the environment failed; no verdict on the product);
3. none was completed: **not run** (not selected, or skipped);
4. not all were completed: **incomplete** (those that ran passed, but that is not the whole case);
5. all passed: **passed**.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """The outcome of one scenario."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


class CaseVerdict(StrEnum):
    """The outcome of a test case."""

    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"
    INCOMPLETE = "incomplete"
    NOT_RUN = "not run"


def fold(statuses: Iterable[Status]) -> CaseVerdict:
    """The verdict of a case, from the outcomes of its scenarios; without any it is `not run`."""
    seen = set(statuses)
    if Status.FAILED in seen:
        return CaseVerdict.FAILED
    if Status.BROKEN in seen:
        return CaseVerdict.BROKEN
    if Status.PASSED not in seen:
        return CaseVerdict.NOT_RUN
    return CaseVerdict.PASSED if seen == {Status.PASSED} else CaseVerdict.INCOMPLETE

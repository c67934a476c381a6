"""Whether a defect was caught: pure functions of what was expected and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proof.catalogue import Entry, Expected
from proof.outcomes import Outcome


class Result(StrEnum):
    """What became of one expectation; all but the first are a reason to mend the suite."""

    CAUGHT = "caught"
    MISSED = "missed"
    ELSEWHERE = "failed at another step"
    UNNAMED = "the message does not name what is wrong"
    NOT_RUN = "did not run"
    BROKEN = "ended in an error of its own"


@dataclass(frozen=True)
class Judged:
    """An expectation and what became of it."""

    expected: Expected
    result: Result
    outcome: Outcome


@dataclass(frozen=True)
class Verdict:
    """What became of a defect; `noticed_by` are unrelated scenarios that failed though none of its own did."""

    entry: Entry
    judged: tuple[Judged, ...]
    noticed_by: tuple[str, ...] = ()

    @property
    def caught(self) -> bool:
        """Whether all that must catch it did, and said what is wrong."""
        return all(one.result is Result.CAUGHT for one in self.judged)

    @property
    def seen(self) -> bool:
        """Whether one of its own scenarios failed at all."""
        return any(one.result not in (Result.MISSED, Result.NOT_RUN) for one in self.judged)


def judge(line: Expected, outcomes: Mapping[str, Outcome]) -> Judged:
    """Compare what was expected with what came."""
    outcome = outcomes.get(line.scenario)
    if outcome is None:
        return Judged(line, Result.NOT_RUN, Outcome("not run"))
    if outcome.status == "passed":
        result = Result.MISSED
    elif outcome.status != "failed":
        result = Result.BROKEN
    elif outcome.step != line.step:
        result = Result.ELSEWHERE
    elif line.message not in _seen(outcome.message):
        result = Result.UNNAMED
    else:
        result = Result.CAUGHT
    return Judged(line, result, outcome)


def _seen(message: str) -> str:
    """What a message says that was seen: what was expected, which is its first line, is there whatever is wrong."""
    return message.partition("\n")[2] or message


def verdict_on(entry: Entry, outcomes: Mapping[str, Outcome]) -> Verdict:
    """What became of a defect, by the outcomes of its own scenarios."""
    return Verdict(entry, tuple(judge(line, outcomes) for line in entry.expected))


def keys_seen_red(verdicts: Sequence[Verdict]) -> frozenset[str]:
    """The test cases that have caught something: those that were seen to be able to fail."""
    return frozenset(
        key
        for verdict in verdicts
        for one in verdict.judged
        if one.result is Result.CAUGHT
        for key in one.expected.keys
    )

"""Whether a defect was caught: pure functions that compare what was expected with what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proof.behave_runs import ScenarioOutcome
from proof.catalogue import Entry, Expectation


class Detection(StrEnum):
    """Whether an expectation came true; all but the first are a reason to repair the suite."""

    CAUGHT = "caught"
    MISSED = "missed"
    ELSEWHERE = "failed at another step"
    UNNAMED = "the message does not name what is wrong"
    NOT_RUN = "did not run"
    BROKEN = "ended in an error of its own"


@dataclass(frozen=True)
class ExpectationOutcome:
    """An expectation, and the outcome of its scenario."""

    expected: Expectation
    detection: Detection
    outcome: ScenarioOutcome


@dataclass(frozen=True)
class DefectOutcome:
    """The outcome of a defect; `noticed_by` are unrelated scenarios that failed though none of its own did."""

    entry: Entry
    expectations: tuple[ExpectationOutcome, ...]
    noticed_by: tuple[str, ...] = ()

    @property
    def caught(self) -> bool:
        """Whether all scenarios that must catch it did, and named what is wrong."""
        return all(one.detection is Detection.CAUGHT for one in self.expectations)

    @property
    def seen(self) -> bool:
        """Whether one of its own scenarios failed at all."""
        return any(one.detection not in (Detection.MISSED, Detection.NOT_RUN) for one in self.expectations)


def check(line: Expectation, outcomes: Mapping[str, ScenarioOutcome]) -> ExpectationOutcome:
    """Compare an expectation with what happened."""
    outcome = outcomes.get(line.scenario)
    if outcome is None:
        return ExpectationOutcome(line, Detection.NOT_RUN, ScenarioOutcome("not run"))
    if outcome.status == "passed":
        result = Detection.MISSED
    elif outcome.status != "failed":
        result = Detection.BROKEN
    elif outcome.step != line.step:
        result = Detection.ELSEWHERE
    elif line.message not in _seen(outcome.message):
        result = Detection.UNNAMED
    else:
        result = Detection.CAUGHT
    return ExpectationOutcome(line, result, outcome)


def _seen(message: str) -> str:
    """What a message says was seen. Its first line says what was expected: that is the same whatever is wrong."""
    return message.partition("\n")[2] or message


def outcome_of(entry: Entry, outcomes: Mapping[str, ScenarioOutcome]) -> DefectOutcome:
    """The outcome of a defect, from those of its own scenarios."""
    return DefectOutcome(entry, tuple(check(line, outcomes) for line in entry.expected))


def keys_seen_red(outcomes: Sequence[DefectOutcome]) -> frozenset[str]:
    """The test cases that caught something: those that were seen to be able to fail."""
    return frozenset(
        key
        for outcome in outcomes
        for one in outcome.expectations
        if one.detection is Detection.CAUGHT
        for key in one.expected.keys
    )

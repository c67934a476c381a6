"""What came of a scenario, taken out of behave's model in one process and put into it in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from behave.model import Step
from behave.model_type import Status


@dataclass(frozen=True)
class _StepOutcome:
    keyword: str
    step_type: str
    name: str
    line: int
    status: str
    duration: float
    error_message: str | None
    exception: tuple[str, str] | None

    @classmethod
    def of(cls, step: Any) -> _StepOutcome:
        return cls(
            keyword=step.keyword,
            step_type=step.step_type,
            name=step.name,
            line=step.line,
            status=step.status.name,
            duration=step.duration,
            error_message=step.error_message,
            exception=_told(step.exception),
        )

    def put_into(self, step: Any) -> None:
        step.status, step.duration = Status[self.status], self.duration
        step.error_message, step.exception = self.error_message, _retold(self.exception)


@dataclass(frozen=True)
class ScenarioOutcome:
    """What came of one scenario. `containers_failed`: a hook of its feature or rule failed around it."""

    status: str
    steps: Sequence[_StepOutcome] = ()
    error_message: str | None = None
    exception: tuple[str, str] | None = None
    skip_reason: str | None = None
    hook_failed: bool = False
    captured: Any = None
    containers_failed: bool = False

    @classmethod
    def of(cls, scenario: Any, *, containers_failed: bool) -> ScenarioOutcome:
        """What came of behave's scenario, which has just been run."""
        return cls(
            status=scenario.status.name,
            steps=[_StepOutcome.of(step) for step in scenario.all_steps],
            error_message=scenario.error_message,
            exception=_told(scenario.exception),
            skip_reason=scenario.skip_reason,
            hook_failed=scenario.hook_failed,
            captured=scenario.captured if scenario.captured.has_output() else None,
            containers_failed=containers_failed,
        )

    def put_into(self, scenario: Any) -> None:
        """Make behave's scenario look as if it had been run in this process, with the steps that hooks have added."""
        for outcome, step in zip_longest(self.steps, list(scenario.all_steps)):
            if outcome is None:
                break
            if step is None:
                step = Step(scenario.filename, outcome.line, outcome.keyword, outcome.step_type, outcome.name)
                scenario.steps.append(step)
            outcome.put_into(step)
        scenario.error_message, scenario.exception = self.error_message, _retold(self.exception)
        scenario.hook_failed, scenario.skip_reason = self.hook_failed, self.skip_reason
        if self.captured is not None:
            scenario.captured.add_captured(self.captured)
        scenario.set_status(Status[self.status])
        if self.containers_failed:
            scenario.feature.hook_failed = True


def _told(exception: BaseException | None) -> tuple[str, str] | None:
    """Type and text of an exception, which itself may not be able to go to another process."""
    return None if exception is None else (type(exception).__name__, str(exception))


def _retold(told: tuple[str, str] | None) -> BaseException | None:
    """An exception that reads like the one that was told."""
    return None if told is None else type(told[0], (Exception,), {})(told[1])

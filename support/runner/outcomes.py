"""What came of a scenario, taken out of behave's model in one process and put into it in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
class ContainerOutcome:
    """What came of the hooks and clean-ups of a feature or a rule, around one scenario."""

    hook_failed: bool
    cleanup_failed: bool
    error_message: str | None

    @classmethod
    def of(cls, container: Any) -> ContainerOutcome:
        """What came of those of behave's feature or rule, which has just been run."""
        return cls(container.hook_failed, container.status is Status.cleanup_error, container.error_message)

    def put_into(self, container: Any) -> None:
        """Add it to what is known of the feature or rule."""
        container.hook_failed = container.hook_failed or self.hook_failed
        container.error_message = container.error_message or self.error_message
        if self.cleanup_failed:
            container.set_status(Status.cleanup_error)


@dataclass(frozen=True)
class ScenarioOutcome:
    """What came of one scenario, and of what it stands in, the innermost first."""

    status: str
    steps: Sequence[_StepOutcome] = ()
    error_message: str | None = None
    exception: tuple[str, str] | None = None
    skip_reason: str | None = None
    hook_failed: bool = False
    captured: Any = None
    containers: Sequence[ContainerOutcome] = ()

    @classmethod
    def of(cls, scenario: Any, containers: Sequence[ContainerOutcome]) -> ScenarioOutcome:
        """What came of behave's scenario, which has just been run."""
        return cls(
            status=scenario.status.name,
            steps=[_StepOutcome.of(step) for step in scenario.all_steps],
            error_message=scenario.error_message,
            exception=_told(scenario.exception),
            skip_reason=scenario.skip_reason,
            hook_failed=scenario.hook_failed,
            captured=scenario.captured if scenario.captured.has_output() else None,
            containers=containers,
        )

    def put_into(self, scenario: Any) -> None:
        """Make behave's scenario look as if it had been run in this process, with the steps that hooks have added."""
        steps = list(scenario.all_steps)
        if any(
            (step.keyword, step.name) != (one.keyword, one.name) for step, one in zip(steps, self.steps, strict=False)
        ):
            # A hook has put a step before others.
            steps, scenario._background_steps, scenario.steps = [], [], []
        for number, outcome in enumerate(self.steps):
            if number == len(steps):
                step = Step(scenario.filename, outcome.line, outcome.keyword, outcome.step_type, outcome.name)
                scenario.steps.append(step)
                steps.append(step)
            outcome.put_into(steps[number])
        scenario.error_message, scenario.exception = self.error_message, _retold(self.exception)
        scenario.hook_failed, scenario.skip_reason = self.hook_failed, self.skip_reason
        if self.captured is not None:
            scenario.captured.add_captured(self.captured)
        scenario.set_status(Status[self.status])


def _told(exception: BaseException | None) -> tuple[str, str] | None:
    """Type and text of an exception, which itself may not be able to go to another process."""
    if exception is None:
        return None
    try:
        text = str(exception)
    except Exception as error:  # noqa: BLE001 - it may be anybody's, and be broken itself
        text = f"(its text cannot be had: {type(error).__name__})"
    return type(exception).__name__, text


def _retold(told: tuple[str, str] | None) -> BaseException | None:
    """An exception that reads like the one that was told."""
    return None if told is None else type(told[0], (Exception,), {})(told[1])

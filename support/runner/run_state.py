"""What the hooks know of a run, in the process that reports on it and in each worker."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.evidence.allure_report import AllureReport
from support.profile.profile import Profile
from support.profile.provider import ProvidedEnvironment
from support.runner.run_folder import RunFolder
from support.scenario.disposable import Disposable
from support.scenario.suite_run import SuiteRun


@dataclass
class RunState:
    """What the hooks know of the run."""

    started_at_s: float = field(default_factory=time.monotonic)  # by the clock that is never set back
    folder: RunFolder | None = None  # where the results go; None when it could not be made
    report: AllureReport | None = None  # what Allure's results are written with; None when there is no folder for them
    profile: Profile | None = None  # None when it could not be read
    provided: ProvidedEnvironment | None = None  # what was made for this run; None when nothing was
    endpoints: Sequence[Mapping[str, Any]] = ()  # of what was made, for each worker its own
    run: SuiteRun | None = None  # the environment; None when it was not found healthy, or belongs to the workers
    disposable: Disposable | None = None  # where scenarios may stop parts of the product; None as long as `run` is
    makes_disposable: bool = False  # whether that is an environment of its own
    present: SuiteRun | None = None  # the environment of the scenario that is being run; None between scenarios
    gives_up: bool = False  # whether the present one is broken, and to be made anew for the next scenario
    scenarios: list[Any] = field(default_factory=list)  # behave's scenarios that were begun
    known: list[str] = field(default_factory=list)  # a line for each failure that is put down to a known issue
    reasons: list[str] = field(default_factory=list)  # why the hooks have ended the run early
    lost: list[str] = field(default_factory=list)  # why results could not be written

    @property
    def workers_share(self) -> bool:
        """Whether all workers have one environment; else each has its own."""
        return len(self.endpoints) < 2

    def opened(self) -> tuple[SuiteRun, AllureReport]:
        """Environment, that of the present scenario if there is one, and report; without them no feature is begun."""
        assert self.run is not None
        assert self.report is not None
        return self.present or self.run, self.report

    def environments(self) -> list[SuiteRun]:
        """The environments that this process works in."""
        made = None if self.disposable is None else self.disposable.made
        return [one for one in (self.run, made) if one is not None]

    def add_reasons(self, stopped: Iterable[str], lost: Iterable[str]) -> None:
        """Add why a worker could not go on, and why it could not write results; each is told once."""
        self.reasons += [one for one in stopped if one not in self.reasons]
        self.lost += [one for one in lost if one not in self.lost]

    def describe(self, environment: Mapping[str, str]) -> None:
        """Tell in the report which environment this is."""
        if self.report is not None and self.profile is not None:
            self.report.environment({"Profile": self.profile.name, **environment})

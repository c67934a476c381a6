"""Cases, scenarios and results put together: what `make traceability` reports, and every export is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reporting.features import Feature, FeatureScenario
from reporting.plan import PlannedCase
from reporting.results import RunResults, ScenarioResult
from reporting.verdicts import CaseVerdict, Status, fold
from support.core.characters import allowed


@dataclass(frozen=True)
class TracedScenario:
    """A scenario and its result in the run; None where it was not run."""

    scenario: FeatureScenario
    result: ScenarioResult | None = None

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.result.status if self.result else Status.NOT_RUN

    @property
    def shown_issues(self) -> tuple[str, ...]:
        """The tickets of its known issues, where it failed as they say; else none."""
        return self.scenario.known_issues if self.result and self.result.known else ()


@dataclass(frozen=True)
class TracedCase:
    """A test case of the plan, the scenarios that show it, and the verdict that theirs fold into."""

    case: PlannedCase
    scenarios: tuple[TracedScenario, ...]

    @property
    def is_automated(self) -> bool:
        """Whether a scenario shows it."""
        return bool(self.scenarios)

    @property
    def verdict(self) -> CaseVerdict:
        """By the rule of `verdicts`."""
        return fold(scenario.status for scenario in self.scenarios)

    @property
    def state(self) -> str:
        """The verdict of an automated case, the plan's word for another (`unexplained` where it has none)."""
        return (
            self.verdict.value if self.is_automated else (self.case.state.value if self.case.state else "unexplained")
        )

    @property
    def shown_issues(self) -> tuple[str, ...]:
        """The tickets of what is known to fail, and did."""
        return tuple(dict.fromkeys(key for scenario in self.scenarios for key in scenario.shown_issues))

    @property
    def is_known(self) -> bool:
        """Whether it is red, and by known issues only."""
        red = [scenario for scenario in self.scenarios if scenario.status in (Status.FAILED, Status.BROKEN)]
        return bool(red) and all(scenario.shown_issues for scenario in red)

    @property
    def results(self) -> tuple[ScenarioResult, ...]:
        """Those of its scenarios that were run."""
        return tuple(scenario.result for scenario in self.scenarios if scenario.result)

    @property
    def start(self) -> datetime | None:
        """When its first scenario began."""
        return min((result.start for result in self.results), default=None)

    @property
    def stop(self) -> datetime | None:
        """When its last scenario ended."""
        return max((result.stop for result in self.results), default=None)

    @property
    def duration_s(self) -> float:
        """The sum of its scenarios'."""
        return sum(result.duration_s for result in self.results)


@dataclass(frozen=True)
class Traceability:
    """The plan against the features, and the features against a run."""

    cases: tuple[TracedCase, ...]
    scenarios: tuple[TracedScenario, ...]
    """All of the features, those without a key, too."""
    run: RunResults
    stale: tuple[ScenarioResult, ...]
    """Results of scenarios that are no longer there, or have moved since: the features have changed after the run."""

    def by_state(self) -> Mapping[str, int]:
        """How many cases are in which state."""
        return Counter(case.state for case in self.cases)

    @property
    def part(self) -> str | None:
        """How many scenarios were run, where that is not all of them; a skipped one was not."""
        ran = sum(one.status not in (Status.SKIPPED, Status.NOT_RUN) for one in self.scenarios)
        return (
            f"{ran} of {len(self.scenarios)} scenarios were run"
            if self.run.results and ran < len(self.scenarios)
            else None
        )

    @property
    def ran_beyond_the_plan(self) -> tuple[TracedScenario, ...]:
        """The scenarios beyond the plan that were run."""
        return tuple(
            one
            for one in self.scenarios
            if one.scenario.is_extra and one.status not in (Status.SKIPPED, Status.NOT_RUN)
        )

    @property
    def automated(self) -> int:
        """How many cases a scenario shows."""
        return sum(case.is_automated for case in self.cases)


def trace(cases: Iterable[PlannedCase], features: Iterable[Feature], run: RunResults) -> Traceability:
    """Put them together. A result belongs to the scenario of the same place and name.

    Results have lost what no form of file can hold, so the names of scenarios are compared without it.
    """
    results = {(result.place, result.name): result for result in run.results}
    scenarios = tuple(
        TracedScenario(scenario, results.pop((scenario.place, allowed(scenario.name)), None))
        for feature in features
        for scenario in feature.scenarios
    )
    traced = tuple(TracedCase(case, tuple(one for one in scenarios if case.key in one.scenario.keys)) for case in cases)
    return Traceability(traced, scenarios, run, tuple(results.values()))

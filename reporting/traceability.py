"""Cases, scenarios and results, joined: `make traceability` and every export are made from this."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    """A scenario and its result in the run, None if it was not run."""

    scenario: FeatureScenario
    result: ScenarioResult | None = None

    @property
    def status(self) -> Status:
        """How it ended."""
        return self.result.status if self.result else Status.NOT_RUN

    @property
    def shown_issues(self) -> tuple[str, ...]:
        """The tickets of its known issues, if it failed because of them."""
        return self.scenario.known_issues if self.result and self.result.known else ()


@dataclass(frozen=True)
class TracedCase:
    """A test case of the plan, and the scenarios that show it."""

    case: PlannedCase
    scenarios: tuple[TracedScenario, ...]

    @property
    def is_automated(self) -> bool:
        """Whether a scenario shows it."""
        return bool(self.scenarios)

    @property
    def verdict(self) -> CaseVerdict:
        """Its verdict, by the rule of `verdicts`."""
        return fold(scenario.status for scenario in self.scenarios)

    @property
    def state(self) -> str:
        """The verdict of an automated case, the plan's state of another, or `unexplained`."""
        return (
            self.verdict.value if self.is_automated else (self.case.state.value if self.case.state else "unexplained")
        )

    @property
    def shown_issues(self) -> tuple[str, ...]:
        """The tickets of the known issues that its scenarios failed because of."""
        return tuple(dict.fromkeys(key for scenario in self.scenarios for key in scenario.shown_issues))

    @property
    def is_known(self) -> bool:
        """Whether it is failed or broken, and by known issues only."""
        red = [scenario for scenario in self.scenarios if scenario.status in (Status.FAILED, Status.BROKEN)]
        return bool(red) and all(scenario.shown_issues for scenario in red)

    @property
    def results(self) -> tuple[ScenarioResult, ...]:
        """The results of its scenarios that were run."""
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
        """The sum of its scenarios' durations."""
        return sum(result.duration_s for result in self.results)


@dataclass(frozen=True)
class Traceability:
    """The plan joined with the features, and the features with a run."""

    cases: tuple[TracedCase, ...]
    scenarios: tuple[TracedScenario, ...]
    """All scenarios of the features, also those without a key."""
    run: RunResults
    stale: tuple[ScenarioResult, ...]
    """Results of scenarios that have been removed or moved since the run."""

    def by_state(self) -> Mapping[str, int]:
        """The number of cases in each state."""
        return Counter(case.state for case in self.cases)

    @property
    def part(self) -> str | None:
        """How many scenarios were run (skipped ones do not count); None if all were."""
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
        """The number of cases that a scenario shows."""
        return sum(case.is_automated for case in self.cases)


def trace(cases: Iterable[PlannedCase], features: Iterable[Feature], run: RunResults) -> Traceability:
    """Join cases, features and results. A result belongs to the scenario of the same place and name.

    Names are compared without the characters that were replaced when the results were read.
    """
    results = {(result.place, result.name): result for result in run.results}
    scenarios = tuple(
        TracedScenario(scenario, results.pop((scenario.place, allowed(scenario.name)), None))
        for feature in features
        for scenario in feature.scenarios
    )
    showing: dict[str, list[TracedScenario]] = defaultdict(list)
    for one in scenarios:
        for key in one.scenario.keys:
            showing[key].append(one)
    traced = tuple(TracedCase(case, tuple(showing[case.key])) for case in cases)
    return Traceability(traced, scenarios, run, tuple(results.values()))

"""How long things took in a scenario, against the limits for it; the report gets a chart of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from support.api.exchange import Exchange
from support.checks import answers
from support.core.eventually import eventually
from support.evidence.evidence import ScenarioEvidence
from support.profile.settings import TimeLimits


class Timing:
    """Measures and judges durations."""

    def __init__(self, limits: TimeLimits, evidence: ScenarioEvidence) -> None:
        self._limits, self._evidence = limits, evidence

    def chart(self, title: str, durations_s: Sequence[float], setting: str) -> None:
        """Keep a chart of how long something took each time, s, with its limit: `time_limits.{setting}`."""
        self._evidence.keep_durations(title, durations_s, getattr(self._limits, setting), setting)

    def expect_in_time(self, exchanges: Sequence[Exchange], setting: str) -> None:
        """Raise ExpectationFailed unless every answer came within `time_limits.{setting}`."""
        self.chart("how long each answer took", [exchange.elapsed_s for exchange in exchanges], setting)
        answers.expect_in_time(exchanges, getattr(self._limits, setting), setting)

    def expect_recovery(
        self,
        expected: str,
        ask: Callable[[], Exchange],
        statuses: Collection[int],
        more_problems: Callable[[Exchange], list[str]] = lambda seen: [],
    ) -> None:
        """After an outage, ask until the answer has one of these statuses, and no more problems.

        Raises ExpectationFailed if it has not within `time_limits.recovered_s`.
        """

        def problems(seen: Exchange) -> list[str]:
            found = more_problems(seen) if seen.status in statuses else ["it has another status"]
            return [*found, f"seen: {seen}"] if found else []

        started = time.monotonic()
        eventually(expected, ask, problems, self._limits.wait_policy("recovered_s"))
        self.chart("how long after the outage it was answered", [time.monotonic() - started], "recovered_s")

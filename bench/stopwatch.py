"""A formatter for behave that measures each scenario with its hooks, in wall clock and processor seconds."""

from __future__ import annotations

import json
import time
from typing import Any

from behave.formatter.base import Formatter, StreamOpener
from behave.model import Feature, Scenario


class Stopwatch(Formatter):
    """Writes a list of `{name, tags, wall_s, processor_s}`, in the order in which the scenarios ran."""

    def __init__(self, stream_opener: StreamOpener, config: Any) -> None:
        super().__init__(stream_opener, config)
        self._taken: list[dict[str, Any]] = []
        self._running: tuple[Scenario, float, float] | None = None

    def scenario(self, scenario: Scenario) -> None:
        """A scenario begins; the one before has ended."""
        self._stop()
        self._running = (scenario, time.perf_counter(), time.process_time())

    def eof(self) -> None:
        """A feature has ended."""
        self._stop()

    def feature(self, feature: Feature) -> None:
        """A feature begins."""

    def close(self) -> None:
        """The run has ended."""
        self._stop()
        self.open()
        json.dump(self._taken, self.stream)
        self.close_stream()

    def _stop(self) -> None:
        if self._running is None:
            return
        scenario, wall, processor = self._running
        self._taken.append(
            {
                "name": scenario.name,
                "tags": [str(tag) for tag in scenario.effective_tags],
                "wall_s": time.perf_counter() - wall,
                "processor_s": time.process_time() - processor,
            }
        )
        self._running = None

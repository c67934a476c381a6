"""Scenarios that were run elsewhere, shown by behave's formatters as if each had just been run here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from behave.model_type import Status


class Display:
    """Shows whole scenarios by behave's formatters: on the terminal as they end, in files in their order."""

    def __init__(self, formatters: Sequence[Any], step_registry: Any, *, show_skipped: bool) -> None:
        self._registry, self._show_skipped = step_registry, show_skipped
        self._files = _Shown([one for one in formatters if not getattr(one, "stdout_mode", True)])
        self._terminal = _Shown([one for one in formatters if one not in self._files.formatters])

    def on_terminal(self, scenario: Any, printed: str) -> None:
        """Show a scenario, with what its worker has printed."""
        self._show(self._terminal, scenario)
        self.printed(printed)

    def printed(self, text: str) -> None:
        """Print what a worker has printed."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def end(self) -> None:
        """Nothing more is shown on the terminal."""
        self._terminal.leave()

    def in_files(self, feature: Any) -> None:
        """Show a feature to formatters that write files."""
        for scenario in feature.walk_scenarios():
            if scenario.status is not Status.untested:
                self._show(self._files, scenario)
        self._files.leave()

    def _show(self, shown: _Shown, scenario: Any) -> None:
        if scenario.status is Status.skipped and not self._show_skipped:
            return
        shown.enter(scenario)
        shown.call("scenario", scenario)
        for step in scenario.all_steps:
            shown.call("step", step)
        for step in scenario.all_steps:
            if step.status in (Status.skipped, Status.untested):
                continue
            if match := self._registry.find_match(step):
                shown.call("match", match)
            shown.call("result", step)


class _Shown:
    """Formatters, and in which feature and rule the scenario stands that they have shown last."""

    def __init__(self, formatters: Sequence[Any]) -> None:
        self.formatters = formatters
        self._feature: Any = None
        self._rule: Any = None

    def call(self, name: str, *arguments: Any) -> None:
        """Call that method of each formatter that has it."""
        for formatter in self.formatters:
            if method := getattr(formatter, name, None):
                method(*arguments)

    def enter(self, scenario: Any) -> None:
        """Show what the scenario stands in, where that is not what the one before stood in."""
        container = scenario.parent.parent if scenario.parent.type == "scenario_outline" else scenario.parent
        if self._feature is not scenario.feature:
            self.leave()
            self._feature = scenario.feature
            self.call("uri", self._feature.filename)
            self._open(self._feature)
        rule = container if container.type == "rule" else None
        if self._rule is not rule:
            self._leave_rule()
            self._rule = rule
            if rule is not None:
                self._open(rule)

    def leave(self) -> None:
        """End the feature that was shown last."""
        self._leave_rule()
        if self._feature is not None:
            self.call("eof")
            self._feature = None

    def _open(self, container: Any) -> None:
        self.call(container.type, container)
        if container.background:
            self.call("background", container.background)

    def _leave_rule(self) -> None:
        if self._rule is not None:
            self.call("rule_finished")
            self._rule = None

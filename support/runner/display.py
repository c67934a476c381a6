"""Scenarios that were run elsewhere, shown by behave's formatters as if each had just been run here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from behave.formatter.plain import PlainFormatter
from behave.formatter.pretty import PrettyFormatter
from behave.formatter.progress import ProgressFormatterBase
from behave.matchers import NoMatch
from behave.model_type import Status

from support.runner.behave_files import OneMessage
from support.runner.containers import rule_of

# Formatters that can show one scenario after another, of whichever feature; others need whole features.
_OF_SCENARIOS = (PlainFormatter, PrettyFormatter, ProgressFormatterBase, OneMessage)


class Display:
    """Shows scenarios, whole ones: on the terminal as they end; where features must be whole, at the end of the run."""

    def __init__(self, formatters: Sequence[Any], step_registry: Any, *, show_skipped: bool) -> None:
        self._registry, self._show_skipped = step_registry, show_skipped
        at_once = [one for one in formatters if isinstance(one, _OF_SCENARIOS) and getattr(one, "stdout_mode", True)]
        self._at_once, self._at_the_end = _Shown(at_once), _Shown([one for one in formatters if one not in at_once])

    def scenario(self, scenario: Any, printed: str) -> None:
        """Show a scenario, with what its worker has printed."""
        self._show(self._at_once, scenario)
        self.printed(printed)

    def printed(self, text: str) -> None:
        """Print what a worker has printed."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def end(self, features: Iterable[Any]) -> None:
        """No further scenario comes: show these features whole."""
        self._at_once.leave()
        for feature in features:
            if feature.hook_failed:  # None of its scenarios may have been run.
                self._at_the_end.enter_feature(feature)
            for scenario in feature.walk_scenarios():
                if scenario.status is not Status.untested:
                    self._show(self._at_the_end, scenario)
            self._at_the_end.leave()

    def _show(self, shown: _Shown, scenario: Any) -> None:
        if scenario.status is Status.skipped and not self._show_skipped:
            return
        shown.enter(scenario)
        shown.call("scenario", scenario)
        for step in scenario.all_steps:
            shown.call("step", step)
        has_failed = False
        for step in scenario.all_steps:
            # After a failure behave looks for undefined steps, but does not run them.
            was_run = step.status not in (Status.skipped, Status.untested)
            if was_run and not (has_failed and step.status is Status.undefined):
                shown.call("match", self._registry.find_match(step) or NoMatch())
                shown.call("result", step)
            has_failed = has_failed or step.status.has_failed()


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
        self.enter_feature(scenario.feature)
        rule = rule_of(scenario)
        if self._rule is not rule:
            self._leave_rule()
            self._rule = rule
            if rule is not None:
                self._open(rule)

    def enter_feature(self, feature: Any) -> None:
        """Show the feature, where that is not the one before."""
        if self._feature is not feature:
            self.leave()
            self._feature = feature
            self.call("uri", feature.filename)
            self._open(feature)

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

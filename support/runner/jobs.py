"""Scenarios side by side: `behave --jobs 2`, by behave's own extension point for runners.

This process reads features, steps and hooks once, then forks the workers. Each runs the scenarios that it is given by
behave's own means, between the hooks `before_worker` and `after_worker`. What came of them is put into the features
here, so that formatters, reporters, `after_all` and the exit status are behave's own, and there is one of each.
Scenarios tagged `@serial` need an environment to themselves. Where all workers share one, these come last, one after
another, with nothing beside them.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import behave.runner
from behave.model_type import Status

from redaction import redact
from support.core.errors import SettingsError
from support.core.files import ROOT
from support.runner.behave_files import OneMessage
from support.runner.dealing import Dealing
from support.runner.display import Display
from support.runner.durations import KEPT_WITH_THE_FEATURES, OF_THE_LAST_RUNS, longest_first, read_durations
from support.runner.outcomes import ScenarioOutcome
from support.runner.run_state import RunState
from support.runner.worker import Done, Ended, Message, Place, Ready, Worker

SERIAL = "serial"
INTERRUPTED = "KeyboardInterrupt"


def jobs_of(runner: behave.runner.Runner) -> int:
    """How many scenarios are run side by side: as many as were asked for, if there are so many to be run.

    Raises:
        SettingsError: several were asked for of a runner that runs one after another.
    """
    if runner.config.jobs > 1 and not isinstance(runner, Runner):
        raise SettingsError(
            f"Expected --jobs with the project's own runner, seen behave's, which runs one scenario after another. "
            f"Start the run in {ROOT}, or add: --runner support.runner.jobs:Runner"
        )
    return min(1 if runner.config.dry_run else runner.config.jobs, len(_selected(runner)))


def _selected(runner: behave.runner.Runner) -> list[Any]:
    """The scenarios that are to be run."""
    walked = (scenario for feature in runner.features for scenario in feature.walk_scenarios())
    return [scenario for scenario in walked if scenario.should_run(runner.config)]


class Runner(behave.runner.Runner):  # type: ignore[misc]  # behave has no types
    """Behave's runner, which has workers run the scenarios where several jobs are asked for."""

    formatters: list[Any]

    def run_model(self, features: Any = None) -> bool:
        """Run as behave does; with workers, its loop over the features gets them when they were run."""
        return bool(super().run_model(self._features() if features is None else features))

    def _features(self) -> Iterator[Any]:
        """The features; asked for after `before_all`, which may have taken some away."""
        yield from self._features_run_by_workers() if jobs_of(self) > 1 else self.features

    def _features_run_by_workers(self) -> Iterator[Any]:
        """Run everything, then yield each feature; behave's own loop reports on it."""
        self._scenarios = [scenario for feature in self.features for scenario in feature.walk_scenarios()]
        for scenario in self._scenarios:
            if not scenario.should_run(self.config):
                scenario.mark_skipped()
        show = Display(self.formatters, self.step_registry, show_skipped=self.config.show_skipped)
        if not self.aborted:
            self._run_scenarios(show)
        for feature in list(self.features):
            for part in (feature, *feature.rules, *feature.iter_scenario_outlines()):
                part.clear_status()
            feature.run = partial(_show_in_files, show, feature)  # What is left of running it.
            yield feature

    def _run_scenarios(self, show: Display) -> None:
        state: RunState = self.context.run_state
        assert state.folder is not None
        reports = state.folder.path.parent.parent
        durations = read_durations(reports / OF_THE_LAST_RUNS) or read_durations(KEPT_WITH_THE_FEATURES)
        order = longest_first(_selected(self), durations)
        alone = [one for one in order if state.workers_share and SERIAL in one.effective_tags]
        together = [one for one in order if one not in alone]
        number_of = {id(scenario): number for number, scenario in enumerate(self._scenarios)}
        gc.collect()
        gc.freeze()  # What all workers have in common stays theirs in common.
        dealing = Dealing(self._start)
        listener = _Listener(self, show, dealing.stop)
        try:
            dealing.deal((number_of[id(scenario)] for scenario in together), listener, jobs=self.config.jobs)
            dealing.deal((number_of[id(scenario)] for scenario in alone), listener, jobs=1)
        except KeyboardInterrupt:
            self.abort(reason=INTERRUPTED)
        finally:
            show.end()

    # In a worker.

    def _start(self, place: Place, others: Sequence[Worker]) -> Worker:
        return Worker(place, self._work, others)

    def _work(self, place: Place, connection: Connection) -> None:
        self.formatters = [one for one in self.formatters if isinstance(one, OneMessage)]
        self.config.reporters = []
        self.hook_failures = 0
        self.context._set_root_attribute("worker", place)
        behave.runner.Context.abort = _abort  # Its reason is told once, by the process that hears of it.
        state: RunState = self.context.run_state
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            self.run_hook("before_worker")
            if state.run is not None and not self.aborted:
                connection.send(Ready(state.run.description(), state.run.settings.secrets()))
                self._run_what_comes(connection, state)
        except (EOFError, OSError, KeyboardInterrupt):  # The first two: who has started this worker is gone.
            self.abort(reason=INTERRUPTED)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.run_hook("after_worker")
            _flush()
            with suppress(OSError):  # Nobody may be there any more to hear it.
                connection.send(Ended(self.hook_failures, state.reasons, state.lost))

    def _run_what_comes(self, connection: Connection, state: RunState) -> None:
        while (number := connection.recv()) is not None:
            scenario, failures, known = self._scenarios[number], self.hook_failures, len(state.known)
            containers_failed = self._run_one(scenario)
            self.hook_failures = failures  # Those of the scenario are in its outcome.
            _flush()
            outcome = ScenarioOutcome.of(scenario, containers_failed=containers_failed)
            connection.send(Done(number, outcome, state.known[known:], state.reasons, state.lost))
            if self.aborted:
                return

    def _run_one(self, scenario: Any) -> bool:
        """Run one scenario with the hooks around it, and return whether one of its feature's or rule's has failed."""
        container = scenario.parent.parent if scenario.parent.type == "scenario_outline" else scenario.parent
        item, containers = scenario, []
        while container is not None:
            containers.append((container, container.run_items))
            container.run_items = [item]
            item, container = container, getattr(container, "parent", None)
        self.feature = item
        self.context._set_root_attribute("active_outline", scenario._row)
        try:
            item.run(self)
            return any(one.hook_failed or one.status is Status.cleanup_error for one, _ in containers)
        except KeyboardInterrupt:  # Between steps and hooks; in them behave takes it itself.
            self.abort(reason=INTERRUPTED)
            return False
        finally:
            for container, items in containers:
                container.run_items = items


class _Listener:
    """Puts what workers say into the features and the state of the run, and has it shown."""

    def __init__(self, runner: Runner, show: Display, stop: Callable[[], None]) -> None:
        self._runner, self._show, self._stop = runner, show, stop
        self._state: RunState = runner.context.run_state
        self._descriptions: list[Any] = []

    def heard(self, message: Message, printed: str) -> None:
        if isinstance(message, Ready):
            redact.learn(message.secrets)
            self._describe(message)
        elif isinstance(message, Done):
            self._take(message.number, message.outcome, printed)
            self._state.known.extend(message.known)
            failed = Status[message.outcome.status].has_failed()
            self._see_whether_to_stop(message, at_failure=failed and self._runner.config.stop)
            return
        elif isinstance(message, Ended):
            self._runner.hook_failures += message.hook_failures
            self._see_whether_to_stop(message)
        self._show.printed(printed)

    def died(self, how: str, scenario: int | None, printed: str) -> None:
        if scenario is None:
            self._show.printed(f"{printed}A worker has died outside of any scenario ({how}).\n")
            self._runner.hook_failures += 1
            return
        message = f"The worker of this scenario has died ({how}). No verdict is possible on it; run it again."
        self._take(scenario, ScenarioOutcome(Status.error.name, error_message=message), f"{printed}{message}\n")
        if self._state.report is not None:  # The worker took its own result with it.
            self._state.report.report_died(self._runner._scenarios[scenario])

    def _take(self, number: int, outcome: ScenarioOutcome, printed: str) -> None:
        scenario = self._runner._scenarios[number]
        outcome.put_into(scenario)
        self._state.scenarios.append(scenario)
        undefined = [step for step in scenario.all_steps if step.status is Status.undefined]
        self._runner.undefined_steps.extend(undefined)
        self._show.on_terminal(scenario, printed)

    def _see_whether_to_stop(self, message: Done | Ended, *, at_failure: bool = False) -> None:
        self._state.add_reasons(message.stopped, message.lost)
        if message.stopped and not self._runner.aborted:
            self._runner.abort(reason=message.stopped[0])
        if message.stopped or at_failure:
            self._stop()

    def _describe(self, message: Ready) -> None:
        """Tell the environments of all workers in the report; where they differ, each value."""
        self._descriptions.append(message.description)
        names = dict.fromkeys(name for one in self._descriptions for name in one)
        values = {name: dict.fromkeys(one[name] for one in self._descriptions if name in one) for name in names}
        if self._state.report is not None:
            self._state.describe({name: "; ".join(each) for name, each in values.items()})


def _abort(context: Any, reason: str | None = None) -> None:
    context._set_root_attribute("aborted", True)


def _show_in_files(show: Display, feature: Any, _: Runner) -> bool:
    """Formatters that write files show a feature whole, in the order of the features; whether it has failed."""
    show.in_files(feature)
    return bool(feature.status.has_failed())


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()

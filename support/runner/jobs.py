"""Scenarios side by side: `behave --jobs 2`, by behave's own extension point for runners.

This process reads features, steps and hooks once, then forks the workers. Each runs the scenarios that it is given by
behave's own means, between the hooks `before_worker` and `after_worker`. What came of them is put into the features
here, so that formatters, reporters, `after_all` and the exit status are behave's own, and there is one of each.
Scenarios tagged `@serial` need an environment to themselves, those tagged `@alone` the machine. The first, where all
workers share one environment, and the second come last, one after another, with nothing beside them. Those tagged
`@disruptive` have environments of their own: as many workers as is their part of the work run them, each one after
another. Where there is none, they come last, too.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import behave.runner
from behave.model import Scenario
from behave.model_type import Status

from redaction import redact
from support.core import java_properties
from support.core.errors import SettingsError
from support.core.files import ROOT
from support.runner.behave_files import OneMessage
from support.runner.containers import containers_of
from support.runner.dealing import Dealing, Interrupts
from support.runner.display import Display
from support.runner.durations import KEPT_WITH_THE_FEATURES, OF_THE_LAST_RUNS, longest_first, read_durations, share_of
from support.runner.interruption import ending_scenarios_in_order
from support.runner.outcomes import ContainerOutcome, ScenarioOutcome
from support.runner.step_lookup import StepLookup
from support.runner.worker import Done, Ended, EndOfRun, Message, Place, Ready, Worker, flush

if TYPE_CHECKING:  # It loads all drivers, which the environment need not wait for.
    from support.runner.early_start import EarlyStart
    from support.runner.run_state import RunState

SERIAL, ALONE, DISRUPTIVE = "serial", "alone", "disruptive"
INTERRUPTED = "KeyboardInterrupt"
_MOST_IN_TURN = 4  # Each has an environment of its own made, which keeps a core busy for ten seconds.


def most_in_turn(jobs: int, share: float) -> int:
    """How many of so many workers run what disturbs others, when that is this share of the time of all, 0 to 1."""
    return max(1, min(ceil(jobs * share), _MOST_IN_TURN))


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
    early_start: EarlyStart | None = None
    """The environment that is being made while all else is loaded."""

    def run_with_paths(self) -> bool:
        """Have the environment of this suite made, and meanwhile load all else; then run."""
        if self.config.dry_run or Path(self.base_dir).resolve() != ROOT:
            return bool(super().run_with_paths())
        from support.runner.early_start import EarlyStart

        self.early_start = EarlyStart(self.config)
        try:
            return bool(super().run_with_paths())
        finally:
            self.early_start.close()

    def run_model(self, features: Any = None) -> bool:
        """Run as behave does; with workers, its loop over the features gets them when they were run."""
        self.step_registry = StepLookup(behave.runner.the_step_registry)
        with ending_scenarios_in_order(Scenario.run.__code__, self._interrupt):
            return bool(super().run_model(self._features() if features is None else features))

    def _interrupt(self) -> None:
        _abort(self.context, INTERRUPTED)  # Behave's own prints, which may be what was interrupted.

    def _features(self) -> Iterator[Any]:
        """The features; asked for after `before_all`, which may have taken some away."""
        yield from self._features_run_by_workers() if jobs_of(self) > 1 else self.features

    def _features_run_by_workers(self) -> Iterator[Any]:
        """Run everything, then yield each feature: to behave's own loop, which reports on it and counts failures."""
        interrupts = Interrupts()
        with interrupts.counted():
            self._scenarios = [scenario for feature in self.features for scenario in feature.walk_scenarios()]
            for scenario in self._scenarios:
                if not scenario.should_run(self.config):
                    scenario.mark_skipped()
            show = Display(self.formatters, self.step_registry, show_skipped=self.config.show_skipped)
            if not self.aborted:
                self._run_scenarios(show, interrupts)
            show.end(self.features)
        formatters, self.formatters = self.formatters, []  # They have been shown everything.
        for feature in list(self.features):
            feature.run = partial(_has_failed, feature)
            yield feature
        self.formatters = formatters

    def _run_scenarios(self, show: Display, interrupts: Interrupts) -> None:
        state: RunState = self.context.run_state
        assert state.folder is not None
        reports = state.folder.path.parent.parent
        durations = {**read_durations(KEPT_WITH_THE_FEATURES), **read_durations(reports / OF_THE_LAST_RUNS)}
        number_of = {id(scenario): number for number, scenario in enumerate(self._scenarios)}
        order = longest_first(_selected(self), durations)
        alone: list[int] = []
        in_turn: list[int] = []
        together: list[int] = []
        for scenario in order:
            tags, number = scenario.effective_tags, number_of[id(scenario)]
            if DISRUPTIVE in tags:
                (in_turn if state.makes_disposable else alone).append(number)
            else:
                (alone if ALONE in tags or (state.workers_share and SERIAL in tags) else together).append(number)
        gc.collect()
        gc.freeze()  # What all workers have in common stays theirs in common.
        dealing = Dealing(self._start, interrupts)
        listener = _Listener(self, show, dealing.stop)
        disruptive, others = ([self._scenarios[number] for number in numbers] for numbers in (in_turn, together))
        jobs, most = self.config.jobs, most_in_turn(self.config.jobs, share_of(disruptive, others, durations))
        dealing.deal(together, listener, jobs=jobs, in_turn=in_turn, most_in_turn=most)
        dealing.deal(alone, listener, jobs=1)
        if interrupts.count and not self.aborted:
            self.abort(reason=INTERRUPTED)
        listener.finish(expected=() if dealing.is_stopped else (*together, *in_turn, *alone))

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
            signal.signal(signal.SIGINT, signal.default_int_handler)
            with ending_scenarios_in_order(Runner._run_what_comes.__code__, self._interrupt):
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
                self.run_hook("before_worker")
                if state.run is not None and not self.aborted:
                    connection.send(Ready(state.run.description(), state.run.settings.secrets()))
                    self._run_what_comes(connection, state)
        except (EOFError, ConnectionError, KeyboardInterrupt):  # The first two: who has started this worker is gone.
            self.abort(reason=INTERRUPTED)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.run_hook("after_worker")
            self.context._do_remaining_cleanups()
        flush()
        with suppress(ConnectionError):  # Nobody may be there any more to hear it.
            connection.send(Ended(self.hook_failures, self._end_of_run(state)))

    def _run_what_comes(self, connection: Connection, state: RunState) -> None:
        while (number := connection.recv()) is not None:
            scenario, failures, known = self._scenarios[number], self.hook_failures, len(state.known)
            containers = self._run_one(scenario)
            self.hook_failures = failures  # Those of the scenario are in its outcome.
            flush()
            outcome = ScenarioOutcome.of(scenario, containers)
            secrets = [secret for one in state.environments() for secret in one.settings.secrets()]
            connection.send(Done(number, outcome, state.known[known:], self._end_of_run(state), secrets))
            if self.aborted:
                return

    def _end_of_run(self, state: RunState) -> EndOfRun:
        aborted = getattr(self.context, "abort_reason", INTERRUPTED) if self.aborted else None
        return EndOfRun(aborted, state.reasons, state.lost)

    def _run_one(self, scenario: Any) -> list[ContainerOutcome]:
        """Run one scenario with all hooks around it, and return what came of its rule and feature."""
        item, before = scenario, []
        for container in containers_of(scenario):
            # A hook may skip it, which then holds for this scenario.
            kept = {name: getattr(container, name) for name in ("run_items", "should_skip", "skip_reason")}
            before.append((container, kept))
            container.run_items, container.error_message = [item], None
            item = container
        self.feature = item
        self.context._set_root_attribute("active_outline", scenario._row)
        item.run(self)
        outcomes = [ContainerOutcome.of(container) for container, _ in before]
        for container, kept in before:
            vars(container).update(kept)
        return outcomes


class _Listener:
    """Puts what workers say into the features and the state of the run, and has it shown."""

    def __init__(self, runner: Runner, show: Display, stop: Callable[[], None]) -> None:
        self._runner, self._show, self._stop = runner, show, stop
        self._state: RunState = runner.context.run_state
        self._descriptions: list[Mapping[str, str]] = []
        self._run: set[int] = set()

    def heard(self, message: Message, printed: str) -> None:
        if isinstance(message, Ready):
            redact.learn(message.secrets)
            self._describe(message.description)
            self._show.printed(printed)
            return
        if isinstance(message, Done):
            redact.learn(message.secrets)
            self._take(message.number, message.outcome, printed)
            self._state.known.extend(message.known)
            if self._runner.config.stop and Status[message.outcome.status].has_failed():
                self._stop()
        else:
            self._show.printed(printed)
            self._runner.hook_failures += message.hook_failures
        self._state.add_reasons(message.end.reasons, message.end.lost)
        if message.end.aborted is not None:
            if not self._runner.aborted:
                self._runner.abort(reason=message.end.aborted)
            self._stop()

    def died(self, how: str, scenario: int | None, before: int | None, printed: str) -> None:
        after = "" if before is None else f" Before, it had run: {self._runner._scenarios[before].name}."
        if scenario is None:
            self._show.printed(f"{printed}A worker has died outside of any scenario ({how}).{after}\n")
            self._runner.hook_failures += 1
            return
        message = f"The worker of this scenario has died ({how}). No verdict is possible on it; run it again.{after}"
        self._take(scenario, ScenarioOutcome(Status.error.name, error_message=message), f"{printed}{message}\n")
        if self._state.report is not None:  # The worker took its own result with it.
            self._state.report.report_died(self._runner._scenarios[scenario])

    def finish(self, expected: Iterable[int]) -> None:
        """After the last worker: a scenario that was expected and was not run is no green run."""
        missing = [self._runner._scenarios[number] for number in expected if number not in self._run]
        if missing and not self._runner.aborted:
            listed = "".join(f"  {scenario.location}  {scenario.name}\n" for scenario in missing)
            self._show.printed(f"\nThere was no worker left to run these scenarios:\n{listed}")
            self._runner.hook_failures += 1

    def _take(self, number: int, outcome: ScenarioOutcome, printed: str) -> None:
        scenario = self._runner._scenarios[number]
        self._run.add(number)
        outcome.put_into(scenario)
        # There is none of a worker that has died.
        for container, part in zip(containers_of(scenario), outcome.containers, strict=False):
            part.put_into(container)
        self._state.scenarios.append(scenario)
        undefined = [step for step in scenario.all_steps if step.status is Status.undefined]
        self._runner.undefined_steps.extend(undefined)
        self._show.scenario(scenario, printed)

    def _describe(self, description: Mapping[str, str]) -> None:
        """Tell the environments of all workers in the report."""
        self._descriptions.append(description)
        self._state.describe(java_properties.merged(self._descriptions))


def _abort(context: Any, reason: str | None = None) -> None:
    context._set_root_attribute("aborted", True)
    context._set_root_attribute("abort_reason", reason or "")


def _has_failed(feature: Any, _: Runner) -> bool:
    """Whether a feature that was run by workers has failed; behave's own status stops at one that was not run."""
    has_failed = any(scenario.status.has_failed() for scenario in feature.walk_scenarios())
    return has_failed or any(part.hook_failed or part.status.has_failed() for part in (feature, *feature.rules))

"""Behave's hooks: they open and close a run and its scenarios, and tell the report of everything.

On behave's context they keep `run_state`, their own, and `state`, which the steps of a scenario work with.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Protocol

from behave.model import Feature, Scenario, Step
from behave.model_type import Status
from behave.reporter.junit import JUnitReporter
from behave.reporter.summary import SummaryReporter

import support.runner.behave_files  # noqa: F401 - makes behave read feature files of any form, and write any text
from redaction import protect_output

# The types of what features write are known before any step that has one is read.
from steps import fault_types, parameter_types, questions, region_types, row_types  # noqa: F401
from steps.scenario_state import ScenarioSkipped, ScenarioState
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.evidence import known_issues
from support.evidence.allure_report import AllureReport
from support.evidence.evidence import Evidence
from support.profile.profile import read_profile, reports_without_a_profile
from support.profile.provider import provide
from support.runner import shards
from support.runner.behave_files import OneMessage
from support.runner.behave_settings import apply_project_settings, asked_for
from support.runner.closing_steps import KNOWN_ISSUE_STILL_SHOWS, NOTHING_IS_LEFT_BEHIND, closing_steps
from support.runner.containers import keep_where
from support.runner.durations import KEPT_WITH_THE_FEATURES, OF_THE_LAST_RUNS, read_durations, remember
from support.runner.early_start import profile_name
from support.runner.jobs import DISRUPTIVE, jobs_of
from support.runner.run_folder import RunFolder
from support.runner.run_record import State
from support.runner.run_state import RunState
from support.runner.selection import all_were_skipped, find_mistakes, is_asked_for, may_be_empty
from support.runner.worker import Place
from support.scenario.disposable import Disposable, maker_of
from support.scenario.session import ScenarioSession
from support.scenario.suite_run import SuiteRun

protect_output()

SOAK = "soak"
"""The tag of what takes an hour, and is run only where it is asked for: `--tags=@soak`."""
ENVIRONMENT_BROKEN = "the environment is broken, see the message of the last scenario"


class Context(Protocol):
    """What the hooks take of behave's context, and what they keep there."""

    run_state: RunState
    worker: Place  # which of the workers this process is
    state: ScenarioState | None  # what the scenario's steps work with; None when the scenario could not be opened
    scenario: Scenario
    config: Any
    aborted: bool
    abort: Callable[..., None]
    _runner: Any


def before_all(context: Context) -> None:
    """Make the run's folder, and find the environment healthy or have one made for the workers.

    Without folder and environment no scenario is run.
    """
    context.config.setup_logging(level=logging.WARNING)
    # It logs what it also raises, queues that are asked for and not there included.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    context.run_state = RunState()
    features = context._runner.features  # Behave hands them to no hook.
    context._runner.formatters.insert(0, OneMessage())
    apply_project_settings(context.config, features)
    for reporter in _summaries(context):
        reporter.scenario_summary[known_issues.KNOWN.name] = 0  # It counts steps of that status, but not scenarios.
    name = profile_name(context.config)
    if not is_asked_for(context.config, SOAK):
        keep_where(lambda scenario: SOAK not in scenario.effective_tags, features)
    mistakes = find_mistakes(context.config, features)
    try:
        _open_reports(context, name)
        if mistakes:
            raise SettingsError(mistakes)
        if shard := shards.asked_for(context.config):
            shards.keep_only(shard, features, read_durations(KEPT_WITH_THE_FEATURES))
        profile = context.run_state.profile = read_profile(name)
        context.run_state.makes_disposable = maker_of(profile) is not None
        jobs = jobs_of(context._runner)
        if shard and not jobs:
            print(f"None of the scenarios that were asked for is in the shard {shard}: nothing is run.")
        if not jobs:
            features.clear()  # Behave calls the hooks of a feature that was named, also when nothing of it is run.
            return
        early = getattr(context._runner, "early_start", None)  # Behave's own runner has none.
        provided = context.run_state.provided = (early and early.take()) or provide(profile, jobs=jobs)
        context.run_state.endpoints = endpoints = provided.endpoints() if provided else []
        if 1 < len(endpoints) < jobs:
            raise EnvironmentBroken(
                f"The provider made {len(endpoints)} environments for {jobs} jobs; expected {jobs} or 1."
            )
        if jobs == 1:
            _open_environment(context, Place(0, has_others=False))
    except (SettingsError, EnvironmentBroken) as error:
        _run_nothing(context, str(error))


def before_worker(context: Context) -> None:
    """In a worker: find its environment healthy, its own if one was made for each."""
    try:
        _open_environment(context, context.worker)
    except (SettingsError, EnvironmentBroken) as error:
        _run_nothing(context, str(error))


def _open_environment(context: Context, worker: Place) -> None:
    state = context.run_state
    assert state.profile is not None
    endpoints = state.endpoints[worker.number % len(state.endpoints)] if state.endpoints else None
    is_shared = worker.has_others and state.workers_share
    state.run = SuiteRun.start(state.profile, state.provided, endpoints, is_shared=is_shared)
    state.disposable = Disposable(state.profile, state.run)
    state.describe(state.run.description())


def _open_reports(context: Context, name: str) -> None:
    """Make the folder of the run, and have everything that reports write into it."""
    try:
        reports = read_profile(name).reports()
    except SettingsError:  # It is told when the profile is read for the run, in a report that must go somewhere.
        reports = reports_without_a_profile()
    shard = context.config.userdata.get(shards.OPTION)
    folder = context.run_state.folder = RunFolder.make(
        reports.directory, profile=name, command=sys.argv[1:], shard=shard and shard.strip()
    )
    if context.config.junit and asked_for("junit_directory") is None:
        context.config.junit_directory = str(folder.junit)
    context.config.paths = [context.config.base_dir]  # JUnit names a feature by its path from one of these.
    lost = partial(_lose, context, folder)
    for reporter in context.config.reporters:
        if isinstance(reporter, JUnitReporter):
            reporter.feature = _telling(lost, reporter.feature)
    context.run_state.report = AllureReport(
        folder.results, context.config, context._runner.features, test_case_url=reports.test_case_url, lost=lost
    )


def _telling(lost: Callable[[OSError], None], report: Callable[[Feature], None]) -> Callable[[Feature], None]:
    """Behave has no way out for a reporter that cannot write: a traceback would end the run, without `after_all`."""

    def told(feature: Feature) -> None:
        try:
            report(feature)
        except OSError as error:
            lost(error)

    return told


def _lose(context: Context, folder: RunFolder, error: OSError) -> None:
    """End the run, since its results can no longer be kept; `after_all` says so, where nothing swallows it."""
    if not context.run_state.lost:
        context.run_state.lost.append(folder.lost(error))
        _stop(context, "the results cannot be written, see the message below")


def _stop(context: Context, reason: str = ENVIRONMENT_BROKEN) -> None:
    """End the run, for a reason of its own: on Ctrl-C behave ends it."""
    context.run_state.reasons.append(reason)
    context.abort(reason=reason)


def _leave(context: Context, run: SuiteRun) -> None:
    """Run nothing more in an environment that is broken: the run ends, or a disposable one is made anew."""
    state = context.run_state
    if state.disposable is not None and run is state.disposable.made:
        state.gives_up = True
    else:
        _stop(context)


def _run_nothing(context: Context, reason: str) -> None:
    """End the run before its first feature; behave would count some of those that it has not run as failed."""
    if context.run_state.report is not None:
        context.run_state.report.run_error(reason)
    context._runner.features.clear()
    _stop(context, reason)


def before_feature(context: Context, feature: Feature) -> None:
    """Open the feature in the report."""
    _, report = context.run_state.opened()
    report.start_feature(feature)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Open the scenario's ledger; when the environment is gone, the run ends here."""
    if context.aborted:
        return  # Behave calls the hooks of the rest of a feature all the same.
    run_state = context.run_state
    _, report = run_state.opened()
    run_state.scenarios.append(scenario)
    report.start_scenario(scenario)
    context.state = None
    if DISRUPTIVE in scenario.effective_tags:
        assert run_state.disposable is not None
        if why := run_state.disposable.refusal():
            scenario.skip(why)
            return
        run_state.present = run_state.disposable.take()
    run, _ = run_state.opened()

    def keep(found: Evidence) -> None:
        report.attach(found.name, found.body, found.media_type)

    try:
        session = run.open_scenario(keep)
    except EnvironmentBroken:
        _leave(context, run)
        raise
    keys = known_issues.keys_of(scenario.effective_tags)
    context.state = ScenarioState(session, run.stores, keep, context.config.userdata, keys, str(scenario.location))
    scenario.steps.extend(Step(scenario.filename, scenario.line, "And", "then", words) for words in closing_steps(keys))


def before_step(context: Context, step: Step) -> None:
    """Open the step in the report. Where the run is being ended, no other step is begun."""
    _, report = context.run_state.opened()
    report.start_step(step)
    if context.aborted:
        raise KeyboardInterrupt


def after_step(context: Context, step: Step) -> None:
    """Close the step in the report; a failure that is known ends the scenario, but does not fail it."""
    run, report = context.run_state.opened()
    scenario = context.scenario
    if isinstance(step.exception, ScenarioSkipped):
        # Behave has no exception for this, and knows only that the step has raised one.
        reason, step.exception, step.exc_traceback, step.status = step.exception, None, None, Status.untested
        scenario.skip(str(reason))
    if step.status.has_failed():
        _blame_the_environment(context, run, step)
    keys = known_issues.keys_of(scenario.effective_tags)
    explained = step.name not in (NOTHING_IS_LEFT_BEHIND, KNOWN_ISSUE_STILL_SHOWS)
    if explained and known_issues.explains(keys, step.exception):
        scenario.skip()  # Its other steps; it looks at this one, and knows no status but those of behave itself.
        step.status = known_issues.KNOWN
        step.error_message = known_issues.shown(keys, str(step.exception))
        context.run_state.known.append(f"{', '.join(keys)}  {scenario.location}  {scenario.name}")
    if context.state is not None:
        context.state.session.evidence.keep_exchanges()
    report.stop_step(step)


def _blame_the_environment(context: Context, run: SuiteRun, step: Step) -> None:
    """Tell a failure as the environment's when that has ended, and end the run."""
    try:
        run.check_provided()
    except EnvironmentBroken as error:
        step.status, step.exception, step.exc_traceback = Status.error, error, None
        _leave(context, run)


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Clean up what a scenario left that failed half way, keep what was said, and close the report's result."""
    if not any(one is scenario for one in context.run_state.scenarios[-1:]):
        return  # It was not opened.
    run, report = context.run_state.opened()
    if any(step.status is known_issues.KNOWN for step in scenario.all_steps):
        scenario.set_status(known_issues.KNOWN)
    try:
        if context.state is not None:
            _close(context, scenario, run, context.state)
    finally:
        context.run_state.present = None
        report.stop_scenario(scenario)
        if context.run_state.gives_up:
            context.run_state.gives_up = False
            assert context.run_state.disposable is not None
            context.run_state.disposable.close()


def _close(context: Context, scenario: Scenario, run: SuiteRun, state: ScenarioState) -> None:
    """Clean up where the closing steps were not reached; a red scenario keeps its own verdict."""
    red, session = scenario.status.has_failed(), state.session
    if red or scenario.status is known_issues.KNOWN:
        session.evidence.keep_server_log(session.ledger.own_jobs)
    try:
        session.leave_nothing_behind()
    except EnvironmentBroken as error:
        broken = _what_else_is_broken(run, session) or error
        if broken is not error or not run.is_healthy():
            _leave(context, run)
        told = [step.exception for step in scenario.all_steps]
        told = [str(one) for one in told if isinstance(one, EnvironmentBroken | SettingsError)]
        if not told or (broken is not error and str(broken) not in told):
            raise broken from None
        state.keep(Evidence("clean-up failed, too", str(broken), "text"))
    except ExpectationFailed as failure:
        if not red:
            raise
        state.keep(Evidence("clean-up failed, too", str(failure), "text"))
        print(f"Clean-up failed, too: {failure}")
    finally:
        try:
            session.evidence.keep_exchanges()
        finally:
            run.close_scenario(session, scenario.name)


def _what_else_is_broken(run: SuiteRun, session: ScenarioSession) -> EnvironmentBroken | None:
    """After a clean-up that failed: why no scenario can follow, even if some of it can be repaired."""
    try:
        run.check_provided()
        # Over what stays disturbed, all that follow would be told as failures of the product.
        session.disturbances.undo()
    except EnvironmentBroken as error:
        return error
    return None


def after_feature(context: Context, feature: Feature) -> None:
    """Close the feature in the report."""
    _, report = context.run_state.opened()
    report.stop_feature(feature)


def after_worker(context: Context) -> None:
    """In a worker: see that nothing has come late, and give back what it works with."""
    try:
        _expect_no_late_changes(context)
    finally:
        _close_environment(context.run_state)


def after_all(context: Context) -> None:
    """Say what is known to fail and where the results are, and give the environment back."""
    whole, run_state = False, context.run_state
    try:
        _expect_no_late_changes(context)
        _see_that_something_was_run(context)
        whole = True
    finally:
        _close_environment(run_state)
        if run_state.provided is not None:
            run_state.provided.close()
        for reporter in _summaries(context):
            reporter.duration = time.monotonic() - run_state.started_at_s  # Its own sum leaves out rules.
            if run_state.known:
                listed = "".join(f"  {one}\n" for one in run_state.known)
                reporter.stream.write(f"\nKnown issues, which do not turn the run red:\n{listed}\n")
        if run_state.folder is not None:
            _close_folder(context, run_state.folder, passed=whole)
        if context.aborted and run_state.reasons:
            # Behave would say of it that it was the user's doing.
            context._runner.aborted = False
            context._runner.hook_failures += 1


def _expect_no_late_changes(context: Context) -> None:
    if not context.aborted:
        with _reported(context.run_state):
            for environment in context.run_state.environments():
                environment.expect_no_late_changes()


def _close_environment(run_state: RunState) -> None:
    if run_state.report is not None:
        run_state.report.close()
    try:
        if run_state.disposable is not None:
            run_state.disposable.close()
    finally:
        if run_state.run is not None:
            run_state.run.close()


@contextmanager
def _reported(run_state: RunState) -> Iterator[None]:
    """Have the report tell an error that belongs to no scenario."""
    try:
        yield
    except (ExpectationFailed, EnvironmentBroken) as error:
        if run_state.report is not None:
            run_state.report.run_error(str(error))
        raise


def _see_that_something_was_run(context: Context) -> None:
    """A run whose scenarios were all skipped has shown nothing, and is not green; of shards, all together must show."""
    begun = context.run_state.scenarios
    skipped = [scenario.skip_reason for scenario in begun if scenario.status is Status.skipped]
    if not begun or len(skipped) < len(begun) or context.aborted or may_be_empty(context.config):
        return
    if shards.asked_for(context.config) is None:
        with _reported(context.run_state):
            raise EnvironmentBroken(all_were_skipped(skipped))


def _close_folder(context: Context, folder: RunFolder, *, passed: bool) -> None:
    """Record what came of the run, and say where its results are."""
    run_state, hook_failures = context.run_state, context._runner.hook_failures
    interrupted = run_state.lost or (context.aborted and not run_state.reasons)
    red = context.aborted or hook_failures or any(one.status.has_failed() for one in run_state.scenarios)
    try:
        folder.end(
            State.INTERRUPTED if interrupted else State.ENDED,
            scenarios=Counter(scenario.status.name for scenario in run_state.scenarios),
            passed=passed and not red,
        )
    except EnvironmentBroken:
        if not run_state.lost:
            raise
    with suppress(OSError):  # Only the order of the next run depends on it.
        remember(folder.path.parent.parent / OF_THE_LAST_RUNS, run_state.scenarios)
    for reporter in _summaries(context):
        reporter.stream.write("".join(f"\n{lost}\n" for lost in run_state.lost))
        reporter.stream.write(f"\nResults: {folder.path}\n")


def _summaries(context: Context) -> list[SummaryReporter]:
    return [reporter for reporter in context.config.reporters if isinstance(reporter, SummaryReporter)]

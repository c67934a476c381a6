"""Behave's hooks: they open and close what a run and a scenario work with, and hand everything on to the report.

On `context` the steps find `run` (the environment), `session` (what the scenario works with), `report`, and what
earlier steps kept:

- what is asked: `configuration`, `configurations`, `parameters`, `task_id`, `window` (of time), `recordings`,
  `documents`, `gateway`
- what came of it: `attempts`, `exchanges` and `exchange`, `refusal`, `because_of`, `failure`, `cancellation`
- jobs: `job`, `jobs`, `first_job`, `other_job`, `abandoned`, and of the present one `waterfall` and `region`
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from behave.model import Feature, Scenario, Step
from behave.model_type import Status
from behave.reporter.junit import JUnitReporter
from behave.reporter.summary import SummaryReporter
from behave.runner import Context

import steps.parameter_types  # noqa: F401 - makes the domain's types known before the steps are read
import support.runner.behave_files  # noqa: F401 - makes behave read feature files of any form, and write any text
from redaction import protect_output
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.evidence import known_issues
from support.evidence.allure_report import AllureReport
from support.profile.profile import read_profile, reports_without_a_profile
from support.profile.provider import provide
from support.runner.behave_files import OneMessage
from support.runner.behave_settings import apply_project_settings, asked_for
from support.runner.run_folder import RunFolder
from support.runner.run_record import State
from support.runner.selection import all_were_skipped, find_mistakes, may_be_empty

protect_output()

ENVIRONMENT_BROKEN = "the environment is broken, see the message of the last scenario"

# Added to every scenario, so that what it does not state is checked without being asked for, and is seen to be.
CLOSING_STEPS = ("nothing else has changed", "nothing is left behind")
STILL_KNOWN = "the known issue still shows"


def before_all(context: Context) -> None:
    """Make the run's folder and find the environment healthy; without both no scenario is run."""
    context.config.setup_logging(level=logging.WARNING)
    # It logs what it also raises, queues that are asked for and not there included.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    context.started_at_s = time.monotonic()
    context.run = context.report = context.folder = None
    context.known, context.features, context.scenarios = [], [], []
    context.reasons, context.lost = [], []
    features = context._runner.features  # Behave hands them to no hook.
    context._runner.formatters.insert(0, OneMessage())
    apply_project_settings(context.config, features)
    for reporter in _summaries(context):
        reporter.scenario_summary[known_issues.KNOWN.name] = 0  # It counts steps of that status, but not scenarios.
    name = context.config.userdata.get("profile") or os.environ.get("FOCUS_PROFILE") or "local"
    mistakes = find_mistakes(context.config, features)
    try:
        _open_reports(context, name)
    except (SettingsError, EnvironmentBroken) as error:
        _run_nothing(context, str(error))
        return
    try:
        if mistakes:
            raise SettingsError(mistakes)
        profile = read_profile(name)
        provided = provide(profile)
        # Only now: loading the drivers takes about as long as the environment does, so they go side by side.
        from support.scenario.suite_run import SuiteRun

        context.run = SuiteRun.start(profile, provided)
    except (SettingsError, EnvironmentBroken) as error:
        context.report.run_error(str(error))
        _run_nothing(context, str(error))
        return
    context.report.environment({"Profile": profile.name, **context.run.description()})


def _open_reports(context: Context, name: str) -> None:
    """Make the folder of the run, and have everything that reports write into it."""
    try:
        reports = read_profile(name).reports()
    except SettingsError:  # It is told when the profile is read for the run, in a report that must go somewhere.
        reports = reports_without_a_profile()
    context.folder = RunFolder.make(reports.directory, profile=name, command=sys.argv[1:])
    if context.config.junit and asked_for("junit_directory") is None:
        context.config.junit_directory = str(context.folder.junit)
    context.config.paths = [context.config.base_dir]  # JUnit names a feature by its path from one of these.
    lost = partial(_lose, context)
    for reporter in context.config.reporters:
        if isinstance(reporter, JUnitReporter):
            reporter.feature = _telling(lost, reporter.feature)
    context.report = AllureReport(
        context.folder.results, context.config, test_case_url=reports.test_case_url, lost=lost
    )


def _telling(lost: Callable[[OSError], None], report: Callable[[Feature], None]) -> Callable[[Feature], None]:
    """Behave has no way out for a reporter that cannot write: a traceback would end the run, without `after_all`."""

    def told(feature: Feature) -> None:
        try:
            report(feature)
        except OSError as error:
            lost(error)

    return told


def _lose(context: Context, error: OSError) -> None:
    """End the run, since its results can no longer be kept; `after_all` says so, where nothing swallows it."""
    if not context.lost:
        context.lost.append(context.folder.lost(error))
        _stop(context, "the results cannot be written, see the message below")


def _stop(context: Context, reason: str = ENVIRONMENT_BROKEN) -> None:
    """End the run, for a reason of its own: whoever presses Ctrl-C has behave end it."""
    context.reasons.append(reason)
    context.abort(reason=reason)


def _run_nothing(context: Context, reason: str) -> None:
    """End the run before its first feature; behave would count some of those that it has not run as failed."""
    context._runner.features.clear()
    _stop(context, reason)


def before_feature(context: Context, feature: Feature) -> None:
    """Open the feature in the report."""
    context.features.append(feature)
    context.report.start_feature(feature)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Open the scenario's ledger; when the environment is gone, the run ends here."""
    context.scenarios.append(scenario)
    context.report.start_scenario(scenario)
    context.session = None
    try:
        context.session = context.run.open_scenario(
            lambda found: context.report.attach(found.name, found.body, found.media_type)
        )
    except EnvironmentBroken:
        _stop(context)
        raise
    closing = [*CLOSING_STEPS, *([STILL_KNOWN] if known_issues.keys_of(scenario.effective_tags) else [])]
    scenario.steps.extend(Step(scenario.filename, scenario.line, "And", "then", words) for words in closing)


def before_step(context: Context, step: Step) -> None:
    """Open the step in the report."""
    context.report.start_step(step)


def after_step(context: Context, step: Step) -> None:
    """Close the step in the report; a failure that is known ends the scenario, but does not fail it."""
    scenario = context.scenario
    if step.status.has_failed():
        _blame_the_environment(context, step)
    keys = known_issues.keys_of(scenario.effective_tags)
    if step.name not in (CLOSING_STEPS[-1], STILL_KNOWN) and known_issues.explains(keys, step.exception):
        scenario.skip()  # Its other steps; it looks at this one, and knows no status but those of behave itself.
        step.status = known_issues.KNOWN
        step.error_message = known_issues.shown(keys, str(step.exception))
        context.known.append(f"{', '.join(keys)}  {scenario.location}  {scenario.name}")
    context.report.stop_step(step)


def _blame_the_environment(context: Context, step: Step) -> None:
    """Tell a failure as the environment's when that has ended, and end the run."""
    try:
        context.run.check_provided()
    except EnvironmentBroken as error:
        step.status, step.exception, step.exc_traceback = Status.error, error, None
        _stop(context)


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Clean up what a scenario left that failed half way, keep what was said, and close the report's result."""
    if any(step.status is known_issues.KNOWN for step in scenario.all_steps):
        scenario.set_status(known_issues.KNOWN)
    try:
        if context.session is not None:
            _close(context, scenario)
    finally:
        context.report.stop_scenario(scenario)


def _close(context: Context, scenario: Scenario) -> None:
    """Clean up where the closing steps were not reached; a red scenario keeps its own verdict."""
    red = scenario.status.has_failed()
    if red or scenario.status is known_issues.KNOWN:
        context.session.keep_server_log()
    try:
        context.session.leave_nothing_behind()
    except EnvironmentBroken as error:
        broken = _what_else_is_broken(context) or error
        if broken is not error or not context.run.is_healthy():
            _stop(context)
        told = [step.exception for step in scenario.all_steps]
        told = [str(one) for one in told if isinstance(one, EnvironmentBroken | SettingsError)]
        if not told or (broken is not error and str(broken) not in told):
            raise broken from None
        context.report.attach("clean-up failed, too", str(broken), "text")
    except ExpectationFailed as failure:
        if not red:
            raise
        context.report.attach("clean-up failed, too", str(failure), "text")
        print(f"Clean-up failed, too: {failure}")
    finally:
        context.run.close_scenario(context.session, scenario.name)


def _what_else_is_broken(context: Context) -> EnvironmentBroken | None:
    """After a clean-up that failed: why no scenario can follow, whatever of it may be mended."""
    try:
        context.run.check_provided()
        # Over what stays disturbed, all that follow would be told as failures of the product.
        context.session.disturbances.undo()
    except EnvironmentBroken as error:
        return error
    return None


def after_feature(context: Context, feature: Feature) -> None:
    """Close the feature in the report."""
    context.report.stop_feature(feature)


def after_all(context: Context) -> None:
    """Say what is known to fail and where the results are, and give the environment back."""
    whole = False
    try:
        if context.run is not None and not context.aborted:
            context.run.look_once_more()
        _see_that_something_was_run(context)
        whole = True
    except (ExpectationFailed, EnvironmentBroken) as error:
        context.report.run_error(str(error))
        raise
    finally:
        if context.report is not None:
            context.report.close()
        if context.run is not None:
            context.run.close()
        for reporter in _summaries(context):
            reporter.duration = time.monotonic() - context.started_at_s  # Its own sum leaves out rules.
            if context.known:
                listed = "".join(f"  {one}\n" for one in context.known)
                reporter.stream.write(f"\nKnown issues, which do not turn the run red:\n{listed}\n")
        if context.folder is not None:
            _close_folder(context, passed=whole)
        if context.aborted and context.reasons:
            # Behave would say of it that it was the user's doing.
            context._runner.aborted = False
            context._runner.hook_failures += 1


def _see_that_something_was_run(context: Context) -> None:
    """A run whose scenarios were all skipped has shown nothing, and is not green."""
    begun = context.scenarios
    skipped = [scenario.skip_reason for scenario in begun if scenario.status is Status.skipped]
    if begun and len(skipped) == len(begun) and not context.aborted and not may_be_empty(context.config):
        raise EnvironmentBroken(all_were_skipped(skipped))


def _close_folder(context: Context, *, passed: bool) -> None:
    """Record what came of the run, and say where its results are."""
    interrupted = context.lost or (context.aborted and not context.reasons)
    red = context.aborted or context._runner.hook_failures or any(one.status.has_failed() for one in context.features)
    try:
        context.folder.end(
            State.INTERRUPTED if interrupted else State.ENDED,
            scenarios=Counter(scenario.status.name for scenario in context.scenarios),
            passed=passed and not red,
        )
    except EnvironmentBroken:
        if not context.lost:
            raise
    for reporter in _summaries(context):
        reporter.stream.write("".join(f"\n{lost}\n" for lost in context.lost))
        reporter.stream.write(f"\nResults: {context.folder.path}\n")


def _summaries(context: Context) -> list[SummaryReporter]:
    return [reporter for reporter in context.config.reporters if isinstance(reporter, SummaryReporter)]

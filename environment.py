"""Behave's hooks: they open and close what a run and a scenario work with, and hand everything on to the report.

On `context` the steps find `run` (the environment), `case` (the scenario's ledger), `report`, and what earlier steps
kept:

- what is asked: `configuration`, `configurations`, `parameters`, `task_id`, `window` (of time), `recordings`,
  `documents`, `gateway`
- what came of it: `attempts`, `exchanges` and `exchange`, `refusal`, `because_of`, `failure`, `cancellation`
- jobs: `job`, `jobs`, `first_job`, `other_job`, `abandoned`, and of the present one `waterfall` and `region`
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path

from behave.model import Feature, Scenario, Step
from behave.reporter.summary import SummaryReporter
from behave.runner import Context

import steps.parameter_types  # noqa: F401 - makes the domain's types known before the steps are read
import support.behave_forms  # noqa: F401 - makes behave read feature files of any form, and write any text
from support import known_issues
from support.allure_report import AllureReport
from support.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.profile import ROOT, read_profile, variable_of
from support.provider import provide
from support.terminal import accept_any_text

accept_any_text()

ENVIRONMENT_BROKEN = "the environment is broken, see the message of the last scenario"

# Added to every scenario, so that what it does not state is checked without being asked for, and is seen to be.
CLOSING_STEPS = ("nothing else has changed", "nothing is left behind")
STILL_KNOWN = "the known issue still shows"


def before_all(context: Context) -> None:
    """Find the environment and see that it is healthy; without it no scenario is run."""
    context.config.setup_logging(level=logging.WARNING)
    # It logs what it also raises, queues that are asked for and not there included.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    context.started_at_s = time.monotonic()
    context.run = context.report = None
    context.known = []
    for reporter in _summaries(context):
        reporter.scenario_summary[known_issues.KNOWN.name] = 0  # It counts steps of that status, but not scenarios.
    name = context.config.userdata.get("profile") or os.environ.get("FOCUS_PROFILE") or "local"
    try:
        profile = read_profile(name)
        provided = provide(profile)
        # Only now: loading the drivers takes about as long as the environment does, so they go side by side.
        from support.run import Run

        context.run = Run.start(profile, provided)
    except (SettingsError, EnvironmentBroken) as error:
        # The setting itself may be what is wrong; the variable that overrides it can be read all the same.
        directory = os.environ.get(variable_of(("reports", "directory")), "reports")
        context.report = AllureReport(_emptied(ROOT / directory), context.config, test_case_url=None)
        context.report.run_error(str(error))
        context.abort(reason=str(error))
        return
    settings = context.run.settings
    context.report = AllureReport(
        _emptied(ROOT / settings.reports.directory), context.config, test_case_url=settings.reports.test_case_url
    )
    context.report.environment({"Profile": profile.name, **context.run.description()})


def before_feature(context: Context, feature: Feature) -> None:
    """Open the feature in the report."""
    context.report.start_feature(feature)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Open the scenario's ledger; when the environment is gone, the run ends here."""
    context.report.start_scenario(scenario)
    context.case = None
    try:
        context.case = context.run.open_case(
            lambda found: context.report.attach(found.name, found.body, found.media_type)
        )
    except EnvironmentBroken:
        context.abort(reason=ENVIRONMENT_BROKEN)
        raise
    closing = [*CLOSING_STEPS, *([STILL_KNOWN] if known_issues.keys_of(scenario.effective_tags) else [])]
    scenario.steps.extend(Step(scenario.filename, scenario.line, "And", "then", words) for words in closing)


def before_step(context: Context, step: Step) -> None:
    """Open the step in the report."""
    context.report.start_step(step)


def after_step(context: Context, step: Step) -> None:
    """Close the step in the report; a failure that is known ends the scenario, but does not fail it."""
    scenario = context.scenario
    keys = known_issues.keys_of(scenario.effective_tags)
    if step.name not in (CLOSING_STEPS[-1], STILL_KNOWN) and known_issues.explains(keys, step.exception):
        scenario.skip()  # Its other steps; it looks at this one, and knows no status but those of behave itself.
        step.status = known_issues.KNOWN
        step.error_message = known_issues.shown(keys, str(step.exception))
        context.known.append(f"{', '.join(keys)}  {scenario.location}  {scenario.name}")
    context.report.stop_step(step)


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Clean up what a scenario left that failed half way, keep what was said, and close the report's result."""
    if any(step.status is known_issues.KNOWN for step in scenario.all_steps):
        scenario.set_status(known_issues.KNOWN)
    try:
        if context.case is not None:
            _close(context, scenario)
    finally:
        context.report.stop_scenario(scenario)


def _close(context: Context, scenario: Scenario) -> None:
    """Clean up where the closing steps were not reached; a red scenario keeps its own verdict."""
    red = scenario.status.has_failed()
    if red or scenario.status is known_issues.KNOWN:
        context.case.keep_server_log()
    try:
        context.case.leave_nothing_behind()
    except EnvironmentBroken:
        if reason := _reason_to_end(context):
            context.abort(reason=reason)
        raise
    except ExpectationFailed as failure:
        if not red:
            raise
        context.report.attach("clean-up failed, too", str(failure), "text")
        print(f"Clean-up failed, too: {failure}")
    finally:
        context.run.close_case(context.case, scenario.name)


def _reason_to_end(context: Context) -> str | None:
    """Why no scenario can follow on one whose clean-up the environment broke; None when one can."""
    try:
        # Over what stays disturbed, all that follow would be told as failures of the product.
        context.case.disturbances.undo()
    except EnvironmentBroken as error:
        return str(error)
    return None if context.run.is_healthy() else ENVIRONMENT_BROKEN


def after_feature(context: Context, feature: Feature) -> None:
    """Close the feature in the report."""
    context.report.stop_feature(feature)


def after_all(context: Context) -> None:
    """Say what is known to fail, and give the environment back."""
    try:
        if context.run is not None and not context.aborted:
            context.run.look_once_more()
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


def _summaries(context: Context) -> list[SummaryReporter]:
    return [reporter for reporter in context.config.reporters if isinstance(reporter, SummaryReporter)]


def _emptied(reports: Path) -> Path:
    """The directory of the results, without those of an earlier run."""
    results = reports / "allure-results"
    shutil.rmtree(results, ignore_errors=True)
    return results

"""A project of generated short scenarios: they calculate, wait for nothing, and all pass.

Any runner for behave can run it. `HOOKS` has the ways to write Allure results: with the report of this suite, with the
hooks of allure-behave, or without hooks, for runners that have a formatter for it.
"""

from __future__ import annotations

from pathlib import Path

A_FEATURE = 20
"""How many scenarios a feature has."""

RESULTS = "allure-results"

_STEPS = '''"""Steps that calculate."""

from behave import given, then, when


@given("the number {number:d}")
def step_number(context, number):
    context.number = number


@when("{number:d} is added")
def step_added(context, number):
    context.number += number


@then("the sum is {number:d}")
def step_sum(context, number):
    assert context.number == number, f"expected {number}, seen {context.number}"
'''

_OWN_REPORT = '''"""Hooks that write Allure results with the report of the suite, in one process and in workers."""

from pathlib import Path
from types import SimpleNamespace

import support.runner.behave_files
from support.evidence.allure_report import AllureReport
from support.runner.run_folder import RunFolder
from support.runner.run_state import RunState


def before_all(context):
    folder = RunFolder.make(Path("reports"), profile="generated", command=[])
    report = AllureReport(folder.results, context.config, context._runner.features, test_case_url=None)
    context.run_state = RunState(folder=folder, report=report)


def before_worker(context):
    context.run_state.run = SimpleNamespace(description=dict, settings=SimpleNamespace(secrets=list))


def before_feature(context, feature):
    context.run_state.report.start_feature(feature)


def before_scenario(context, scenario):
    context.run_state.report.start_scenario(scenario)


def before_step(context, step):
    context.run_state.report.start_step(step)


def after_step(context, step):
    context.run_state.report.stop_step(step)


def after_scenario(context, scenario):
    context.run_state.report.stop_scenario(scenario)


def after_feature(context, feature):
    context.run_state.report.stop_feature(feature)


def after_worker(context):
    context.run_state.report.close()


def after_all(context):
    context.run_state.report.close()
'''

_ALLURE_HOOKS = f'''"""Hooks that write Allure results with those of allure-behave."""

from allure_behave.hooks import allure_report

allure_report("{RESULTS}")
'''

HOOKS = {"own report": _OWN_REPORT, "allure hooks": _ALLURE_HOOKS, "none": ""}


def write_project(directory: Path, scenarios: int, hooks: str) -> None:
    """Write a project of so many scenarios, with the hooks of that name, into a directory."""
    features, steps = directory / "features", directory / "features" / "steps"
    steps.mkdir(parents=True)
    (steps / "calculation_steps.py").write_text(_STEPS, encoding="utf-8")
    (features / "environment.py").write_text(HOOKS[hooks], encoding="utf-8")
    for first in range(0, scenarios, A_FEATURE):
        numbers = range(first, min(first + A_FEATURE, scenarios))
        text = "\n".join([f"Feature: Sums from {first}\n", *map(_scenario, numbers)])
        (features / f"sums_{first:05d}.feature").write_text(text, encoding="utf-8")


def _scenario(number: int) -> str:
    return (
        f"  Scenario: Sum {number}\n"
        f"    Given the number {number}\n"
        f"    When 2 is added\n"
        f"    Then the sum is {number + 2}\n"
    )


def results_in(directory: Path) -> int:
    """How many results of scenarios are in the Allure results below a directory."""
    return sum(1 for _ in directory.rglob("*-result.json"))

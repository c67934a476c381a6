"""Ctrl-C at any moment of a scenario: what it has made is removed all the same."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.runner.interruption import ending_scenarios_in_order

ROOT = Path(__file__).parents[2]

# The hooks do of the suite's what this needs; `at` says where Ctrl-C is pressed.
ENVIRONMENT = """
import signal
from pathlib import Path
from types import SimpleNamespace
from support.runner.run_folder import RunFolder
from support.runner.run_state import RunState

def press(context, where):
    if context.config.userdata["at"] == where:
        signal.raise_signal(signal.SIGINT)

def log(context, words):
    with open("log", "a") as file:
        file.write(words + "\\n")

def before_all(context):
    context.run_state = RunState(folder=RunFolder.make(Path("reports"), profile="made-up", command=[]))
    context.run_state.profile = SimpleNamespace(name="made-up")
    context.run_state.endpoints = [{}, {}]

def before_worker(context):
    settings = SimpleNamespace(secrets=lambda: [])
    context.run_state.run = SimpleNamespace(description=lambda: {}, settings=settings)

def after_worker(context):
    log(context, "after_worker")

def before_scenario(context, scenario):
    log(context, f"open {scenario.name}")
    press(context, f"before {scenario.name}")

def before_step(context, step):
    if context.aborted:
        raise KeyboardInterrupt
    press(context, f"before {step.name}")
    log(context, step.name)

def after_step(context, step):
    press(context, f"after {step.name}")

def after_scenario(context, scenario):
    press(context, f"after {scenario.name}")
    log(context, f"close {scenario.name}")
"""

STEPS = """
import signal
from behave import step

@step("the {ordinal} step")
def one(context, ordinal):
    if context.config.userdata["at"] == f"in the {ordinal} step":
        signal.raise_signal(signal.SIGINT)
    with open("log", "a") as file:
        file.write(f"end of the {ordinal} step\\n")
"""

FEATURE = """
Feature: F
  Scenario: one
    When the first step
    When the second step

  Scenario: two
    When the first step
    When the second step
"""

FIRST = ["the first step", "end of the first step"]
SECOND = ["the second step", "end of the second step"]


@pytest.fixture
def log_of(tmp_path):
    (tmp_path / "steps").mkdir()
    for name, text in {"environment.py": ENVIRONMENT, "steps/steps.py": STEPS, "f.feature": FEATURE}.items():
        (tmp_path / name).write_text(text)

    def run(at, jobs):
        options = ["--runner", "support.runner.jobs:Runner", "--jobs", jobs, "-D", f"at={at}"]
        run = subprocess.run(
            ["env", "--default-signal=INT", sys.executable, "-m", "behave", *options],
            cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert run.returncode == 1, run.stdout + run.stderr
        assert "ABORTED: By user." in run.stdout
        assert "Traceback" not in run.stdout + run.stderr
        assert "has died" not in run.stdout
        return (tmp_path / "log").read_text().splitlines()

    return run


@pytest.mark.parametrize(
    ("at", "done"),
    [
        ("before one", []),
        ("before the first step", FIRST),
        ("in the first step", FIRST[:1]),
        ("after the first step", FIRST),
        ("after the second step", [*FIRST, *SECOND]),
        ("after one", [*FIRST, *SECOND]),
    ],
)
def test_the_scenario_is_closed_and_no_other_is_run(log_of, at, done):
    lines = log_of(at, jobs="1")
    until = len(done) + 2
    assert lines[:until] == ["open one", *done, "close one"]
    # Behave calls the hooks of the rest of the feature, too, where what was interrupted had not failed.
    assert lines[until:] in ([], ["open two", "close two"])


@pytest.mark.parametrize(
    "at", ["before one", "before the first step", "in the first step", "after the second step", "after one"]
)
def test_a_worker_closes_its_scenario(log_of, at):
    lines = log_of(at, jobs="2")
    assert lines.count("open one") == lines.count("close one") == 1
    assert lines.count("open two") == lines.count("close two")
    assert lines.count("after_worker") == 2


@pytest.mark.usefixtures("heeding_interrupts")
def test_the_second_time_it_is_raised_where_it_comes():
    ended = []

    def closes():
        signal.raise_signal(signal.SIGINT)
        assert ended == [True]
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), ending_scenarios_in_order(closes.__code__, lambda: ended.append(True)):
        closes()


@pytest.mark.usefixtures("heeding_interrupts")
def test_what_is_outside_is_interrupted_at_once():
    def put_off():
        pytest.fail("it was put off")

    with pytest.raises(KeyboardInterrupt), ending_scenarios_in_order((lambda: None).__code__, put_off):
        signal.raise_signal(signal.SIGINT)

"""Where a run leaves its results: in a folder of its own, from wherever and however often it is started."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reporting.results import read_results
from support.core.files import ROOT
from support.runner.run_folder import RunFolder
from support.runner.run_record import State, read_record
from tests.acceptance.running import behave

HEALTH = "features/health/health_check.feature"


@pytest.mark.parametrize(
    ("cwd", "path"),
    [("features/health", "health_check.feature:9"), ("docs", f"../{HEALTH}:9"), ("/", f"{ROOT}/{HEALTH}:9")],
)
def test_the_working_directory_makes_no_difference(variables, tmp_path, cwd, path):
    # Found by its path, as the command of the virtual environment is.
    ran = behave(("--junit", path), variables | {"PYTHONPATH": str(ROOT)}, tmp_path, cwd=ROOT / cwd)
    assert ran.status == 0, ran.printed
    (result,) = read_results(ran.results).results
    assert str(result.place) == f"{HEALTH}:9"
    junit = ran.results.with_name("junit")
    assert [file.name for file in junit.iterdir()] == ["TESTS-features.health.health_check.xml"]
    assert "Scenario: The health check over TLS" not in ran.printed  # What was not selected is not shown.
    assert not (ROOT / cwd / "reports").exists()


def test_two_runs_at_once_and_one_of_nothing_leave_each_other_alone(variables, tmp_path):
    def start(*arguments, name):
        command = [sys.executable, "-m", "behave", *arguments]
        own = {**variables, "FOCUS_RUN": name}
        return subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    runs = {
        "one": start(f"{HEALTH}:9", name="one"),
        "two": start(f"{HEALTH}:78", name="two"),
        "none": start("--tags=@smoek", name="none"),
    }
    printed = {name: run.communicate(timeout=100)[0] for name, run in runs.items()}
    statuses = {name: run.returncode for name, run in runs.items()}
    assert statuses == {"one": 0, "two": 0, "none": 1}, printed
    found = {name: read_results(tmp_path / "runs" / name / "allure-results") for name in runs}
    assert {name: [str(one.place) for one in run.results] for name, run in found.items()} == {
        "one": [f"{HEALTH}:9"],
        "two": [f"{HEALTH}:78"],
        "none": [],
    }
    assert re.search(r"is it .*@smoke", printed["none"])
    assert re.search(r"is it .*@smoke", found["none"].errors[0])
    records = {name: read_record(tmp_path / "runs" / name) for name in runs}
    assert {name: (record.state, record.passed) for name, record in records.items()} == {
        "one": (State.ENDED, True),
        "two": (State.ENDED, True),
        "none": (State.ENDED, False),
    }
    assert records["one"].scenarios == {"passed": 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_has_not_ended(feature, variables, tmp_path, number):
    path = feature("Given a running job", "Then the side effects are those of 2 jobs")
    # On a busy machine neither may end the scenario before the signal comes.
    limits = {"FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "60", "FOCUS__TIME_LIMITS__EFFECT_APPEARS_S": "60"}
    patient = variables | limits | {"FOCUS_RUN": "cut-short"}
    process = subprocess.Popen(
        # A shell that starts the tests in its background has them ignore Ctrl-C, which would be inherited.
        ["env", "--default-signal=INT", sys.executable, "-m", "behave", path],
        cwd=ROOT,
        env=patient,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    limit = time.monotonic() + 30
    while not any("created" in journal.read_text() for journal in (tmp_path / "journals").glob("*")):
        assert time.monotonic() < limit
        assert process.poll() is None
        time.sleep(0.02)
    folder = tmp_path / "runs" / "cut-short"
    assert read_record(folder).state is State.RUNNING
    process.send_signal(number)
    assert process.wait(60) != 0
    assert read_record(folder).state is State.INTERRUPTED
    assert not (tmp_path / "latest").exists()
    environment = {**os.environ, "FOCUS__REPORTS__DIRECTORY": str(tmp_path)}
    traced = subprocess.run(
        [sys.executable, "-m", "reporting", "traceability"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert traced.stdout.startswith("Run cut-short of "), traced.stderr
    assert json.loads((folder / "traceability.json").read_text())["totals"]["by_state"].get("passed", 0) == 0
    if number is signal.SIGKILL:
        subprocess.run([sys.executable, "-m", "support.scenario.sweeping"], cwd=ROOT, env=variables, check=True)


def test_a_directory_where_no_folder_can_be_made_stops_the_run_with_one_message(variables, tmp_path):
    Path(tmp_path, "in-the-way").touch()
    directory = {"FOCUS__REPORTS__DIRECTORY": str(tmp_path / "in-the-way")}
    ran = behave(("--tags=@smoke",), variables | directory, tmp_path)
    assert ran.status == 1
    assert ran.printed.count("in-the-way is no directory: move it away") == 1
    assert "Traceback" not in ran.printed
    assert {status for status, *_ in ran.scenarios.values()} <= {"untested"}


def test_a_mistyped_tag_is_told_once_by_make_too_and_nothing_is_made_of_an_earlier_run(tmp_path):
    earlier = RunFolder.make(tmp_path, profile="local", command=[])
    Path(earlier.results, "of-an-earlier-run-result.json").touch()
    earlier.end(State.ENDED, scenarios={"passed": 1}, passed=True)
    made = subprocess.run(
        [
            "make",
            "-o",
            "installed",
            "-o",
            "broker",
            f"BIN={Path(sys.executable).parent}",
            "acceptance",
            "ARGS=--tags=@smoek",
        ],
        cwd=ROOT,
        env={**os.environ, "MAKEFLAGS": "", "FOCUS__REPORTS__DIRECTORY": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert made.returncode == 2, made.stdout
    assert made.stdout.count("selected none of") == 1
    assert re.search(r"is it .*@smoke", made.stdout)
    assert earlier.record.name not in made.stdout
    folder = (tmp_path / "latest").resolve()
    assert read_record(folder).passed is False
    assert sorted(path.name for path in folder.iterdir()) == ["allure-results", "run.json", "run.lock"]


def test_a_run_whose_own_broker_crashes_says_so_and_leaves_nothing(new_sandboxes, wait_for, tmp_path):
    """Erlang writes a crash dump then, into the working directory unless it is told another."""
    sandboxes = new_sandboxes()
    before = set(os.listdir(ROOT))
    own = {"FOCUS__REPORTS__DIRECTORY": str(tmp_path), "FOCUS__JOURNALS": str(tmp_path / "journals")}
    with subprocess.Popen(
        [sys.executable, "-m", "behave", "features/job_lifecycle"],
        cwd=ROOT,
        env=sandboxes.environment | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        journals = tmp_path / "journals"
        wait_for(lambda: any("created" in journal.read_text() for journal in journals.glob("*")), 60)
        (broker,) = sandboxes.named("beam.smp")
        broker.send_signal(signal.SIGUSR1)
        printed, _ = run.communicate(timeout=100)
    assert run.returncode == 1, printed
    assert printed.count("rabbitmq has ended") == 1, printed
    assert sandboxes.left_at_last() == []
    assert set(os.listdir(ROOT)) - before <= {"reports", ".run"}

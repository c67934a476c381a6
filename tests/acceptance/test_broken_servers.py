"""The suite is run against servers that each have one defect: the right scenario must fail and name the fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Shorter than in the profile: here the limits are what is waited for.
LIMITS = {
    "FOCUS__TIME_LIMITS__EFFECT_APPEARS_S": "2.5",
    "FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "1.5",
    "FOCUS__TIME_LIMITS__EFFECT_DISAPPEARS_S": "2.5",
    "FOCUS__TIME_LIMITS__POLL_INTERVAL_S": "0.02",
    "FOCUS__TIME_LIMITS__SETTLING_S": "0.3",
    "FOCUS__TIME_LIMITS__CLOCK_TOLERANCE_S": "0",
}

CREATED = "A live job with every parameter set"
CANCELLED = "A running job is cancelled"
ONE_SENSOR = "A single sensor's view of several sensors is refused and launches nothing"
REFUSED = "A job with nothing to transform is refused and launches nothing"


@pytest.fixture(scope="module")
def endpoints(sandbox_endpoints, tmp_path_factory):
    file = tmp_path_factory.mktemp("endpoints") / "endpoints.json"
    file.write_text(json.dumps(sandbox_endpoints))
    return sandbox_endpoints, file


@pytest.fixture
def defective_server(endpoints):
    """Starts a server with a defect on the infrastructure of the sandbox, and gives its address."""
    tree, _ = endpoints
    processes = []

    def start(defect):
        settings = {
            "FOCUS_SERVER_PORT": "0",
            "FOCUS_SERVER_MONGODB_URI": tree["mongodb"]["uri"],
            "FOCUS_SERVER_MONGODB_DATABASE": tree["mongodb"]["database"],
            "FOCUS_SERVER_RABBITMQ_URL": tree["rabbitmq"]["url"],
            "FOCUS_SERVER_KUBECONFIG": tree["kubernetes"]["kubeconfig"],
            "FOCUS_SERVER_NAMESPACE": tree["kubernetes"]["namespace"],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.defective_server", defect],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(process)
        word, address = process.stdout.readline().split()
        assert word == "ready"
        return address

    yield start
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture
def run_behave(endpoints, tmp_path):
    """Runs behave on the sandbox, against another server if one is named; the outcome of each scenario by name."""

    def run(*arguments, base_url=None, **variables):
        _, file = endpoints
        settings = {"FOCUS_PROFILE": str(file), "FOCUS__REPORTS__DIRECTORY": str(tmp_path), **LIMITS, **variables}
        settings["FOCUS__JOURNALS"] = str(tmp_path / "journals")
        if base_url:
            settings["FOCUS__FOCUS_SERVER__BASE_URL"] = base_url
        output = tmp_path / "behave.json"
        process = subprocess.run(
            [sys.executable, "-m", "behave", "-f", "json", "-o", str(output), *arguments],
            cwd=ROOT,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=100,
        )
        return process, outcomes(json.loads(output.read_text()))

    return run


def outcomes(features):
    """Of each scenario that ran: its status, and the first step that failed with its message."""
    found = {}
    for feature in features:
        for element in feature.get("elements", []):
            if element["type"] != "scenario" or element["status"] in ("skipped", "untested"):
                continue
            failed = [
                (step["name"], "\n".join(step["result"].get("error_message", [])))
                for step in element["steps"]
                if step.get("result", {}).get("status") in ("failed", "error")
            ]
            found[element["name"].split(" -- @")[0]] = (element["status"], *(failed[0] if failed else (None, "")))
    return found


def test_without_a_defect_all_is_green(run_behave, defective_server, endpoints):
    process, seen = run_behave()
    assert {status for status, *_ in seen.values()} == {"passed"}, process.stdout
    assert process.returncode == 0
    assert {CREATED, CANCELLED, ONE_SENSOR, REFUSED} <= set(seen)


@pytest.mark.parametrize(
    ("defect", "scenario", "step", "message"),
    [
        ("task_not_written", CREATED, "the record of the job is complete", "there are 0 records instead of 1"),
        ("task_written_twice", CREATED, "the side effects are", "task record: +2 instead of +1"),
        (
            "configuration_changed_on_its_way",
            CREATED,
            "its analyzer runs with its configuration",
            "configuration of the analyzer.nfftSelection is '1024' instead of 1024",
        ),
        ("queue_without_consumer", CREATED, "its work queue is served by one consumer", "it has 0 consumers instead"),
        (
            "consumer_that_takes_and_never_acknowledges",
            CREATED,
            "its work queue is served by one consumer",
            "the message was taken, but never acknowledged",
        ),
        (
            "wrong_image",
            CREATED,
            "its analyzer runs with its configuration",
            "the image of the analyzer is baby-analyzer:previous instead of baby-analyzer:latest",
        ),
        (
            "pod_never_running",
            CREATED,
            "its analyzer runs with its configuration",
            "the analyzer pod is Pending instead of Running",
        ),
        ("empty_status", CREATED, "the job is accepted", "status is '' instead of 'configured'"),
        (
            "single_channel_takes_a_range",
            ONE_SENSOR,
            "the request is refused because of the sensor range",
            "the status is 200 instead of 400 or 422",
        ),
        ("cancel_does_not_find_a_running_job", CANCELLED, "the cancelling is confirmed", "404"),
        ("queue_leaked_after_cancel", CANCELLED, "only the record of the job remains", "is still there"),
        (
            "refused_request_launches_an_analyzer",
            REFUSED,
            "nothing else has changed",
            "analyzer: +1 instead of +0; new: baby-analyzer-job-",
        ),
        (
            "refused_request_launches_an_analyzer_later",
            REFUSED,
            "nothing else has changed",
            "analyzer: +1 instead of +0; new: baby-analyzer-job-",
        ),
    ],
)
def test_a_defect_turns_the_right_scenario_red(run_behave, defective_server, defect, scenario, step, message):
    process, seen = run_behave("--name", scenario.split(" <")[0], base_url=defective_server(defect))
    status, failed_step, error = seen[scenario]
    assert (status, failed_step) == ("failed", step), process.stdout
    assert message in error
    assert process.returncode == 1

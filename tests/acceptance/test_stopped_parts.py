"""Scenarios that stop parts: where they are refused, and that what they stopped is there again after them."""

import signal
import subprocess
import sys
import time

import pytest

from support.core.files import ROOT
from support.observers.kubernetes_api import Namespace
from support.observers.workloads import PATHS, state_of
from support.profile.profile import read_profile

PART = "deployment/stand-in"
STOPPED = "When the recorder is scaled to zero"
WAITS = "Then the side effects are those of 1 jobs"  # which there are not


@pytest.fixture(scope="module")
def part(endpoints_file):
    """A part in a namespace of its own; gives how it is at present."""
    labels = {"app": "stand-in"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "part", "image": "part:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    kubernetes = read_profile(str(endpoints_file)).settings().kubernetes
    name = f"{kubernetes.namespace}-parts"
    namespace = Namespace(kubernetes.model_copy(update={"namespace": name}))
    namespace.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stand-in"}, "spec": spec}
    namespace.create(PATHS["deployment"], deployment)
    yield lambda: state_of(namespace, PART)
    namespace.close()


@pytest.fixture
def disposable(endpoints, part):
    """The settings by which that part may be stopped."""
    return {
        "FOCUS__WORKLOADS__DISPOSABLE": "true",
        "FOCUS__WORKLOADS__NAMESPACE": f"{endpoints['kubernetes']['namespace']}-parts",
        "FOCUS__WORKLOADS__RECORDER": PART,
    }


def test_where_parts_may_not_be_stopped_no_such_scenario_is_begun(run_behave, feature):
    ran = run_behave(feature("Given a running job", STOPPED, tags="@disruptive"))
    assert ran.status == 1
    assert ran.statuses == {"skipped": 1}
    assert "workloads.disposable is not set" in ran.printed
    assert list(ran.results.glob("*-attachment.*")) == []  # Nothing was asked of the server.


def test_a_part_that_is_not_named_is_not_touched(run_behave, feature, disposable, part):
    del disposable["FOCUS__WORKLOADS__RECORDER"]
    ran = run_behave(feature(STOPPED, tags="@disruptive"), **disposable)
    assert ran.statuses == {"skipped": 1}
    assert "workloads.recorder is not set" in ran.printed
    assert part().wanted == 1


def test_what_was_stopped_is_started_again_though_a_step_fails(run_behave, feature, disposable, part):
    (before,) = part().pods
    ran = run_behave(feature(STOPPED, WAITS, tags="@disruptive"), **disposable)
    assert ran.scenarios["Of the test"].status == "failed", ran.printed
    assert "Clean-up failed" not in ran.printed
    (after,) = part().pods
    assert (part().ready, after.uid != before.uid) == (1, True)


@pytest.fixture
def started(feature, disposable, part, variables):
    """A run that has stopped the part, and waits."""
    patient = variables | disposable | {"FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "60"}
    # A shell that starts the tests in its background has them ignore Ctrl-C, which would be inherited.
    command = [
        "env",
        "--default-signal=INT",
        sys.executable,
        "-m",
        "behave",
        feature(STOPPED, WAITS, tags="@disruptive"),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=patient, stdout=subprocess.DEVNULL) as process:
        limit = time.monotonic() + 30
        while part().wanted or part().pods:
            assert time.monotonic() < limit
            assert process.poll() is None
            time.sleep(0.05)
        yield process


def test_what_was_stopped_is_started_again_after_ctrl_c(started, part):
    started.send_signal(signal.SIGINT)
    assert started.wait(30) == 1
    assert (part().wanted, part().ready) == (1, 1)


def test_what_a_killed_run_has_stopped_the_next_starts_before_all_else(started, run_behave, disposable, part, tmp_path):
    started.kill()
    started.wait()
    ran = run_behave("features/health/health_check.feature:9", **disposable)
    assert ran.status == 0, ran.printed
    assert "The part that a killed run had disturbed is there: recorder" in ran.printed
    assert (part().wanted, part().ready) == (1, 1)
    assert list((tmp_path / "journals").iterdir()) == []


def test_a_job_that_was_made_before_its_part_was_killed_is_told_as_broken(run_behave, feature, disposable, part):
    disposable["FOCUS__WORKLOADS__FOCUS_SERVER"] = PART  # The stand-in is killed, and the server makes the job.
    given = ("Given a live configuration with every parameter set", "And RabbitMQ takes its time to answer")
    killed = "When the job is requested, and the Focus Server is killed once its record shows"
    ran = run_behave(feature(*given, killed, tags="@disruptive"), **disposable)
    assert ran.scenarios["Of the test"].status == "error", ran.printed
    assert "the job was made before Focus Server was killed" in ran.printed

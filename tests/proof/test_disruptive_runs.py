"""Proofs with scenarios that stop parts of the product: which sandbox each gets, and what came of those not run."""

import json
import threading
from collections import Counter
from pathlib import Path

import pytest

from proof import disruptive_runs
from proof.behave_runs import BehaveRun, ScenarioOutcome
from proof.catalogue import Entry, Expectation
from proof.detection import Detection
from sandbox.defects import DEFECTS

RESTARTED, STEP = "RabbitMQ is restarted", "the same request is accepted within the promised time"
DEFECT = DEFECTS["never_reconnects_to_rabbitmq"]
RED = ScenarioOutcome("failed", STEP, "expected it\nRabbitMQ is not available")


class Runs:
    """Runs of behave: what was asked for (the command of the sandbox), and what comes of each scenario."""

    def __init__(self):
        self.commands, self.outcomes, self.beside = [], {}, threading.Barrier(1)

    def run(self, arguments, variables, place, limit_s):
        self.beside.wait(5)
        profile = json.loads(Path(variables["FOCUS_PROFILE"]).read_text())
        self.commands.append(profile["provider"]["command"][2:])
        return BehaveRun(1, "printed", dict(self.outcomes), Counter(), place)


@pytest.fixture
def runs(monkeypatch):
    runs = Runs()
    monkeypatch.setattr(disruptive_runs, "run_behave", runs.run)
    return runs


def test_a_baseline_is_one_run_in_a_sandbox_without_a_defect(runs):
    runs.outcomes = {RESTARTED: ScenarioOutcome("passed"), "MongoDB is restarted": RED}
    steps = []
    names = [RESTARTED, "MongoDB is restarted", "the Focus Server is restarted"]
    red = disruptive_runs.baseline(names, lambda: steps.append("one"))
    assert red == {
        "MongoDB is restarted": RED,
        "the Focus Server is restarted": ScenarioOutcome("not run", None, "printed"),
    }
    assert runs.commands == [["sandbox", "lease", "--workloads"]]
    assert len(steps) == 3


def test_with_a_defect_each_scenario_has_a_sandbox_with_that_to_itself(runs):
    runs.outcomes = {RESTARTED: RED}
    lines = tuple(
        Expectation(DEFECT.name, ("PZ-14721",), name, STEP, "RabbitMQ is not available")
        for name in (RESTARTED, "RabbitMQ is stopped, and comes back")
    )
    (outcome,) = disruptive_runs.with_defects([Entry(DEFECT, lines)], lambda: None)
    assert [one.detection for one in outcome.expectations] == [Detection.CAUGHT, Detection.BROKEN]
    assert runs.commands == [["sandbox", "lease", "--workloads", "--defect", DEFECT.name]] * 2


def test_two_run_side_by_side_and_their_order_stays(runs):
    runs.outcomes, runs.beside = {RESTARTED: RED}, threading.Barrier(2)
    defects = [DEFECT, DEFECTS["no_time_limit_for_rabbitmq"]]
    lines = [Expectation(one.name, ("PZ-14721",), RESTARTED, STEP, "RabbitMQ is not available") for one in defects]
    entries = [Entry(one, (line,)) for one, line in zip(defects, lines, strict=True)]
    assert [one.entry for one in disruptive_runs.with_defects(entries, lambda: None)] == entries

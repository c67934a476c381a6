"""`make history`, as its user calls it."""

import json
import os
import subprocess
import sys

import pytest
from histories import STARTED, create
from typer.testing import CliRunner

from consistency import __main__ as command
from consistency.result import Result
from consistency.schedule import decisions_of
from consistency.timeline import Moment, Told
from support.contract.limits import Limits
from support.core.files import ROOT
from tests.elsewhere import ON_ANOTHER_MACHINE

OPERATIONS, CLIENTS = 24, 3
ON_A_LEASE = '[provider]\ncommand = ["{python}", "-m", "sandbox", "lease"]\n'


def check(variables, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "consistency", "run", *arguments],
        cwd=ROOT,
        env=variables,
        text=True,
        capture_output=True,
        timeout=110,
    )


@pytest.fixture
def variables_for(tmp_path):
    def make(profile, **more):
        return {
            **os.environ,
            **more,
            "PYTHONPATH": str(ROOT),
            "FOCUS_PROFILE": str(profile),
            "FOCUS__REPORTS__DIRECTORY": str(tmp_path),
        }

    return make


def test_a_history_on_the_sandbox_holds_and_follows_the_decisions_of_its_seed(warm_sandbox, variables_for, tmp_path):
    profile = tmp_path / "lease.toml"
    profile.write_text(ON_A_LEASE)
    variables = variables_for(profile, **warm_sandbox.environment)
    run = check(variables, "--seed", "5", "--operations", str(OPERATIONS), "--clients", str(CLIENTS))
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Every promise was kept." in run.stdout
    assert f"make history SEED=5 OPERATIONS={OPERATIONS} CLIENTS={CLIENTS}" in run.stdout
    (kept,) = (tmp_path / "history").glob("*.json")
    result = Result.model_validate_json(kept.read_text("utf-8"))
    assert kept.with_suffix(".html").exists()
    assert result.disturbed, "a fault was there"
    for client in range(CLIENTS):
        done = [one for one in result.operations if one.client == str(client)]
        decided = decisions_of(5, client, CLIENTS, OPERATIONS // CLIENTS, Limits())
        assert [(one.kind, one.payload) for one in done] == [(one.kind, one.payload) for one in decided]
    afterwards = [one for one in result.operations if one.client == "after"]
    assert [one.kind for one in afterwards[:2]] == ["create", "cancel"]
    assert afterwards[-1].kind == "look"


def test_an_environment_that_is_not_disposable_is_refused(variables_for, tmp_path):
    profile = tmp_path / "elsewhere.json"
    profile.write_text(json.dumps(ON_ANOTHER_MACHINE), "utf-8")
    run = check(variables_for(profile), "--seed", "5")
    assert run.returncode == 2
    assert "workloads.disposable is not set" in run.stderr


def test_a_violation_is_printed_with_its_timeline_kept_and_ends_with_status_1(monkeypatch, tmp_path):
    def found(profile, plan, say):
        moments = [
            Moment(at_s=1, until_s=2, who="client 0", what="create :ok"),
            Moment(at_s=1.5, who="MongoDB", what="cut"),
        ]
        told = Told(promise="an acknowledged job is not whole", problem="no record", job_id="job_1", timeline=moments)
        return Result(
            seed=plan.seed,
            wanted=plan.operations,
            clients=plan.clients,
            environment="local",
            started=STARTED,
            took_s=3,
            replay=plan.replay,
            operations=[create()],
            disturbed=[],
            violations=[told],
        )

    monkeypatch.setattr(command, "check_history", found)
    monkeypatch.setenv("FOCUS__REPORTS__DIRECTORY", str(tmp_path))
    run = CliRunner().invoke(command.app, ["run", "--operations", "10", "--defect", "some_defect"])
    assert run.exit_code == 1
    assert "Not kept: an acknowledged job is not whole, job_1: no record" in run.output
    assert "1.000 s to    2.000 s  client 0      create :ok" in run.output
    seed = run.output.split("Seed ")[1].split(".")[0]
    assert f'make history SEED={seed} OPERATIONS=10 CLIENTS=4 ARGS="--defect some_defect"' in run.output
    (kept,) = (tmp_path / "history").glob("*.json")
    assert json.loads(kept.read_text("utf-8"))["violations"][0]["job_id"] == "job_1"
    assert "no record" in kept.with_suffix(".html").read_text("utf-8")

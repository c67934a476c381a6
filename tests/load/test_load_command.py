"""`make load` on the sandbox, as its user calls it."""

import json
import os
import subprocess
import sys
from subprocess import PIPE

import psutil
import pytest

from load.run import free_port
from support.core.files import ROOT
from tests.elsewhere import ON_ANOTHER_MACHINE

SECONDS = 3


def put_under_load(variables, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "load", *arguments], cwd=ROOT, env=variables, text=True, capture_output=True, timeout=110
    )


@pytest.fixture
def variables(warm_sandbox, tmp_path):
    return {**warm_sandbox.environment, "PYTHONPATH": str(ROOT), "FOCUS__REPORTS__DIRECTORY": str(tmp_path)}


def result_of(directory):
    (kept,) = (directory / "load").glob("*.json")
    return json.loads(kept.read_text("utf-8"))


@pytest.mark.parametrize("workers", [0, 2], ids=["one process", "a master and two workers"])
def test_one_process_and_workers_under_a_master_send_the_same_load(variables, tmp_path, workers):
    """Steady has three jobs a second: each is sent once, acknowledged, looked at, cancelled and gone."""
    run = put_under_load(variables, "run", "steady", "--seconds", str(SECONDS), "--workers", str(workers))
    assert "Kept in" in run.stdout, run.stdout + run.stderr
    result = result_of(tmp_path)
    of_jobs = [problem for problem in result["problems"] if "load." not in problem]
    assert of_jobs == [], "limits aside, which a busy machine may pass"
    assert (result["acknowledged"], result["whole"]) == (3 * SECONDS, 3 * SECONDS)
    kinds = [sample["kind"] for sample in result["samples"]]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(
        ("create", "metadata", "rows", "cancel"), 3 * SECONDS
    )
    assert sum(generator["requested"] for generator in result["generators"]) == 3 * SECONDS
    assert len(result["generators"]) == max(1, workers)
    assert all(generator["cpu_shares"] for generator in result["generators"])
    assert result["server"], "the server's CPU and memory"
    (of_allure,) = (tmp_path / "load/allure-results").glob("*-result.json")
    assert json.loads(of_allure.read_text("utf-8"))["name"] == "Load: steady"
    assert [one for one in psutil.Process().children(recursive=True) if "load.engine" in " ".join(one.cmdline())] == []


def load(variables, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "load", *arguments], cwd=ROOT, env=variables, text=True, stdout=PIPE, stderr=PIPE
    )


def test_workers_of_other_machines_send_the_load_of_a_master(variables, sandbox_endpoints, tmp_path):
    """Here these machines are processes, which know the environment by a profile of their own."""
    profile, port = tmp_path / "environment.json", free_port()
    profile.write_text(json.dumps(sandbox_endpoints), "utf-8")
    variables["FOCUS_PROFILE"] = str(profile)
    workers = [load(variables, "worker", f"127.0.0.1:{port}") for _ in range(2)]
    listening = ("--workers", "2", "--listen", f"127.0.0.1:{port}")
    run = put_under_load(variables, "run", "steady", "--seconds", str(SECONDS), *listening)
    assert "Kept in" in run.stdout, run.stdout + run.stderr
    assert f"Waiting for 2 workers at 127.0.0.1:{port}" in run.stdout
    result = result_of(tmp_path)
    assert (result["acknowledged"], result["whole"]) == (3 * SECONDS, 3 * SECONDS)
    assert len(result["generators"]) == 2
    assert [worker.wait(20) for worker in workers] == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "steady", "--listen", "127.0.0.1:5557"), "--workers"),
        (("run", "steady", "--workers", "1", "--listen", "5557"), "'5557' is not HOST:PORT"),
        (("worker", "127.0.0.1:5557"), "this one has a provider"),
    ],
)
def test_what_cannot_be_done_on_many_machines_is_told(variables, arguments, said):
    run = put_under_load({**variables, "COLUMNS": "200"}, *arguments)
    assert run.returncode == 2
    assert said in run.stderr, run.stderr


def test_a_server_that_is_not_on_this_machine_is_not_touched(variables, tmp_path):
    profile = tmp_path / "elsewhere.json"
    profile.write_text(json.dumps(ON_ANOTHER_MACHINE), "utf-8")
    run = put_under_load({**variables, "FOCUS_PROFILE": str(profile)}, "run", "steady")
    assert run.returncode == 2
    assert "the profile does not allow load (load.allowed)" in run.stderr
    worker = put_under_load({**variables, "FOCUS_PROFILE": str(profile)}, "worker", "127.0.0.1:5557")
    assert worker.returncode == 2
    assert "the profile does not allow load (load.allowed)" in worker.stderr


def test_the_suite_and_its_reports_never_load_the_engine():
    """Locust changes sockets and threads of the process that imports it."""
    loading = "import environment, sys, load.run, load.__main__, support.runner.jobs; from steps import scenario_state"
    checked = f"{loading}; assert not {{'gevent', 'locust'}} & set(sys.modules), 'the engine was loaded'"
    run = subprocess.run(
        [sys.executable, "-c", checked],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert not {"gevent", "locust"} & set(sys.modules)

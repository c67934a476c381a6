"""The suite side by side and in shards, on the sandbox."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack

import psutil
import pytest

from proof.processes import journals_in, variables_of
from reporting.results import read_results
from support.core.files import ROOT
from tests.acceptance.running import LIMITS, behave

SMOKE = ("--tags=@smoke", "--junit")


@pytest.fixture(scope="module")
def for_each_job(leased, tmp_path_factory):
    """A profile whose provider has an environment for each job, up to three."""
    with ExitStack() as leases:
        endpoints = [leases.enter_context(leased()) for _ in range(3)]
        provides = "import json, sys; print(json.dumps(json.load(open(sys.argv[1]))[:int(sys.argv[2])]), flush=True)"
        folder = tmp_path_factory.mktemp("jobs")
        (folder / "endpoints.json").write_text(json.dumps(endpoints))
        command = ["{python}", "-c", f"{provides}; sys.stdin.read()", str(folder / "endpoints.json"), "{jobs}"]
        (folder / "profile.json").write_text(json.dumps({"provider": {"command": command}}))
        yield folder / "profile.json"


@pytest.fixture
def own_environments(for_each_job, tmp_path):
    return {**os.environ, **variables_of(for_each_job, tmp_path, LIMITS)}


def ids(results):
    return Counter((result.history_id, result.status) for result in results)


def read_all(place):
    return {run.name: read_results(run / "allure-results").results for run in sorted((place / "runs").iterdir())}


def test_workers_with_environments_of_their_own_come_to_the_same_as_one_process(own_environments, tmp_path):
    together = behave(("--jobs", "3", *SMOKE), own_environments, tmp_path)
    assert together.status == 0, together.printed
    alone = behave(SMOKE, own_environments, tmp_path)
    assert alone.status == 0, alone.printed
    first, second = read_all(tmp_path).values()
    assert ids(first) == ids(second)
    assert len(first) == 20
    written = (tmp_path / "latest" / "allure-results" / "environment.properties").read_text()
    assert "the run's alone" in written.replace("\\", "")


def test_workers_in_one_environment_tell_their_jobs_apart_and_give_way_to_what_must_be_alone(variables, tmp_path):
    which = ("features/job_creation/refusing_a_job.feature", "features/errors")
    ran = behave(("--jobs", "3", *which), variables, tmp_path)
    assert ran.status == 0, ran.printed
    (results,) = read_all(tmp_path).values()
    assert Counter(result.status for result in results) == {"passed": len(results)}  # Nothing was skipped.


def test_shards_are_disjoint_and_together_the_whole(variables, tmp_path):
    some = "features/errors"
    for number in (1, 2, 3):
        ran = behave((some, "-D", f"shard={number}/3"), variables, tmp_path)
        assert ran.status == 0, ran.printed
    whole = behave((some,), variables, tmp_path)
    assert whole.status == 0
    *shards, everything = read_all(tmp_path).values()
    assert ids(everything) == sum((ids(shard) for shard in shards), Counter())
    records = [json.loads((run / "run.json").read_text()) for run in sorted((tmp_path / "runs").iterdir())]
    assert [record["shard"] for record in records] == ["1/3", "2/3", "3/3", None]


def test_a_shard_without_any_of_the_scenarios_is_green_and_says_so(variables, tmp_path):
    runs = [
        behave(("features/health/health_check.feature:9", "-D", f"shard={number}/2"), variables, tmp_path)
        for number in (1, 2)
    ]
    assert [run.status for run in runs] == [0, 0]
    said = "None of the scenarios that were asked for is in the shard"
    assert sum(said in run.printed for run in runs) == 1


def test_a_provider_with_fewer_environments_than_jobs_is_told(tmp_path):
    script = "import sys; print('[{}, {}]', flush=True); sys.stdin.read()"
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"provider": {"command": ["{python}", "-c", script]}}))
    variables = {**os.environ, **variables_of(profile, tmp_path, LIMITS)}
    ran = behave(("--jobs", "3", "--tags=@smoke"), variables, tmp_path)
    assert ran.status == 1
    assert "made 2 environments for 3 jobs; expected 3 or 1" in ran.printed


def test_a_shard_that_cannot_be_is_told(variables, tmp_path):
    ran = behave(("-D", "shard=9/8"), variables, tmp_path)
    assert ran.status == 1
    assert "from 1/8 to 8/8" in ran.printed


def test_several_jobs_of_another_runner_are_refused_with_what_to_do(variables, tmp_path):
    path = str(ROOT / "features/health/health_check.feature")
    ran = behave(("--jobs", "2", path), variables | {"PYTHONPATH": str(ROOT)}, tmp_path, cwd=ROOT / "docs")
    assert ran.status == 1
    assert "--runner support.runner.jobs:Runner" in ran.printed
    again = ("--runner", "support.runner.jobs:Runner", "--jobs", "2", f"{path}:9", f"{path}:78")
    ran = behave(again, variables | {"PYTHONPATH": str(ROOT)}, tmp_path, cwd=ROOT / "docs")
    assert ran.status == 0, ran.printed


def started(variables, place, *arguments):
    behave_itself = [sys.executable, "-m", "behave"]
    # A shell that starts the tests in its background has them ignore Ctrl-C, which would be inherited.
    command = ["env", "--default-signal=INT", *behave_itself, "--no-color", "-f", "plain", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=ROOT, env=variables, text=True, **pipes)
    deadline = time.monotonic() + 60
    results = place / "runs"
    while len(list(results.glob("*/allure-results/*-result.json"))) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    workers = [one for one in psutil.Process(process.pid).children() if one.cmdline()[:3] == behave_itself]
    return process, workers


CREATING = "features/job_creation/creating_a_job.feature"


def test_what_a_killed_worker_left_is_removed_and_the_rest_goes_on(variables, tmp_path, stores):
    process, workers = started(variables, tmp_path, "--jobs", "2", CREATING)
    workers[0].kill()
    printed = process.communicate(timeout=100)[0]
    assert process.returncode == 1, printed
    assert printed.count("The worker of this scenario has died (process") == 1
    assert "killed by SIGKILL" in printed
    assert "1 error" in printed
    assert not list(journals_in(tmp_path).glob("*.jsonl"))
    assert not stores.analyzers.jobs().items


def test_ctrl_c_leaves_nothing_behind(variables, tmp_path, stores):
    process, workers = started(variables, tmp_path, "--jobs", "2", CREATING)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 1, printed
    assert not any(worker.is_running() for worker in workers)
    (record,) = [json.loads(path.read_text()) for path in (tmp_path / "runs").glob("*/run.json")]
    assert record["state"] == "interrupted"
    assert not list(journals_in(tmp_path).glob("*.jsonl")), printed
    assert not stores.analyzers.jobs().items

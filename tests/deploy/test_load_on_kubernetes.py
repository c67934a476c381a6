"""The Jobs that put a server under load: they find each other, and what their pods run is a command there is."""

import json
import subprocess
import sys

import pytest

from support.core.files import ROOT
from tests.elsewhere import ON_ANOTHER_MACHINE


@pytest.fixture
def load(manifests):
    found = manifests("load.yaml")
    (service,) = [one for one in found if one["kind"] == "Service"]
    return {"service": service} | {one["metadata"]["name"]: one for one in found if one["kind"] == "Job"}


def test_the_workers_find_the_master(load):
    service, master, workers = load["service"], load["load-master-1"], load["load-workers-1"]
    assert service["spec"]["selector"].items() <= master["spec"]["template"]["metadata"]["labels"].items()
    (port,) = service["spec"]["ports"]
    (listens,) = master["spec"]["template"]["spec"]["containers"]
    (sends,) = workers["spec"]["template"]["spec"]["containers"]
    assert listens["command"][-1] == f"0.0.0.0:{port['port']}"
    assert sends["command"][-1] == f"{service['metadata']['name']}:{port['port']}"


def test_the_master_waits_for_as_many_as_there_are(load):
    command = load["load-master-1"]["spec"]["template"]["spec"]["containers"][0]["command"]
    workers = load["load-workers-1"]["spec"]
    assert command[command.index("--workers") + 1] == str(workers["completions"]) == str(workers["parallelism"])


@pytest.mark.parametrize("job", ["load-master-1", "load-workers-1"])
def test_a_pod_runs_a_command_that_there_is(load, tmp_path, job):
    """On a server that may not be put under load, so that it ends there."""
    (tmp_path / "elsewhere.json").write_text(json.dumps(ON_ANOTHER_MACHINE))
    python, *arguments = load[job]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert python == ".venv/bin/python"
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"FOCUS_PROFILE": str(tmp_path / "elsewhere.json"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, "does not allow load (load.allowed)" in run.stderr) == (2, True), run.stderr

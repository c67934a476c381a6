"""Running behave on the sandbox of the session, as a user would, and reading what came of it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.profile import read_profile
from support.stores import Stores

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


@dataclass(frozen=True)
class Ran:
    """A run of behave: its exit status, what it printed, and of each scenario its status and first failing step."""

    status: int
    printed: str
    scenarios: dict[str, tuple[str, str | None, str]]
    results: Path


@pytest.fixture(scope="module")
def endpoints(leased):
    """A tenant for each module: defective servers leave their traces in theirs."""
    with leased() as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def endpoints_file(endpoints, tmp_path_factory):
    file = tmp_path_factory.mktemp("endpoints") / "endpoints.json"
    file.write_text(json.dumps(endpoints))
    return file


@pytest.fixture
def stores(endpoints_file):
    """The test's own look into the three stores."""
    stores = Stores.connect(read_profile(str(endpoints_file)).settings())
    yield stores
    stores.close()


@pytest.fixture
def variables(endpoints_file, tmp_path):
    return (
        os.environ
        | LIMITS
        | {
            "FOCUS_PROFILE": str(endpoints_file),
            "FOCUS__REPORTS__DIRECTORY": str(tmp_path),
            "FOCUS__JOURNALS": str(tmp_path / "journals"),
        }
    )


@pytest.fixture
def run_behave(variables, tmp_path):
    """Runs behave on the sandbox; keyword arguments are further environment variables."""

    def run(*arguments, **more):
        output = tmp_path / "behave.json"
        output.unlink(missing_ok=True)
        process = subprocess.run(
            [sys.executable, "-m", "behave", "-f", "json", "-o", str(output), "-f", "plain", *arguments],
            cwd=ROOT,
            env=variables | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )
        text = output.read_text() if output.exists() else ""
        return Ran(process.returncode, process.stdout, outcomes(json.loads(text or "[]")), tmp_path / "allure-results")

    return run


@pytest.fixture
def feature(tmp_path):
    """Writes a feature of the test's own, to be run with the suite's steps and hooks; gives its path."""

    def write(*lines):
        project = tmp_path / "project"
        (project / "features").mkdir(parents=True)
        for name in ("steps", "environment.py"):
            (project / name).symlink_to(ROOT / name)
        path = project / "features" / "own.feature"
        path.write_text(
            "\n".join(["Feature: Of the test", "  Scenario: Of the test", *(f"    {line}" for line in lines)])
        )
        return str(path)

    return write


@pytest.fixture
def defective_server(endpoints):
    """Starts a server with a defect on the infrastructure of the sandbox, and gives its address."""
    tree = endpoints
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

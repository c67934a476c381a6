"""Runs of behave, and servers with a defect for them.

A run as a user has it takes two seconds of a processor, nearly all of it to load what it needs, and so does a server.
For the many runs against defective servers both are forked from a process that has loaded everything.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from behave.parser import parse_file

ROOT = Path(__file__).parents[2]
RUN_LIMIT_S = 100

# Shorter than in the profile: here the limits are what is waited for.
LIMITS = {
    "FOCUS__TIME_LIMITS__EFFECT_APPEARS_S": "2.5",
    "FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "1.5",
    "FOCUS__TIME_LIMITS__EFFECT_DISAPPEARS_S": "2.5",
    "FOCUS__TIME_LIMITS__ROWS_APPEAR_S": "2.5",
    "FOCUS__TIME_LIMITS__PLAYBACK_ENDS_S": "2.5",
    "FOCUS__TIME_LIMITS__POLL_INTERVAL_S": "0.02",
    "FOCUS__TIME_LIMITS__SETTLING_S": "0.3",
    "FOCUS__TIME_LIMITS__CLOCK_TOLERANCE_S": "0",
}

# A defect shows at once, or is waited for in vain.
QUICK = LIMITS | {"FOCUS__TIME_LIMITS__SETTLING_S": "0.2", "FOCUS__TIME_LIMITS__POLL_INTERVAL_S": "0.04"}

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "pytest",  # Whatever is the parent's main module is loaded by each of them.
        "behave.__main__",
        "behave.formatter.json",
        "behave.formatter.plain",
        "support.allure_report",
        "support.observers.stream",
        "support.figures",
        "support.run",
        "sandbox.defects",
    ]
)


@dataclass(frozen=True)
class Ran:
    """A run of behave: its exit status, what it printed, and of each scenario its status and first failing step.

    `statuses` counts all scenarios that were begun, those that skip themselves as well.
    """

    status: int
    printed: str
    scenarios: dict[str, tuple[str, str | None, str]]
    statuses: Counter[str]
    results: Path


class Caught(NamedTuple):
    """Which scenario must turn red for a defect, at which step, and what its message must hold."""

    defect: str
    scenario: str
    step: str
    message: str


def caught(step: str, message: str, rows: Iterable[tuple[str, str]]) -> list[Caught]:
    """Rows of one step and message, each of a defect and a scenario."""
    return [Caught(defect, scenario, step, message) for defect, scenario in rows]


@cache
def _features() -> dict[str, list[str]]:
    """By the name of a scenario the features that have one."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.glob("features/**/*.feature")):
        for scenario in parse_file(str(path)).walk_scenarios():
            found.setdefault(scenario.name.split(" -- @")[0], []).append(str(path))
    return found


@cache
def steps_of(scenario: str) -> set[str]:
    """The steps of the scenarios of exactly this name; none where there is no such scenario."""
    parsed = (one for path in _features().get(scenario, ()) for one in parse_file(path).walk_scenarios())
    return {step.name for one in parsed if one.name.split(" -- @")[0] == scenario for step in one.steps}


def only(scenario: str) -> tuple[str, ...]:
    """The arguments for behave that select scenarios of exactly this name, and spare it the other features."""
    return (*dict.fromkeys(_features()[scenario]), "--name", f"^{re.escape(scenario)}( -- @|$)")


def variables(endpoints_file: Path, place: Path, limits: Mapping[str, str] = LIMITS) -> dict[str, str]:
    """The environment of a run on a tenant that keeps everything in one directory."""
    own = {
        "FOCUS_PROFILE": str(endpoints_file),
        "FOCUS__REPORTS__DIRECTORY": str(place),
        "FOCUS__JOURNALS": str(place / "journals"),
    }
    return {**os.environ, **limits, **own}


def behave(arguments: tuple[str, ...], variables: Mapping[str, str], place: Path, limit_s: float = RUN_LIMIT_S) -> Ran:
    """Run behave as a user does."""
    process = subprocess.run(
        [sys.executable, "-m", "behave", *_options(place), *arguments],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit_s,
    )
    return _ran(process.returncode, process.stdout, place)


def behave_forked(arguments: tuple[str, ...], variables: Mapping[str, str], place: Path) -> Ran:
    """Run behave in a process that has loaded it."""
    printed = place / "printed.txt"
    options = [*_options(place), *arguments]
    process = _FORKS.Process(target=_behave, args=(options, dict(variables), str(printed)))
    process.start()
    process.join(RUN_LIMIT_S)
    if process.exitcode is None:
        process.kill()
        process.join()
    return _ran(process.exitcode or 0, printed.read_text(), place)


@contextmanager
def serving(defect: str, endpoints: Mapping[str, Any], place: Path) -> Iterator[dict[str, str]]:
    """A server with a defect on the stores of a tenant, beside the tenant's own; what a run needs to find it."""
    log = str(place / "server.log")
    authority = Path(endpoints["focus_server"]["ca_file"])
    settings = {
        "PORT": "0",
        "STREAM_PORT": "0",
        "TLS_CERT_FILE": str(authority.with_name("server.pem")),
        "TLS_KEY_FILE": str(authority.with_name("server.key")),
        "MONGODB_URI": endpoints["mongodb"]["server_uri"],
        "MONGODB_DATABASE": endpoints["mongodb"]["database"],
        "RABBITMQ_URL": endpoints["rabbitmq"]["url"],
        "KUBECONFIG": endpoints["kubernetes"]["kubeconfig"],
        "NAMESPACE": endpoints["kubernetes"]["namespace"],
    }
    said, says = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_serve, args=(defect, settings, log, says))
    process.start()
    says.close()
    try:
        with os.fdopen(os.dup(said.fileno())) as output:
            told = dict(line.split() for line in (output.readline(), output.readline()) if line)
        assert {"streams", "ready"} <= set(told), Path(log).read_text()
        yield {
            "FOCUS__FOCUS_SERVER__BASE_URL": told["ready"],
            "FOCUS__FOCUS_SERVER__LOG_FILE": log,
            "FOCUS__ANSWERS__STREAM_PORT": told["streams"],
        }
    finally:
        said.close()
        process.terminate()
        process.join(10)


def _behave(arguments: list[str], variables: dict[str, str], printed: str) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(variables)
    _write_to(printed, 1, 2)
    from behave.__main__ import main

    sys.exit(main(arguments))


def _serve(defect: str, settings: dict[str, str], log: str, says: Connection) -> None:
    from sandbox.defects import serve_with

    os.environ.update({f"FOCUS_SERVER_{name}": value for name, value in settings.items()})
    _write_to(log, 2)
    os.dup2(says.fileno(), 1)
    says.close()
    serve_with(defect)


def _write_to(file: str, *descriptors: int) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in descriptors:
        os.dup2(opened, descriptor)
    os.close(opened)


def _options(place: Path) -> list[str]:
    output = place / "behave.json"
    output.unlink(missing_ok=True)
    return ["-f", "json", "-o", str(output), "-f", "plain"]


def _ran(status: int, printed: str, place: Path) -> Ran:
    output = place / "behave.json"
    features = json.loads(output.read_text() or "[]") if output.exists() else []
    scenarios = [
        element for feature in features for element in feature.get("elements", []) if element["type"] == "scenario"
    ]
    statuses = Counter(scenario["status"] for scenario in scenarios)
    return Ran(status, printed, _outcomes(scenarios), statuses, place / "allure-results")


def _outcomes(scenarios: list[dict[str, Any]]) -> dict[str, tuple[str, str | None, str]]:
    """Of each scenario that ran: its status, and the first step that failed with its message.

    Of two that have one name it is the one that failed.
    """
    found: dict[str, tuple[str, str | None, str]] = {}
    for scenario in scenarios:
        name = scenario["name"].split(" -- @")[0]
        if scenario["status"] in ("skipped", "untested") or found.get(name, ("passed",))[0] != "passed":
            continue
        failed = [
            (step["name"], _text(step["result"].get("error_message", "")))
            for step in scenario["steps"]
            if step.get("result", {}).get("status") in ("failed", "error")
        ]
        found[name] = (scenario["status"], *(failed[0] if failed else (None, "")))
    return found


def _text(message: str | list[str]) -> str:
    return message if isinstance(message, str) else "\n".join(message)

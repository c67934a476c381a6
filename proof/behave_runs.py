"""The outcome of a run of behave, read from its JSON report."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from support.runner.run_folder import LATEST


class ScenarioOutcome(NamedTuple):
    """The outcome of one scenario: behave's status, and the first failed step with its message, if there is one."""

    status: str
    step: str | None = None
    message: str = ""


@dataclass(frozen=True)
class BehaveRun:
    """A run of behave: its exit status, its output, and the outcome of each scenario that ran, by its name.

    `statuses` counts all scenarios that began, including those that skipped themselves. `results` are Allure's.
    """

    status: int
    printed: str
    scenarios: dict[str, ScenarioOutcome]
    statuses: Counter[str]
    results: Path


def report_options(place: Path) -> list[str]:
    """The options for behave that `read_run` needs."""
    output = place / "behave.json"
    output.unlink(missing_ok=True)
    return ["--no-capture", "-f", "json", "-o", str(output), "-f", "plain"]


def read_run(status: int, printed: str, place: Path) -> BehaveRun:
    """Read the outcome of a run with `report_options(place)`."""
    output = place / "behave.json"
    text = output.read_text("utf-8") if output.exists() else ""
    # A run that was killed has not closed its list.
    features = json.loads(text if text.rstrip().endswith("]") else "[]")
    scenarios = [scenario for feature in features for scenario in _scenarios(feature.get("elements", []))]
    statuses = Counter(scenario["status"] for scenario in scenarios)
    return BehaveRun(status, printed, _outcomes(scenarios), statuses, place / LATEST / "allure-results")


def _scenarios(elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scenarios among the elements of a feature, each with its status.

    Where a rule with a background follows a scenario, behave writes the status of that to the background.
    """
    found: list[dict[str, Any]] = []
    for element in elements:
        if element["type"] == "scenario":
            found.append(element)
        elif element.get("status") and found[-1]["status"] is None:
            found[-1]["status"] = element["status"]
    return found


def name_of(scenario: str) -> str:
    """The name of a scenario without the mark of the example that it is made of."""
    return scenario.split(" -- @")[0]


def _outcomes(scenarios: list[dict[str, Any]]) -> dict[str, ScenarioOutcome]:
    """The outcomes by name; of several scenarios with one name, that of the failed one."""
    found: dict[str, ScenarioOutcome] = {}
    for scenario in scenarios:
        name = name_of(scenario["name"])
        if (
            scenario["status"] in ("skipped", "untested")
            or found.get(name, ScenarioOutcome("passed")).status != "passed"
        ):
            continue
        failed = [
            (step["name"], _text(step["result"].get("error_message", "")))
            for step in scenario["steps"]
            if step.get("result", {}).get("status") in ("failed", "error")
        ]
        found[name] = ScenarioOutcome(scenario["status"], *(failed[0] if failed else ()))
    return found


def _text(message: str | list[str]) -> str:
    return message if isinstance(message, str) else "\n".join(message)

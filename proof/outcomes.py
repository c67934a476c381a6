"""What came of a run of behave, as its JSON report tells it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from support.runner.run_folder import LATEST


class Outcome(NamedTuple):
    """What came of one scenario: behave's status, and the step that failed first with its message, if one did."""

    status: str
    step: str | None = None
    message: str = ""


@dataclass(frozen=True)
class Ran:
    """A run of behave: its exit status, what it printed, and what came of each scenario that ran, by its name.

    `statuses` counts all scenarios that were begun, those that skip themselves as well. `results` are Allure's.
    """

    status: int
    printed: str
    scenarios: dict[str, Outcome]
    statuses: Counter[str]
    results: Path


def reporting_to(place: Path) -> list[str]:
    """The options for behave with which `ran` can read what came of the run."""
    output = place / "behave.json"
    output.unlink(missing_ok=True)
    return ["--no-capture", "-f", "json", "-o", str(output), "-f", "plain"]


def ran(status: int, printed: str, place: Path) -> Ran:
    """Read what came of a run with `reporting_to(place)`."""
    output = place / "behave.json"
    text = output.read_text("utf-8") if output.exists() else ""
    # A run that was killed has not closed its list.
    features = json.loads(text if text.rstrip().endswith("]") else "[]")
    scenarios = [
        element for feature in features for element in feature.get("elements", []) if element["type"] == "scenario"
    ]
    statuses = Counter(scenario["status"] for scenario in scenarios)
    return Ran(status, printed, _outcomes(scenarios), statuses, place / LATEST / "allure-results")


def name_of(scenario: str) -> str:
    """The name of a scenario without the mark of the example that it is made of."""
    return scenario.split(" -- @")[0]


def _outcomes(scenarios: list[dict[str, Any]]) -> dict[str, Outcome]:
    """Of two that have one name it is the one that failed."""
    found: dict[str, Outcome] = {}
    for scenario in scenarios:
        name = name_of(scenario["name"])
        if scenario["status"] in ("skipped", "untested") or found.get(name, Outcome("passed")).status != "passed":
            continue
        failed = [
            (step["name"], _text(step["result"].get("error_message", "")))
            for step in scenario["steps"]
            if step.get("result", {}).get("status") in ("failed", "error")
        ]
        found[name] = Outcome(scenario["status"], *(failed[0] if failed else ()))
    return found


def _text(message: str | list[str]) -> str:
    return message if isinstance(message, str) else "\n".join(message)

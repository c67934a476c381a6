"""Runs of the scenarios that stop parts of the product, in sandboxes of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from proof.behave_runs import ScenarioOutcome
from proof.catalogue import Entry
from proof.detection import DefectOutcome, outcome_of
from proof.features import selecting
from proof.forks import private_directory
from proof.processes import run_behave, variables_of
from proof.progress import Advance

_SANDBOX_LIMIT_S = 90
_SCENARIO_LIMIT_S = 60
_SIDE_BY_SIDE = 2  # Their sandboxes start parts again and again, which keeps cores busy.
_LEASE = ("{python}", "-m", "sandbox", "lease", "--workloads")

# A defect that shows at all shows before that; without one, all is there in a second.
_PACE = {
    "FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "5",
    "FOCUS__TIME_LIMITS__EFFECT_DISAPPEARS_S": "3",
    "FOCUS__TIME_LIMITS__RECOVERED_S": "6",
}


def run(defect: str | None, names: Collection[str]) -> dict[str, ScenarioOutcome]:
    """The outcomes of these scenarios, by their names, in a sandbox whose server has the defect, or none."""
    command = [*_LEASE, *(["--defect", defect] if defect else [])]
    with TemporaryDirectory(dir=private_directory()) as directory:
        place = Path(directory)
        profile = place / "profile.json"
        profile.write_text(json.dumps({"provider": {"command": command, "ready_within_s": _SANDBOX_LIMIT_S}}), "utf-8")
        limit_s = _SANDBOX_LIMIT_S + _SCENARIO_LIMIT_S * len(names)
        ran = run_behave(selecting(names), variables_of(profile, place, _PACE), place, limit_s)
        missing = {name: ScenarioOutcome("not run", None, ran.printed) for name in names if name not in ran.scenarios}
        return {**ran.scenarios, **missing}


def baseline(names: Sequence[str], progress: Advance) -> dict[str, ScenarioOutcome]:
    """Run these scenarios without a defect; returns those that were not green, by their names."""
    found = run(None, names)
    for _ in names:
        progress()
    return {name: outcome for name, outcome in found.items() if outcome.status != "passed"}


def with_defects(entries: Sequence[Entry], progress: Advance) -> list[DefectOutcome]:
    """Run for each defect the scenarios that must catch it, two at a time; in the order of the entries.

    Each has a sandbox to itself: a server that is of no use after one of them would fail the next at its beginning.
    """
    found = []
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as workers:
        try:
            begun = [
                (entry, [workers.submit(run, entry.defect.name, [name]) for name in entry.scenarios])
                for entry in entries
            ]
            for entry, runs in begun:
                outcomes = {name: outcome for one in runs for name, outcome in one.result().items()}
                found.append(outcome_of(entry, outcomes))
                progress()
        finally:
            workers.shutdown(cancel_futures=True)
    return found

"""How long scenarios take: what a scenario is known by from run to run, and the files that keep its duration, s.

`reports/durations.json` has those of the last runs on this machine, which the order of a run with several jobs follows.
`config/durations.json` is kept with the features, since what belongs to which shard must be the same on all machines.
The order follows it, too, for what this machine has not run yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from behave.model_type import Status

from support.core.files import ROOT, write_whole
from support.runner.containers import rule_of

KEPT_WITH_THE_FEATURES = ROOT / "config" / "durations.json"
OF_THE_LAST_RUNS = "durations.json"


def key_of(scenario: Any) -> str:
    """What a scenario is known by, wherever the checkout is and wherever in its file the scenario stands."""
    rule, path = rule_of(scenario), "/".join(Path(scenario.filename).parts[-2:])
    return " > ".join(filter(None, (path, rule and rule.name, scenario.name)))


def read_durations(path: Path) -> dict[str, float]:
    """The durations in a file, s, by key; none if there is no such file, or it cannot be read as one."""
    try:
        found = json.loads(path.read_bytes())
        return {key: float(value) for key, value in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(path: Path, scenarios: Iterable[Any]) -> None:
    """Keep how long those of these scenarios took that passed, beside what the file has of others; raises OSError."""
    took = {key_of(scenario): round(scenario.duration, 3) for scenario in scenarios if scenario.status is Status.passed}
    content = json.dumps(dict(sorted({**read_durations(path), **took}.items())), indent=0, ensure_ascii=False)
    write_whole(path, f"{content}\n".encode())


def longest_first(scenarios: Iterable[Any], durations: Mapping[str, float]) -> list[Any]:
    """The scenarios, the longest first; one of unknown duration counts as the median of the known ones."""
    typical = _typical(durations)
    return sorted(scenarios, key=lambda scenario: -durations.get(key_of(scenario), typical))


def share_of(some: Iterable[Any], others: Iterable[Any], durations: Mapping[str, float]) -> float:
    """How much of the time of all these scenarios `some` take, 0 to 1.

    The unknown count as for `longest_first`; where none is known, each counts alike.
    """
    typical = _typical(durations) or 1.0
    took, others_took = (
        sum(durations.get(key_of(scenario), typical) for scenario in scenarios) for scenarios in (some, others)
    )
    return took / (took + others_took) if took else 0.0


def _typical(durations: Mapping[str, float]) -> float:
    known = sorted(durations.values())
    return known[len(known) // 2] if known else 0.0

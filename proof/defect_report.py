"""The matrix of what was caught by what, for people (`defects.html`) and for programs (`defects.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.behave_runs import ScenarioOutcome
from proof.detection import DefectOutcome, keys_seen_red
from proof.features import scenarios
from support.core.characters import allowed
from support.evidence.kept import page_of


@dataclass(frozen=True)
class Proof:
    """The results of a proof: what was red in the baseline runs, and the outcome of each defect.

    Test cases that no defect turned red are a problem only of a `whole` proof.
    """

    red_before: Mapping[str, ScenarioOutcome]
    outcomes: Sequence[DefectOutcome]
    red_after: Mapping[str, ScenarioOutcome]
    matrix_s: float
    exempt: Mapping[str, str]
    whole: bool

    @property
    def problems(self) -> list[str]:
        """List everything that makes the proof fail."""
        problems = [
            f"red without any defect, {when}: {name} ({_where(outcome)})"
            for when, red in (("before", self.red_before), ("after", self.red_after))
            for name, outcome in red.items()
        ]
        for outcome in self.outcomes:
            problems += [
                f"{outcome.entry.defect.name}: {one.detection} by {' '.join(one.expected.keys)}, "
                f"{one.expected.scenario} ({_where(one.outcome)})"
                for one in outcome.expectations
                if one.detection != "caught"
            ]
            if outcome.noticed_by:
                problems.append(f"{outcome.entry.defect.name}: noticed only by {', '.join(outcome.noticed_by)}")
        return problems + (self.gaps if self.whole else [])

    @property
    def keys_seen_red(self) -> list[str]:
        """Test cases that caught something."""
        return sorted(keys_seen_red(self.outcomes) - {"extra"})

    @property
    def gaps(self) -> list[str]:
        """List the test cases that the whole catalogue leaves out: of a part of it this says nothing."""
        unproven = set(self.keys_never_red) - set(self.exempt)
        proven = set(self.exempt) & set(self.keys_seen_red)
        return [f"{key} has caught nothing, and no reason is given" for key in sorted(unproven)] + [
            f"{key} is exempt, and has caught something" for key in sorted(proven)
        ]

    @property
    def keys_never_red(self) -> list[str]:
        """Automated test cases that caught nothing."""
        automated = {key for scenario in scenarios().values() for key in scenario.keys}
        return sorted(automated.difference(self.keys_seen_red))


def by_area(outcomes: Sequence[DefectOutcome]) -> dict[str, list[DefectOutcome]]:
    """The outcomes by the area of their defects, in their order."""
    found: dict[str, list[DefectOutcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.entry.defect.area, []).append(outcome)
    return found


def write(proof: Proof, directory: Path) -> tuple[Path, Path]:
    """Write both into a directory; gives their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    html, data = directory / "defects.html", directory / "defects.json"
    data.write_text(allowed(json.dumps(as_json(proof), indent=2, ensure_ascii=False)) + "\n", "utf-8")
    template = Path(__file__).with_name("defects.html.j2")
    html.write_text(page_of(template, proof=proof, areas=by_area(proof.outcomes)), "utf-8")
    return html, data


def as_json(proof: Proof) -> dict[str, Any]:
    """The proof as data: totals, and each defect with the scenarios that should catch it and their outcomes."""
    return {
        "defects": len(proof.outcomes),
        "caught": sum(outcome.caught for outcome in proof.outcomes),
        "matrix_s": round(proof.matrix_s, 1),
        "keys_seen_red": proof.keys_seen_red,
        "keys_never_red": proof.keys_never_red,
        "problems": proof.problems,
        "matrix": [
            {
                "defect": outcome.entry.defect.name,
                "area": outcome.entry.defect.area,
                "summary": outcome.entry.defect.summary,
                "impact": outcome.entry.defect.impact,
                "caught": outcome.caught,
                "noticed_by": list(outcome.noticed_by),
                "by": [
                    {
                        "keys": list(one.expected.keys),
                        "scenario": one.expected.scenario,
                        "result": str(one.detection),
                        "failed_step": one.outcome.step,
                        "message": one.outcome.message,
                    }
                    for one in outcome.expectations
                ],
            }
            for outcome in proof.outcomes
        ],
    }


def _where(outcome: ScenarioOutcome) -> str:
    if outcome.step is None:
        return outcome.status
    return f"{outcome.status} at '{outcome.step}': {' '.join(outcome.message.split())[:300]}"

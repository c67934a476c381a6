"""The matrix of what was caught by what, for people (`defects.html`) and for programs (`defects.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from proof.features import scenarios
from proof.outcomes import Outcome
from proof.verdicts import Verdict, keys_seen_red
from support.core.characters import allowed


@dataclass(frozen=True)
class Proof:
    """What came of a proof: of the runs without a defect what was red, and a verdict on each defect.

    Only of a `whole` one it is a problem what no defect has turned red.
    """

    red_before: Mapping[str, Outcome]
    verdicts: Sequence[Verdict]
    red_after: Mapping[str, Outcome]
    matrix_s: float
    out_of_reach: Mapping[str, str]
    whole: bool

    @property
    def problems(self) -> list[str]:
        """Everything that makes the proof fail, a line each."""
        problems = [
            f"red without any defect, {when}: {name} ({_where(outcome)})"
            for when, red in (("before", self.red_before), ("after", self.red_after))
            for name, outcome in red.items()
        ]
        for verdict in self.verdicts:
            problems += [
                f"{verdict.entry.defect.name}: {one.result} by {' '.join(one.expected.keys)}, {one.expected.scenario} "
                f"({_where(one.outcome)})"
                for one in verdict.judged
                if one.result != "caught"
            ]
            if verdict.noticed_by:
                problems.append(f"{verdict.entry.defect.name}: noticed only by {', '.join(verdict.noticed_by)}")
        return problems + (self.gaps if self.whole else [])

    @property
    def keys_seen_red(self) -> list[str]:
        """Test cases that caught something."""
        return sorted(keys_seen_red(self.verdicts) - {"extra"})

    @property
    def gaps(self) -> list[str]:
        """Where the catalogue as a whole leaves something out: of a part of it this says nothing."""
        unproven = set(self.keys_never_red) - set(self.out_of_reach)
        proven = set(self.out_of_reach) & set(self.keys_seen_red)
        return [f"{key} has caught nothing, and it is not said why" for key in sorted(unproven)] + [
            f"{key} is said to be out of reach, and has caught something" for key in sorted(proven)
        ]

    @property
    def keys_never_red(self) -> list[str]:
        """Automated test cases that caught nothing."""
        automated = {key for scenario in scenarios().values() for key in scenario.keys}
        return sorted(automated.difference(self.keys_seen_red))


def by_area(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts by the area of their defects, in their order."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.entry.defect.area, []).append(verdict)
    return found


def write(proof: Proof, directory: Path) -> tuple[Path, Path]:
    """Write both into a directory; gives their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    html, data = directory / "defects.html", directory / "defects.json"
    data.write_text(allowed(json.dumps(as_json(proof), indent=2, ensure_ascii=False)) + "\n", "utf-8")
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    page = pages.get_template("defects.html.j2").render(proof=proof, areas=by_area(proof.verdicts))
    html.write_text(allowed(page), "utf-8")
    return html, data


def as_json(proof: Proof) -> dict[str, Any]:
    """The proof as data: totals, and of each defect who should have caught it and what came of that."""
    return {
        "defects": len(proof.verdicts),
        "caught": sum(verdict.caught for verdict in proof.verdicts),
        "matrix_s": round(proof.matrix_s, 1),
        "keys_seen_red": proof.keys_seen_red,
        "keys_never_red": proof.keys_never_red,
        "problems": proof.problems,
        "matrix": [
            {
                "defect": verdict.entry.defect.name,
                "area": verdict.entry.defect.area,
                "what_is_wrong": verdict.entry.defect.words,
                "who_suffers": verdict.entry.defect.harm,
                "caught": verdict.caught,
                "noticed_by": list(verdict.noticed_by),
                "by": [
                    {
                        "keys": list(one.expected.keys),
                        "scenario": one.expected.scenario,
                        "result": str(one.result),
                        "failed_step": one.outcome.step,
                        "message": one.outcome.message,
                    }
                    for one in verdict.judged
                ],
            }
            for verdict in proof.verdicts
        ],
    }


def _where(outcome: Outcome) -> str:
    if outcome.step is None:
        return outcome.status
    return f"{outcome.status} at '{outcome.step}': {' '.join(outcome.message.split())[:300]}"

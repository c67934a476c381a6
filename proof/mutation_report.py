"""The results of mutation testing: totals, survivors by file and line, and problems."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.behave_runs import ScenarioOutcome
from proof.mutant_runs import MutantOutcome, MutantStatus
from proof.mutants import MutantId
from proof.mutated_modules import decides
from proof.survivors import SURVIVORS, AcceptedSurvivor, Classification
from support.core.characters import allowed
from support.evidence.kept import page_of

REQUIRED_SCORE = 0.95


@dataclass(frozen=True)
class MutationRun:
    """The results of a run: what was red in the baseline runs, and the outcome of each mutant.

    `obsolete` are accepted survivors that do not exist. With fewer outcomes than `total` it is a partial run.
    """

    red_before: Mapping[str, ScenarioOutcome]
    results: Sequence[MutantOutcome]
    red_after: Mapping[str, ScenarioOutcome]
    accepted_survivors: Mapping[MutantId, AcceptedSurvivor]
    obsolete: Sequence[MutantId]
    total: int
    took_s: float

    @property
    def equivalent(self) -> int:
        """How many mutants are accepted as equivalent."""
        return sum(self._classification(result) is Classification.EQUIVALENT for result in self.results)

    @property
    def killed(self) -> int:
        """How many mutants the suite killed."""
        return sum(result.killed for result in self.results)

    @property
    def score(self) -> float | None:
        """The mutation score: the share of the killed among the mutants of what decides that are not equivalent.

        None where there are no such mutants. What carries decisions to and fro does much that nobody can see, such as
        what happens while the server stops.
        """
        deciding = [result for result in self.results if decides(result.mutant.id.file)]
        others = [one for one in deciding if self._classification(one) is not Classification.EQUIVALENT]
        return sum(one.killed for one in others) / len(others) if others else None

    @property
    def survivors(self) -> list[tuple[MutantOutcome, AcceptedSurvivor | None]]:
        """The surviving mutants, each with the reason why it is accepted."""
        return [
            (result, self.accepted_survivors.get(result.mutant.id))
            for result in self.results
            if result.status is MutantStatus.SURVIVED
        ]

    @property
    def files(self) -> dict[str, Counter[str]]:
        """How many mutants of each file have which status."""
        found: dict[str, Counter[str]] = {}
        for result in self.results:
            found.setdefault(result.mutant.id.file, Counter())[str(result.status)] += 1
        return found

    @property
    def problems(self) -> list[str]:
        """List everything that makes the command fail."""
        problems = [
            f"red without a mutant, {when}: {name} ({outcome.status} at {outcome.step!r}: {_short(outcome.message)})"
            for when, red in (("before", self.red_before), ("after", self.red_after))
            for name, outcome in red.items()
        ]
        for result in self.results:
            acceptance = self.accepted_survivors.get(result.mutant.id)
            if result.status is MutantStatus.UNCLEAR:
                problems.append(f"{result.mutant}: {result.status} ({_short(result.outcome.message)})")
            elif result.killed and acceptance:
                problems.append(
                    f"{result.mutant}: is in {SURVIVORS.name} ({acceptance.classification}), "
                    f"and was killed by {_by(result)}"
                )
            elif not result.killed and not acceptance:
                problems.append(f"{result.mutant}: survives; it needs a scenario, or a line in {SURVIVORS.name}")
        problems += [
            f"{SURVIVORS.name}: there is no such mutant: {one.file}, {one.definition}: {one.before} -> {one.after}"
            for one in self.obsolete
        ]
        # Accepted survivors are not spread evenly: of a part the score says little.
        score = self.score
        if len(self.results) == self.total and score is not None and score < REQUIRED_SCORE:
            problems.append(
                f"{score:.1%} of the non-equivalent mutants of modules that decide were killed; "
                f"{REQUIRED_SCORE:.0%} are required"
            )
        return problems

    def _classification(self, result: MutantOutcome) -> Classification | None:
        acceptance = self.accepted_survivors.get(result.mutant.id)
        return acceptance.classification if acceptance and not result.killed else None


def write(found: MutationRun, directory: Path) -> tuple[Path, Path]:
    """Write the results for people and for programs into a directory; returns the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    html, data = directory / "mutants.html", directory / "mutants.json"
    data.write_text(allowed(json.dumps(as_json(found), indent=2, ensure_ascii=False)) + "\n", encoding="utf-8")
    html.write_text(page_of(Path(__file__).with_name("mutants.html.j2"), found=found), encoding="utf-8")
    return html, data


def as_json(found: MutationRun) -> dict[str, Any]:
    """The results as data: totals, and the outcome of each mutant."""
    return {
        "mutants": len(found.results),
        "of": found.total,
        "killed": found.killed,
        "equivalent": found.equivalent,
        "score": None if found.score is None else round(found.score, 4),
        "took_s": round(found.took_s, 1),
        "problems": found.problems,
        "results": [
            {
                **result.mutant.id._asdict(),
                "line": result.mutant.line,
                "operator": result.mutant.operator,
                "status": result.status,
                "killed_by": result.scenario,
                "failed_step": result.outcome.step,
                "message": result.outcome.message,
                "accepted_as": (accepted := found.accepted_survivors.get(result.mutant.id)) and accepted.classification,
                "reason": accepted and accepted.reason,
            }
            for result in found.results
        ],
    }


def _by(result: MutantOutcome) -> str:
    return f"{result.scenario!r} ({_short(result.outcome.message)})" if result.scenario else str(result.status)


def _short(message: str) -> str:
    return " ".join(message.split())[:300]

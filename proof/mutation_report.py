"""What came of the mutants: totals, survivors by file and line, and what is to be done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from proof.killing import End, Fate
from proof.mutants import Identity
from proof.outcomes import Outcome
from proof.survivors import SURVIVORS, Excuse, Why
from support.core.characters import allowed

SCORE_WANTED = 0.95


@dataclass(frozen=True)
class Mutation:
    """What came of a run with mutants: of those without one what was red, and how each mutant ended.

    `unknown` are mutants that are excused, and that there are not. Of fewer than `total` it is a part.
    """

    red_before: Mapping[str, Outcome]
    ends: Sequence[End]
    red_after: Mapping[str, Outcome]
    excuses: Mapping[Identity, Excuse]
    unknown: Sequence[Identity]
    total: int
    took_s: float

    @property
    def equivalent(self) -> int:
        """How many mutants are said to be no other program."""
        return sum(self._why(end) is Why.EQUIVALENT for end in self.ends)

    @property
    def killed(self) -> int:
        """How many mutants the suite noticed."""
        return sum(end.killed for end in self.ends)

    @property
    def score(self) -> float:
        """The share of the mutants that were killed, of all but the equivalent ones."""
        others = len(self.ends) - self.equivalent
        return self.killed / others if others else 1.0

    @property
    def survivors(self) -> list[tuple[End, Excuse | None]]:
        """Those that live, each with its excuse."""
        return [(end, self.excuses.get(end.mutant.identity)) for end in self.ends if end.fate is Fate.SURVIVED]

    @property
    def files(self) -> dict[str, Counter[str]]:
        """How many mutants of each file ended how."""
        found: dict[str, Counter[str]] = {}
        for end in self.ends:
            found.setdefault(end.mutant.identity.file, Counter())[str(end.fate)] += 1
        return found

    @property
    def problems(self) -> list[str]:
        """Everything that makes the command fail, a line each."""
        problems = [
            f"red without a mutant, {when}: {name} ({outcome.status} at {outcome.step!r}: {_short(outcome.message)})"
            for when, red in (("before", self.red_before), ("after", self.red_after))
            for name, outcome in red.items()
        ]
        for end in self.ends:
            excuse = self.excuses.get(end.mutant.identity)
            if end.fate is Fate.UNCLEAR:
                problems.append(f"{end.mutant}: {end.fate} ({_short(end.outcome.message)})")
            elif end.killed and excuse:
                problems.append(f"{end.mutant}: is in {SURVIVORS.name} ({excuse.why}), and was killed by {_by(end)}")
            elif not end.killed and not excuse:
                problems.append(f"{end.mutant}: survives; it needs a scenario, or a line in {SURVIVORS.name}")
        problems += [
            f"{SURVIVORS.name}: there is no such mutant: {one.file}, {one.definition}: {one.before} -> {one.after}"
            for one in self.unknown
        ]
        # Those that may live are not spread evenly: of a part the share says little.
        if len(self.ends) == self.total and self.score < SCORE_WANTED:
            problems.append(
                f"{self.score:.1%} of the mutants that are not equivalent were killed; {SCORE_WANTED:.0%} are wanted"
            )
        return problems

    def _why(self, end: End) -> Why | None:
        excuse = self.excuses.get(end.mutant.identity)
        return excuse.why if excuse and not end.killed else None


def write(found: Mutation, directory: Path) -> tuple[Path, Path]:
    """Write it for people and for programs into a directory; gives the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    html, data = directory / "mutants.html", directory / "mutants.json"
    data.write_text(allowed(json.dumps(as_json(found), indent=2, ensure_ascii=False)) + "\n", encoding="utf-8")
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    html.write_text(allowed(pages.get_template("mutants.html.j2").render(found=found)), encoding="utf-8")
    return html, data


def as_json(found: Mutation) -> dict[str, Any]:
    """It as data: totals, and how each mutant ended."""
    return {
        "mutants": len(found.ends),
        "of": found.total,
        "killed": found.killed,
        "equivalent": found.equivalent,
        "score": round(found.score, 4),
        "took_s": round(found.took_s, 1),
        "problems": found.problems,
        "ends": [
            {
                **end.mutant.identity._asdict(),
                "line": end.mutant.line,
                "operator": end.mutant.operator,
                "fate": end.fate,
                "killed_by": end.scenario,
                "failed_step": end.outcome.step,
                "message": end.outcome.message,
                "why_it_may_live": (excuse := found.excuses.get(end.mutant.identity)) and excuse.why,
                "reason": excuse and excuse.reason,
            }
            for end in found.ends
        ],
    }


def _by(end: End) -> str:
    return f"{end.scenario!r} ({_short(end.outcome.message)})" if end.scenario else str(end.fate)


def _short(message: str) -> str:
    return " ".join(message.split())[:300]

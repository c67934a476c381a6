"""Which scenario must catch which defect: `expected.csv`, a line each.

A line names a defect, the test cases that should catch it, the scenario of theirs that does, its step that must fail,
and what its message must hold, so that it names what is wrong. A defect may have several lines. A scenario for which
the plan has no test case stands with the word `extra` in the place of its keys.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from proof.features import Scenario, scenarios
from sandbox.defects import DEFECTS, Defect, runs

EXPECTED = Path(__file__).with_name("expected.csv")
OUT_OF_REACH = EXPECTED.with_name("out_of_reach.csv")
EXTRA = "extra"


class CatalogueError(Exception):
    """The catalogue cannot be used; each mistake with its line."""


class Expected(NamedTuple):
    """One line: who must catch a defect, and how."""

    defect: str
    keys: tuple[str, ...]
    scenario: str
    step: str
    message: str


@dataclass(frozen=True)
class Entry:
    """A defect, and all that must catch it."""

    defect: Defect
    expected: tuple[Expected, ...]

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios that must catch it, each once."""
        return list(dict.fromkeys(line.scenario for line in self.expected))


def read(file: Path = EXPECTED) -> list[Entry]:
    """Read the catalogue, in the order of the defects.

    Raises:
        CatalogueError: a line names a defect, a scenario, a key or a step that there is not, or a defect has no line.
    """
    with file.open(newline="", encoding="utf-8") as text:
        lines = [
            Expected(row["defect"], tuple(row["keys"].split()), row["scenario"], row["step"], row["message"])
            for row in csv.DictReader(text)
        ]
    if problems := mistakes(lines, {name for name, one in DEFECTS.items() if one.area != runs.AREA}, scenarios()):
        raise CatalogueError("\n".join(f"{file.name}: {problem}" for problem in problems))
    order = {name: number for number, name in enumerate(DEFECTS)}
    lines.sort(key=lambda line: order[line.defect])
    return [Entry(DEFECTS[name], tuple(found)) for name, found in groupby(lines, key=lambda line: line.defect)]


def out_of_reach(file: Path = OUT_OF_REACH) -> dict[str, str]:
    """The automated test cases that no defect of the server can turn red, each with its reason."""
    with file.open(newline="", encoding="utf-8") as text:
        return {row["key"]: row["why"] for row in csv.DictReader(text)}


def mistakes(lines: Iterable[Expected], defects: Collection[str], known: dict[str, Scenario]) -> list[str]:
    """What is wrong with the lines."""
    problems, described = [], set()
    for number, line in enumerate(lines, start=2):
        described.add(line.defect)
        scenario = known.get(line.scenario)
        if line.defect not in defects:
            problems.append(f"line {number}: there is no defect {line.defect!r}")
        if scenario is None:
            problems.append(f"line {number}: there is no scenario {line.scenario!r}")
            continue
        if line.step not in scenario.steps:
            problems.append(f"line {number}: the scenario {line.scenario!r} has no step {line.step!r}")
        strangers = set(line.keys) - (scenario.keys or {EXTRA})
        if strangers or not line.keys:
            problems.append(
                f"line {number}: the scenario {line.scenario!r} is not one of {' '.join(sorted(strangers)) or 'no key'}"
            )
        if not line.message:
            problems.append(f"line {number}: it is not said what the message must hold")
    return problems + [f"the defect {name!r} has no line" for name in sorted(defects) if name not in described]

"""Which scenario must catch which defect: `expected.csv`, a line each.

A line names a defect, the test cases that should catch it, the scenario of theirs that does, its step that must fail,
and what its message must contain, so that it names what is wrong. A defect may have several lines. A scenario for which
the plan has no test case has the word `extra` in the place of its keys.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from proof.features import NamedScenario, is_disruptive, scenarios
from sandbox.defects import DEFECTS, Defect, whole_runs
from support.runner.jobs import DISRUPTIVE

EXPECTED = Path(__file__).with_name("expected.csv")
EXEMPT = EXPECTED.with_name("exempt_test_cases.csv")
EXTRA = "extra"


class CatalogueError(Exception):
    """The catalogue cannot be used; each mistake with its line."""


class Expectation(NamedTuple):
    """One line: which scenario must catch a defect, and how."""

    defect: str
    keys: tuple[str, ...]
    scenario: str
    step: str
    message: str


@dataclass(frozen=True)
class Entry:
    """A defect, and all scenarios that must catch it."""

    defect: Defect
    expected: tuple[Expectation, ...]

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios that must catch it, each once."""
        return list(dict.fromkeys(line.scenario for line in self.expected))

    @property
    def is_disruptive(self) -> bool:
        """Whether those scenarios stop parts of the product."""
        return is_disruptive(self.scenarios[0])


def read(file: Path = EXPECTED) -> list[Entry]:
    """Read the catalogue, in the order of the defects.

    Raises:
        CatalogueError: a line names a defect, a scenario, a key or a step that does not exist, or a defect has no line.
    """
    with file.open(newline="", encoding="utf-8") as text:
        lines = [
            Expectation(row["defect"], tuple(row["keys"].split()), row["scenario"], row["step"], row["message"])
            for row in csv.DictReader(text)
        ]
    if problems := catalogue_problems(
        lines, {name for name, one in DEFECTS.items() if one.area != whole_runs.AREA}, scenarios()
    ):
        raise CatalogueError("\n".join(f"{file.name}: {problem}" for problem in problems))
    order = {name: number for number, name in enumerate(DEFECTS)}
    lines.sort(key=lambda line: order[line.defect])
    return [Entry(DEFECTS[name], tuple(found)) for name, found in groupby(lines, key=lambda line: line.defect)]


def scenarios_of(entries: Iterable[Entry]) -> list[str]:
    """Names of the scenarios that must catch one of these, each once."""
    return list(dict.fromkeys(name for entry in entries for name in entry.scenarios))


def exempt_test_cases(file: Path = EXEMPT) -> dict[str, str]:
    """The automated test cases that no defect of the server can turn red, each with its reason."""
    with file.open(newline="", encoding="utf-8") as text:
        return {row["key"]: row["reason"] for row in csv.DictReader(text)}


def catalogue_problems(
    lines: Iterable[Expectation], defects: Collection[str], known: dict[str, NamedScenario]
) -> list[str]:
    """List what is wrong with the lines."""
    problems = []
    described: dict[str, bool] = {}
    for number, line in enumerate(lines, start=2):
        scenario = known.get(line.scenario)
        stops = scenario is not None and DISRUPTIVE in scenario.tags
        if described.setdefault(line.defect, stops) is not stops:
            problems.append(f"line {number}: {line.defect!r} has scenarios that stop parts of the product, and others")
        if line.defect not in defects:
            problems.append(f"line {number}: there is no defect {line.defect!r}")
        if scenario is None:
            problems.append(f"line {number}: there is no scenario {line.scenario!r}")
            continue
        if line.step not in scenario.steps:
            problems.append(f"line {number}: the scenario {line.scenario!r} has no step {line.step!r}")
        unknown = set(line.keys) - (scenario.keys or {EXTRA})
        if unknown or not line.keys:
            named = " ".join(sorted(unknown)) or "(none is given)"
            problems.append(f"line {number}: the scenario {line.scenario!r} does not have the key {named}")
        if not line.message:
            problems.append(f"line {number}: it does not say what the message must contain")
    return problems + [f"the defect {name!r} has no line" for name in sorted(defects) if name not in described]

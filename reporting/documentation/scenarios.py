"""Features for the pages: an outline is one scenario with tables of examples, each row with its result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from reporting.features import Feature, FeatureScenario, Place, Rule
from reporting.traceability import TracedScenario
from reporting.verdicts import CaseVerdict, Status, fold
from support.core.characters import file_name

Results = Mapping[tuple[Place, str], TracedScenario]


@dataclass(frozen=True)
class ExampleRow:
    """A row of examples."""

    values: tuple[str, ...]
    status: Status


@dataclass(frozen=True)
class Examples:
    """Rows of an outline under one title."""

    name: str
    keys: tuple[str, ...]
    """The keys of its rows that not all rows of the outline have."""
    columns: tuple[str, ...]
    rows: tuple[ExampleRow, ...]


@dataclass(frozen=True)
class WrittenScenario:
    """A scenario, or an outline with all its rows."""

    scenario: FeatureScenario
    """Of an outline, its first row."""
    anchor: str
    keys: tuple[str, ...]
    """The keys that every row has."""
    all_keys: tuple[str, ...]
    tables: tuple[tuple[Examples, ...], ...]
    """The examples; those with the same columns are in one table."""
    verdict: CaseVerdict


@dataclass(frozen=True)
class WrittenRule:
    """A rule, or the scenarios before the first rule."""

    rule: Rule
    anchor: str
    scenarios: tuple[WrittenScenario, ...]


@dataclass(frozen=True)
class WrittenFeature:
    """A feature, and the file name of its page."""

    feature: Feature
    page: str
    rules: tuple[WrittenRule, ...]

    @property
    def scenarios(self) -> tuple[WrittenScenario, ...]:
        """The scenarios of all its rules."""
        return tuple(scenario for rule in self.rules for scenario in rule.scenarios)


def as_written(feature: Feature, scenarios: Iterable[TracedScenario]) -> WrittenFeature:
    """The feature with the results of its scenarios."""
    results = {(one.scenario.place, one.scenario.name): one for one in scenarios}
    anchors: dict[str, int] = {}
    stem = feature.place.file.rsplit("/", 1)[-1].removesuffix(".feature")
    return WrittenFeature(
        feature,
        file_name(f"{feature.capability}-{stem}", ".html"),
        tuple(
            WrittenRule(
                rule,
                _anchor(rule.name or feature.name, anchors),
                tuple(
                    _scenario(list(rows), results, anchors)
                    for _, rows in groupby(rule.scenarios, key=lambda one: one.template)
                ),
            )
            for rule in feature.rules
        ),
    )


def _scenario(rows: list[FeatureScenario], results: Results, anchors: dict[str, int]) -> WrittenScenario:
    keys = tuple(key for key in rows[0].keys if all(key in row.keys for row in rows))
    parts = [list(part) for _, part in groupby(rows, key=lambda row: row.examples_line) if rows[0].values]
    examples = [_examples(part, keys, results) for part in parts]
    return WrittenScenario(
        rows[0],
        _anchor(rows[0].title, anchors),
        keys,
        tuple(dict.fromkeys(key for row in rows for key in row.keys)),
        tuple(tuple(table) for _, table in groupby(examples, key=lambda one: one.columns)),
        fold(_status(row, results) for row in rows),
    )


def _examples(part: list[FeatureScenario], keys: tuple[str, ...], results: Results) -> Examples:
    return Examples(
        part[0].examples,
        tuple(key for key in part[0].keys if key not in keys),
        tuple(column for column, _ in part[0].values),
        tuple(ExampleRow(tuple(value for _, value in row.values), _status(row, results)) for row in part),
    )


def _status(scenario: FeatureScenario, results: Results) -> Status:
    return results[(scenario.place, scenario.name)].status


def _anchor(name: str, taken: dict[str, int]) -> str:
    """The anchor of a link; it depends on the name only, so that links still work when a scenario is moved."""
    anchor = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "scenario"
    unique = anchor
    while unique in taken:
        taken[anchor] += 1
        unique = f"{anchor}-{taken[anchor]}"
    taken[unique] = 1
    return unique

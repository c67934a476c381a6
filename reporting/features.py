"""The features as they are written in their files: features, rules, scenarios, and the tags that apply to each.

Every row of a scenario outline is a scenario of its own, as in a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave.parser import ParserError

from support.core.characters import allowed
from support.core.keys import TEST_CASE_KEY, severity_of
from support.evidence import known_issues
from support.runner.behave_files import parse_file

EXTRA = "extra"
EXTRA_REASON = "Beyond the plan:"


class FeatureUnreadable(Exception):
    """A feature file is not Gherkin; the message names file and line."""


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file; the file's path is relative to the checkout, with slashes."""

    file: str
    line: int

    def __str__(self) -> str:
        """As editors and behave take it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Tag:
    """A tag, without its @, and its place."""

    name: str
    place: Place


@dataclass(frozen=True)
class Step:
    """A step of a scenario; of an outline's row, with the row's values."""

    kind: str
    """`given`, `when` or `then`; an `And` has that of the step before it."""
    keyword: str
    name: str
    line: int
    table: tuple[tuple[str, ...], ...] = ()  # the heading first
    text: str | None = None


@dataclass(frozen=True)
class FeatureScenario:
    """A scenario, or one row of a scenario outline."""

    name: str
    """As behave and the reports name it; a row's name ends in ` -- @1.2 <name of its examples>`."""
    title: str
    """The name as it is written: an outline's with its `<parameters>`."""
    place: Place
    """Of a row, the row's own line, by which behave runs it."""
    feature: str
    rule: str
    """Empty outside of a rule."""
    capability: str
    """The folder that the feature lies in."""
    description: str
    tags: tuple[Tag, ...]
    """All that apply: the feature's, the rule's, its own, its examples'."""
    background: tuple[Step, ...]
    steps: tuple[Step, ...]
    written: tuple[Step, ...]
    """The steps as they are written: an outline's with their `<parameters>`."""
    template: Place
    """Where it is written: of a row, the outline's line."""
    values: tuple[tuple[str, str], ...] = ()
    """Of a row: its columns and their values."""
    examples: str = ""
    """Of a row: the name of its examples."""
    examples_line: int = 0
    """Of a row: where its examples begin."""
    keyword: str = "Scenario"
    """In the language of its file; of a row, the outline's."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The test cases of the plan that it shows."""
        return tuple(dict.fromkeys(tag.name for tag in self.tags if TEST_CASE_KEY.fullmatch(tag.name)))

    @property
    def known_issues(self) -> tuple[str, ...]:
        """The tickets of its known issues."""
        return tuple(known_issues.keys_of(tag.name for tag in self.tags))

    @property
    def severity(self) -> str:
        """Allure's severity; the most specific tag wins."""
        return severity_of(tag.name for tag in self.tags)

    @property
    def is_extra(self) -> bool:
        """Whether it is tagged as beyond the plan."""
        return any(tag.name == EXTRA for tag in self.tags)

    @property
    def extra_reason(self) -> str:
        """Why it exists though the plan has no case for it: the text after `Beyond the plan:` in its description."""
        lines = (line for line in self.description.splitlines() if line.startswith(EXTRA_REASON))
        return next(lines, "").removeprefix(EXTRA_REASON).strip()


@dataclass(frozen=True)
class EmptyOutline:
    """A scenario outline without rows, of which no scenario is made."""

    title: str
    place: Place


@dataclass(frozen=True)
class Rule:
    """A rule with its scenarios."""

    name: str
    place: Place
    description: str
    scenarios: tuple[FeatureScenario, ...]
    empty_outlines: tuple[EmptyOutline, ...]


@dataclass(frozen=True)
class Feature:
    """A feature file."""

    name: str
    place: Place
    description: str
    capability: str
    tags: tuple[Tag, ...]
    rules: tuple[Rule, ...]
    """In their order; scenarios outside of any rule come first, in a rule without a name."""
    keyword: str = "Feature"
    """In the language of its file."""

    @property
    def scenarios(self) -> tuple[FeatureScenario, ...]:
        """All of them, in their order."""
        return tuple(scenario for rule in self.rules for scenario in rule.scenarios)


def read_features(root: Path) -> tuple[Feature, ...]:
    """Every feature below `root/features`, by path.

    Raises:
        FeatureUnreadable: a file is not Gherkin.
    """
    return tuple(_feature(path, root) for path in sorted((root / "features").rglob("*.feature")))


def _feature(path: Path, root: Path) -> Feature:
    file = allowed(path.relative_to(root).as_posix())
    try:
        parsed = parse_file(str(path))
    except ParserError as error:
        raise FeatureUnreadable(f"{file}:{error.line or 1}: {str(error.args[0]).strip()}") from None
    except OSError as error:
        raise FeatureUnreadable(f"{file}:1: expected a file that can be read, seen: {error.strerror}") from None
    if parsed is None:
        raise FeatureUnreadable(f"{file}:1: expected a feature, seen an empty file: write one or delete it")
    parsed.name = parsed.name or path.stem
    outside = (_rule(parsed, parsed, file, of_feature=True),) if parsed.scenarios else ()
    return Feature(
        parsed.name,
        Place(file, parsed.line),
        _text(parsed.description),
        path.parent.name,
        _tags(parsed.tags, file),
        (*outside, *(_rule(rule, parsed, file) for rule in parsed.rules)),
        parsed.keyword,
    )


def _rule(parsed: Any, feature: Any, file: str, *, of_feature: bool = False) -> Rule:
    """A rule's scenarios, or a feature's scenarios outside of any rule."""
    name = "" if of_feature else parsed.name or parsed.keyword
    inherited = _tags(feature.tags, file) + (() if of_feature else _tags(parsed.tags, file))
    scenarios, empty = [], []
    for written in parsed.scenarios:
        rows = written.scenarios if written.type == "scenario_outline" else [written]
        if not rows:
            empty.append(EmptyOutline(written.name, Place(file, written.line)))
        for row in rows:
            scenarios.append(_scenario(row, written, file, feature.name, name, inherited))
    return Rule(
        name,
        Place(file, parsed.line),
        "" if of_feature else _text(parsed.description),
        tuple(scenarios),
        tuple(empty),
    )


def _scenario(
    row: Any, written: Any, file: str, feature: str, rule: str, inherited: tuple[Tag, ...]
) -> FeatureScenario:
    # Rows compare by their values, and two examples can have the same.
    examples = next(
        (
            one
            for one in getattr(written, "examples", ())
            if any(row._row is other for other in (one.table.rows if one.table else ()))
        ),
        None,
    )
    # behave keeps no lines for the tags of a row.
    lines = {str(tag): tag.line for part in (written, examples) if part for tag in part.tags}
    own = tuple(Tag(str(tag), Place(file, lines.get(str(tag), row.line))) for tag in row.tags)
    return FeatureScenario(
        name=(row.name or row.keyword).strip(),
        title=written.name or written.keyword,
        place=Place(file, row.line),
        feature=feature,
        rule=rule,
        capability=Path(file).parent.name,
        description=_text(written.description),
        tags=(*inherited, *own),
        background=_steps(row.background_steps or ()),
        steps=_steps(row.steps),
        written=_steps(written.steps),
        template=Place(file, written.line),
        values=tuple((str(name), str(value)) for name, value in row._row.items()) if examples else (),
        examples=examples.name if examples else "",
        examples_line=examples.line if examples else 0,
        keyword=written.keyword,
    )


def _tags(tags: Iterable[Any], file: str) -> tuple[Tag, ...]:
    return tuple(Tag(str(tag), Place(file, tag.line)) for tag in tags)


def _steps(steps: Iterable[Any]) -> tuple[Step, ...]:
    return tuple(
        Step(
            step.step_type,
            step.keyword,
            step.name,
            step.line,
            tuple(tuple(map(str, row)) for row in (step.table.headings, *step.table.rows)) if step.table else (),
            str(step.text) if step.text is not None else None,
        )
        for step in steps
    )


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines)

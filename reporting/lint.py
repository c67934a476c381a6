"""Contradictions between plan and features, each with its file and line and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting.features import EXTRA_REASON, Feature, FeatureScenario, Place, Tag
from reporting.glossary import Glossary
from reporting.plan import PlannedCase
from reporting.traceability import Traceability
from support.core.keys import TEST_CASE_KEY
from support.evidence import known_issues

_EMPTY = Glossary()
_MEANT_AS_KEY = re.compile(r"(?i)pz(?![a-z])|(.*-)?\d{5}$")
_MEANT_AS_KNOWN_ISSUE = re.compile(r"(?i)known.?issue")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct."""

    place: Place
    message: str

    def __str__(self) -> str:
        """As compilers print theirs."""
        return f"{self.place}: {self.message}"


def lint(features: Iterable[Feature], traced: Traceability, glossary: Glossary = _EMPTY) -> list[Problem]:
    """All problems, each once, ordered by place."""
    features = list(features)
    cases = [one.case for one in traced.cases]
    scenarios = [scenario for feature in features for scenario in feature.scenarios]
    return sorted(
        {
            *(problem for scenario in scenarios for problem in _keyed(scenario)),
            *_keys(tag for scenario in scenarios for tag in scenario.tags),
            *_known((tag for scenario in scenarios for tag in scenario.tags), cases),
            *_accounted_for(traced),
            *(problem for feature in features for problem in _named_once(feature)),
            *(problem for feature in features for problem in _never_run(feature)),
            *(problem for feature in features for problem in _other_words(feature, glossary)),
        }
    )


def _keyed(scenario: FeatureScenario) -> Iterator[Problem]:
    rows = f" (examples {scenario.examples!r})" if scenario.examples else ""
    name = f"the scenario {scenario.title!r}{rows}"
    if scenario.is_extra and scenario.keys:
        yield Problem(
            scenario.template, f"{name} is @extra and has the key {scenario.keys[0]}, too: take one of the tags away"
        )
    elif scenario.is_extra and not scenario.extra_reason:
        yield Problem(
            scenario.template,
            f"{name} is @extra without a reason: say below its name `{EXTRA_REASON} <what the plan lacks>`",
        )
    elif not scenario.keys and not scenario.is_extra:
        yield Problem(
            scenario.template,
            f"{name} has no key: tag it with the case that it shows (@PZ-…), or with @extra and a line "
            f"`{EXTRA_REASON} <what the plan lacks>` below its name",
        )


def _keys(tags: Iterable[Tag]) -> Iterator[Problem]:
    for tag in tags:
        if known_issues.TAG.fullmatch(tag.name):
            continue
        if _MEANT_AS_KNOWN_ISSUE.search(tag.name):
            yield Problem(
                tag.place,
                f"the tag @{tag.name} names no known issue: expected @known-issue:PZ- and the ticket's digits",
            )
        elif _MEANT_AS_KEY.match(tag.name) and not TEST_CASE_KEY.fullmatch(tag.name):
            yield Problem(tag.place, f"the tag @{tag.name} is no key: expected PZ- and five digits")


def _known(tags: Iterable[Tag], cases: Iterable[PlannedCase]) -> Iterator[Problem]:
    known = {case.key for case in cases}
    for tag in tags:
        if TEST_CASE_KEY.fullmatch(tag.name) and tag.name not in known:
            yield Problem(tag.place, f"the plan has no case {tag.name}: is it spelt right, or new and to be added?")


def _accounted_for(traced: Traceability) -> Iterator[Problem]:
    for one in traced.cases:
        case, showing = one.case, next((scenario.scenario for scenario in one.scenarios), None)
        if showing and (case.state or case.reason):
            excuse = case.state.value if case.state else case.reason
            yield Problem(
                case.place,
                f"{case.key} is excused ({excuse}), and shown by {showing.place}: take state and reason away",
            )
        elif not showing and not case.is_excused:
            yield Problem(
                case.place, f"{case.key} is shown by no scenario: tag one with it, or give a state and a reason here"
            )


def _named_once(feature: Feature) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for scenario in feature.scenarios:
        if first.setdefault(scenario.title, scenario.template) != scenario.template:
            yield Problem(
                scenario.template,
                f"the feature has another scenario {scenario.title!r}, in line {first[scenario.title].line}: "
                "say how they differ",
            )


def _never_run(feature: Feature) -> Iterator[Problem]:
    for outline in (outline for rule in feature.rules for outline in rule.empty_outlines):
        yield Problem(
            outline.place,
            f"the outline {outline.title!r} has no examples, so it is never run: give it some or delete it",
        )


def _other_words(feature: Feature, glossary: Glossary) -> Iterator[Problem]:
    for place, text in _texts(feature):
        for word, term in glossary.other_words(text):
            yield Problem(place, f"{word!r} is said here: the glossary says {term.name!r}, and each thing has one name")


def _texts(feature: Feature) -> Iterator[tuple[Place, str]]:
    """All that is told in words; not what is in tables and texts of steps, which is data."""
    yield feature.place, f"{feature.name}\n{feature.description}"
    for rule in feature.rules:
        yield rule.place, f"{rule.name}\n{rule.description}"
    for scenario in feature.scenarios:
        yield scenario.template, f"{scenario.title}\n{scenario.description}"
        yield scenario.place, "\n".join([scenario.examples, *(value for _, value in scenario.values)])
        for step in (*scenario.background, *scenario.written):
            yield Place(scenario.place.file, step.line), step.name

"""The steps that scenarios are written with: their patterns, their parameters, and where they are used.

They are read as behave reads them, so that the page describes what a run would do.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from behave.matchers import ParseMatcher
from behave.runner_util import exec_file, load_step_modules
from behave.step_registry import registry

from reporting.features import Feature, Place, Step

_PARAMETER = re.compile(r"\{(\w*)(?::(\w+))?\}")
_PLAIN_WORDS = re.compile(r"[\w ,'-]*(?:\|[\w ,'-]*)*")
# The types of the library `parse`.
_OF_PARSE = {"d": "a whole number", "f": "a number", "g": "a number", "w": "a word"}


@dataclass(frozen=True)
class ParameterType:
    """A type of the domain that a parameter of a step may have."""

    name: str
    meaning: str
    words: tuple[str, ...]
    """All values that it may have; empty unless they are a list of words."""
    optional: bool = False
    """Whether it may be left out."""


@dataclass(frozen=True)
class Parameter:
    """What a parameter of a step holds: one of the domain's types, a type of the library `parse`, or text."""

    type: str = ""
    meaning: str = ""
    optional: bool = False
    """Whether it may be left out."""
    seen: tuple[str, ...] = ()
    """Texts that the features have in its place."""


@dataclass(frozen=True)
class PatternPart:
    """A piece of a step's pattern: words, or a parameter and its name."""

    text: str
    parameter: Parameter | None = None


@dataclass(frozen=True)
class VocabularyStep:
    """A step of the vocabulary."""

    keyword: str
    parts: tuple[PatternPart, ...]
    uses: int
    """How many lines of the features use it."""
    example: Step | None
    """The first of these; an outline's with the values of its first row."""


@dataclass(frozen=True)
class StepGroup:
    """The steps of one module, in its order."""

    heading: str
    """The first sentence of its docstring."""
    text: str
    """The rest of it."""
    file: str
    steps: tuple[VocabularyStep, ...]


@dataclass(frozen=True)
class Vocabulary:
    """All steps, and the types of the domain."""

    groups: tuple[StepGroup, ...]
    types: tuple[ParameterType, ...]


def read_vocabulary(root: Path, features: Iterable[Feature]) -> Vocabulary:
    """The vocabulary of `root/steps`, with the types that `root/environment.py` registers."""
    with _own_registry() as steps:
        exec_file(str(root / "environment.py"), {})
        load_step_modules([str(root / "steps")])
        matchers = [matcher for kind in ("given", "when", "then", "step") for matcher in steps[kind]]
    uses = _uses(matchers, features)
    modules: dict[str, list[Any]] = {}
    for matcher in sorted(matchers, key=lambda one: (one.location.filename, one.location.line)):
        modules.setdefault(matcher.location.filename, []).append(matcher)
    types = {name: _type(name, convert) for name, convert in ParseMatcher.TYPE_REGISTRY.items()}
    groups = tuple(_step_group(written, uses, types, root) for written in modules.values())
    named = {part.parameter.type for group in groups for step in group.steps for part in step.parts if part.parameter}
    return Vocabulary(groups, tuple(types[name] for name in sorted(named & types.keys())))


@dataclass(frozen=True)
class _Uses:
    steps: dict[Place, Step] = field(default_factory=dict)
    """Steps of the features that use it, one for each line."""
    values: dict[str, dict[str, None]] = field(default_factory=dict)
    """The values that its parameters have, each once."""

    def add(self, place: Place, step: Step, arguments: Iterable[Any]) -> None:
        self.steps.setdefault(place, step)
        for argument in arguments:
            self.values.setdefault(argument.name, {})[argument.original] = None


@contextmanager
def _own_registry() -> Iterator[Mapping[str, list[Any]]]:
    """Keep what is read apart from what this process may have read before: behave has one registry for all."""
    before = registry.steps
    registry.steps = {kind: [] for kind in before}
    try:
        yield registry.steps
    finally:
        registry.steps = before


def _uses(matchers: Iterable[Any], features: Iterable[Feature]) -> Mapping[int, _Uses]:
    """Where each matcher is used, by its identity."""
    matchers = list(matchers)
    found = {id(matcher): _Uses() for matcher in matchers}
    for feature in features:
        for scenario in feature.scenarios:
            for step in (*scenario.background, *scenario.steps):
                for matcher in matchers:
                    match = matcher.match(step.name) if matcher.step_type in (step.kind, "step") else None
                    if match:
                        found[id(matcher)].add(Place(scenario.place.file, step.line), step, match.arguments)
                        break
    return found


def _step_group(
    matchers: list[Any], uses: Mapping[int, _Uses], types: Mapping[str, ParameterType], root: Path
) -> StepGroup:
    file = Path(matchers[0].location.filename).resolve().relative_to(root.resolve()).as_posix()
    module = inspect.cleandoc(matchers[0].func.__globals__.get("__doc__") or file)
    heading, _, text = re.sub(r"\.(\s+|$)", "\0", module, count=1).partition("\0")
    steps = tuple(_step(matcher, uses[id(matcher)], types) for matcher in matchers)
    return StepGroup(heading, text, file, steps)


def _step(matcher: Any, uses: _Uses, types: Mapping[str, ParameterType]) -> VocabularyStep:
    return VocabularyStep(
        keyword="Any" if matcher.step_type == "step" else matcher.step_type.capitalize(),
        parts=tuple(_parts(matcher.pattern, uses, types)),
        uses=len(uses.steps),
        example=next(iter(uses.steps.values()), None),
    )


def _parts(pattern: str, uses: _Uses, types: Mapping[str, ParameterType]) -> Iterator[PatternPart]:
    end = 0
    for parameter in _PARAMETER.finditer(pattern):
        if parameter.start() > end:
            yield PatternPart(pattern[end : parameter.start()])
        name, type_ = parameter[1], parameter[2] or ""
        if type_ in types:
            yield PatternPart(name, Parameter(type=type_, optional=types[type_].optional))
        elif type_:
            yield PatternPart(name, Parameter(meaning=_OF_PARSE[type_]))
        else:
            yield PatternPart(name, Parameter(seen=tuple(uses.values.get(name, {}))))
        end = parameter.end()
    if end < len(pattern):
        yield PatternPart(pattern[end:])


def _type(name: str, convert: Any) -> ParameterType:
    pattern = getattr(convert, "pattern", "")
    are_words = "|" in pattern and _PLAIN_WORDS.fullmatch(pattern)
    words = tuple(sorted(word for word in pattern.split("|") if word)) if are_words else ()
    optional = bool(pattern) and re.fullmatch(pattern, "") is not None
    return ParameterType(name, inspect.getdoc(convert) or "", words, optional)

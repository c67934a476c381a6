"""The steps that scenarios are written with: their patterns, what goes into them, and where they are used.

They are read as behave reads them, so that what a page says of a step is what a run would do with it.
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

_GAP = re.compile(r"\{(\w*)(?::(\w+))?\}")
_PLAIN_WORDS = re.compile(r"[\w ]+(?:\|[\w ]+)*")
# What the library `parse` calls its own types.
_OF_PARSE = {"d": "a whole number", "f": "a number", "g": "a number", "w": "a word"}


@dataclass(frozen=True)
class Type:
    """What may stand in a gap of a step."""

    name: str
    meaning: str
    words: tuple[str, ...]
    """All that it may be; empty where that is not a list of words."""


@dataclass(frozen=True)
class Gap:
    """What goes into a gap: one of the domain's types, a type of the library `parse`, or text."""

    type: str = ""
    meaning: str = ""
    seen: tuple[str, ...] = ()
    """Texts that the features have there."""


@dataclass(frozen=True)
class Part:
    """A piece of a pattern: words, or a gap and its name."""

    text: str
    gap: Gap | None = None


@dataclass(frozen=True)
class Word:
    """A step of the vocabulary."""

    keyword: str
    parts: tuple[Part, ...]
    uses: int
    """In how many lines of the features it is written."""
    example: Step | None
    """The first of these; an outline's with the values of its first row."""


@dataclass(frozen=True)
class Group:
    """The steps of one module, in its order."""

    heading: str
    """The first sentence of its docstring."""
    text: str
    """The rest of it."""
    file: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Vocabulary:
    """All steps, and the types of the domain."""

    groups: tuple[Group, ...]
    types: tuple[Type, ...]


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
    groups = tuple(_group(written, uses, types, root) for written in modules.values())
    named = {part.gap.type for group in groups for word in group.words for part in word.parts if part.gap}
    return Vocabulary(groups, tuple(types[name] for name in sorted(named & types.keys())))


@dataclass(frozen=True)
class _Uses:
    steps: dict[Place, Step] = field(default_factory=dict)
    """Those that it fits: one for each line that it is written in."""
    values: dict[str, dict[str, None]] = field(default_factory=dict)
    """What stands in its gaps, each once."""

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


def _group(matchers: list[Any], uses: Mapping[int, _Uses], types: Mapping[str, Type], root: Path) -> Group:
    file = Path(matchers[0].location.filename).resolve().relative_to(root.resolve()).as_posix()
    module = inspect.cleandoc(matchers[0].func.__globals__.get("__doc__") or file)
    heading, _, text = re.sub(r"\.(\s+|$)", "\0", module, count=1).partition("\0")
    words = tuple(_word(matcher, uses[id(matcher)], types) for matcher in matchers)
    return Group(heading, text, file, words)


def _word(matcher: Any, uses: _Uses, types: Mapping[str, Type]) -> Word:
    return Word(
        keyword="Any" if matcher.step_type == "step" else matcher.step_type.capitalize(),
        parts=tuple(_parts(matcher.pattern, uses, types)),
        uses=len(uses.steps),
        example=next(iter(uses.steps.values()), None),
    )


def _parts(pattern: str, uses: _Uses, types: Mapping[str, Type]) -> Iterator[Part]:
    end = 0
    for gap in _GAP.finditer(pattern):
        if gap.start() > end:
            yield Part(pattern[end : gap.start()])
        name, type_ = gap[1], gap[2] or ""
        if type_ in types:
            yield Part(name, Gap(type=type_))
        elif type_:
            yield Part(name, Gap(meaning=_OF_PARSE[type_]))
        else:
            yield Part(name, Gap(seen=tuple(uses.values.get(name, {}))))
        end = gap.end()
    if end < len(pattern):
        yield Part(pattern[end:])


def _type(name: str, convert: Any) -> Type:
    pattern = getattr(convert, "pattern", "")
    words = tuple(sorted(pattern.split("|"))) if "|" in pattern and _PLAIN_WORDS.fullmatch(pattern) else ()
    return Type(name, inspect.getdoc(convert) or "", words)

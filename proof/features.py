"""The scenarios of the features by their names, with their keys and steps."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from proof.behave_runs import name_of
from reporting.features import read_features
from support.core.files import ROOT
from support.runner.closing_steps import OF_EVERY_SCENARIO
from support.runner.jobs import DISRUPTIVE


@dataclass(frozen=True)
class NamedScenario:
    """All scenarios of one name: examples make several of one outline."""

    name: str
    files: tuple[str, ...]
    keys: frozenset[str]
    tags: frozenset[str]
    steps: frozenset[str]


@cache
def scenarios() -> dict[str, NamedScenario]:
    """Every scenario of the features by its name."""
    found: dict[str, NamedScenario] = {}
    for read in (one for feature in read_features(ROOT) for one in feature.scenarios):
        name = name_of(read.name)
        before = found.get(name, NamedScenario(name, (), frozenset(), frozenset(), frozenset(OF_EVERY_SCENARIO)))
        found[name] = NamedScenario(
            name,
            tuple(dict.fromkeys((*before.files, read.place.file))),
            before.keys | set(read.keys),
            before.tags | {tag.name for tag in read.tags},
            before.steps | {step.name for step in read.steps},
        )
    return found


def is_disruptive(name: str) -> bool:
    """Whether the scenarios of this name stop parts of the product, and so need a sandbox of their own."""
    return DISRUPTIVE in scenarios()[name].tags


def selecting(names: Collection[str]) -> list[str]:
    """The arguments for behave that select the scenarios of exactly these names, and read no other features."""
    files = dict.fromkeys(file for name in names for file in scenarios()[name].files)
    alternatives = "|".join(re.escape(name) for name in names)
    return [*files, "--name", f"^({alternatives})( -- @|$)"]

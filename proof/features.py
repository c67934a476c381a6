"""What the features hold: scenarios by their names, with their keys and steps."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from behave.parser import parse_file

from proof.outcomes import name_of

ROOT = Path(__file__).resolve().parent.parent
KEY = re.compile(r"PZ-\d+")
# They are added to every scenario by `environment.py`.
CLOSING_STEPS = frozenset({"nothing else has changed", "nothing is left behind"})


@dataclass(frozen=True)
class Scenario:
    """All scenarios of one name, which examples may have made of one outline."""

    name: str
    files: tuple[str, ...]
    keys: frozenset[str]
    tags: frozenset[str]
    steps: frozenset[str]


@cache
def scenarios() -> dict[str, Scenario]:
    """Every scenario of the features by its name."""
    found: dict[str, Scenario] = {}
    for path in sorted(ROOT.glob("features/**/*.feature")):
        file = str(path.relative_to(ROOT))
        for parsed in parse_file(str(path)).walk_scenarios():
            name, tags = name_of(parsed.name), {str(tag) for tag in parsed.effective_tags}
            before = found.get(name, Scenario(name, (), frozenset(), frozenset(), CLOSING_STEPS))
            found[name] = Scenario(
                name,
                tuple(dict.fromkeys((*before.files, file))),
                before.keys | {tag for tag in tags if KEY.fullmatch(tag)},
                before.tags | tags,
                before.steps | {step.name for step in parsed.steps},
            )
    return found


def selecting(names: Collection[str]) -> list[str]:
    """The arguments for behave that select the scenarios of exactly these names, and spare it the other features."""
    files = dict.fromkeys(file for name in names for file in scenarios()[name].files)
    alternatives = "|".join(re.escape(name) for name in names)
    return [*files, "--name", f"^({alternatives})( -- @|$)"]

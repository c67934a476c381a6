"""What a run was asked for, seen from behave's configuration: an empty run is not a green one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from behave.runner_util import collect_feature_locations

ALLOW_EMPTY = "allow_empty"
_LINE = re.compile(r":\d+$")
_TAG = re.compile(r"[^\s()@,~]+")
_OPERATORS = ("and", "or", "not")
_HOW_TO_ALLOW = f"If a run may be empty: -D {ALLOW_EMPTY}=yes."


def may_be_empty(config: Any) -> bool:
    """Whether it was asked for that a run without scenarios, or with skipped ones only, is green."""
    return bool(config.userdata.getbool(ALLOW_EMPTY, False))


def find_mistakes(config: Any, features: Sequence[Any]) -> str | None:
    """What is wrong with what was asked for: nothing is selected, or a line is not in its file; None when all is well.

    `config` is behave's, `features` all that it has read.
    """
    beyond = [
        f"{location.filename}:{location.line} was asked for, and the file has {lines} lines. Is the line right?"
        for location in _locations(config.paths)
        if location.line > (lines := _lines_of(location.filename))
    ]
    if beyond:
        return "\n".join(beyond)
    if may_be_empty(config):
        return None
    scenarios = [scenario for feature in features for scenario in feature.walk_scenarios()]
    if any(scenario.should_run(config) for scenario in scenarios):
        return None
    asked = _asked_for(config, scenarios)
    return "\n".join(
        (
            f"Expected scenarios to run, selected none of {len(scenarios)} in {len(features)} features.",
            *(f"  - {one}" for one in asked),
            f"Correct what was asked for. {_HOW_TO_ALLOW}",
        )
    )


def all_were_skipped(reasons: Iterable[str | None]) -> str:
    """What is said of a run whose scenarios all skipped themselves, for these reasons."""
    told = [f"  - {reason}" for reason in dict.fromkeys(reason or "no reason given" for reason in reasons)]
    return "\n".join(
        (
            "Expected scenarios to run, all that were selected were skipped:",
            *told,
            f"So nothing was shown. Give the profile what they need, or select others. {_HOW_TO_ALLOW}",
        )
    )


def _locations(paths: Iterable[str]) -> Iterator[Any]:
    """Those that name a line, in a list of features, too."""
    named = [path for path in paths if _LINE.search(path) or path.startswith("@")]
    return (location for location in collect_feature_locations(named) if location.line)


def _lines_of(file: str) -> int:
    """How many lines behave counts; for an editor they may be fewer (U+0085, form feeds)."""
    return len(Path(file).read_text("utf-8", errors="replace").splitlines())


def _asked_for(config: Any, scenarios: Sequence[Any]) -> Iterator[str]:
    yield f"in {', '.join(map(str, config.paths))}"
    if config.tags:
        asked = [config.tags] if isinstance(config.tags, str) else list(config.tags)
        yield f"with the tags {' and '.join(asked)}{_unknown(asked, scenarios)}"
    if config.name:
        yield f"with a name that matches {' or '.join(config.name)}"
    for option in ("include", "exclude"):
        if pattern := getattr(config, f"{option}_re", None):
            yield f"with --{option} {getattr(pattern, 'pattern', pattern)}"


def _unknown(asked: Iterable[str], scenarios: Sequence[Any]) -> str:
    """Those tags that none of the scenarios has, with those that were perhaps meant."""
    known = {str(tag) for scenario in scenarios for tag in scenario.effective_tags}
    named = dict.fromkeys(tag for text in asked for tag in _TAG.findall(text) if tag not in _OPERATORS)
    told = ""
    for tag in named:
        if tag not in known and "*" not in tag:
            like = get_close_matches(tag, known, n=2)
            meant = f"; is it {' or '.join(f'@{one}' for one in like)}?" if like else ""
            told += f"\n    none of them has @{tag}{meant}"
    return told

"""Which scenarios a run selects, by behave's configuration; a run without any is not green."""

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


def may_be_empty(config: Any) -> bool:
    """Whether `-D allow_empty=yes` says that a run of no scenario, or of skipped ones only, is green."""
    return bool(config.userdata.getbool(ALLOW_EMPTY, False))


def is_asked_for(config: Any, tag: str) -> bool:
    """Whether the tags that were asked for name this one, and not to leave it out."""
    told = config.tags if isinstance(config.tags, str) else " ".join(config.tags or ())
    return re.search(rf"(?<!not )(?<![~-])@{re.escape(tag)}\b", told) is not None


def find_mistakes(config: Any, features: Sequence[Any]) -> str | None:
    """What is wrong with the selection: it is empty, or names a line that its file does not have; None if nothing is.

    `config` is behave's, `features` all that it has read.
    """
    beyond = [
        f"{location.filename}:{location.line} was asked for, and the file has {lines} lines. Is the line right?"
        for location in _locations(config.paths)
        if location.line > (lines := _lines_of(location.filename))
    ]
    scenarios = [scenario for feature in features for scenario in feature.walk_scenarios()]
    if beyond or may_be_empty(config) or any(scenario.should_run(config) for scenario in scenarios):
        return "\n".join(beyond) or None
    return _listed(
        f"Expected scenarios to run, selected none of {len(scenarios)} in {len(features)} features.",
        _asked_for(config, scenarios),
        "Correct what was asked for.",
    )


def all_were_skipped(reasons: Iterable[str | None]) -> str:
    """The message of a run whose scenarios all skipped themselves, for these reasons."""
    return _listed(
        "Expected scenarios to run, all that were selected were skipped:",
        dict.fromkeys(reason or "no reason given" for reason in reasons),
        "So nothing was shown. Give the profile what they need, or select others.",
    )


def _listed(heading: str, lines: Iterable[str], remedy: str) -> str:
    allowing = f"If a run may be empty: -D {ALLOW_EMPTY}=yes."
    return "\n".join((heading, *(f"  - {line}" for line in lines), f"{remedy} {allowing}"))


def _locations(paths: Iterable[str]) -> Iterator[Any]:
    """The paths that name a line, also those in a list of features."""
    named = [path for path in paths if _LINE.search(path) or path.startswith("@")]
    return (location for location in collect_feature_locations(named) if location.line)


def _lines_of(file: str) -> int:
    """How many lines behave counts; an editor may count fewer (U+0085, form feeds)."""
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
    """A line for each tag that no scenario has, with similar ones that exist."""
    known = {str(tag) for scenario in scenarios for tag in scenario.effective_tags}
    named = dict.fromkeys(tag for text in asked for tag in _TAG.findall(text) if tag not in _OPERATORS)
    lines = []
    for tag in named:
        if tag not in known and "*" not in tag:
            similar = " or ".join(f"@{one}" for one in get_close_matches(tag, known, n=2))
            lines.append(f"\n    none of them has @{tag}{f'; is it {similar}?' if similar else ''}")
    return "".join(lines)

"""The traceability as data: CSV for spreadsheets, and JSON as in `docs/schemas/traceability.schema.json`."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from reporting.lint import Problem
from reporting.traceability import Traceability, TracedCase, TracedScenario

COLUMNS = (
    "key", "title", "area", "priority", "result", "reason", "scenarios", "start", "duration_s", "message",
    "known_issues",
)  # fmt: skip


def as_csv(traced: Traceability) -> str:
    """A row for each case; the places of its scenarios are in one cell, one per line."""
    out = io.StringIO()
    rows = csv.writer(out)  # With its own line ends, which are of two characters, it quotes both wherever they are.
    rows.writerow(COLUMNS)
    for one in traced.cases:
        case = one.case
        rows.writerow(
            [
                *(_harmless(text) for text in (case.key, case.title, case.area, case.priority, one.state, case.reason)),
                "\n".join(str(scenario.scenario.place) for scenario in one.scenarios),
                _moment(one.start) or "",
                f"{one.duration_s:.3f}" if one.results else "",
                _harmless("\n\n".join(result.message for result in one.results if result.message)),
                _harmless(", ".join(one.shown_issues)),
            ]
        )
    return out.getvalue()


def as_document(
    traced: Traceability, problems: Iterable[Problem], *, test_case_url: str | None, made: datetime
) -> dict[str, Any]:
    """The whole traceability, for other programs."""
    return {
        "made": _moment(made),
        "run": {
            "start": _moment(traced.run.start),
            "stop": _moment(traced.run.stop),
            "environment": dict(traced.run.environment),
            "errors": list(traced.run.errors),
            "remarks": list(traced.run.remarks),
            "stale_results": len(traced.stale),
        },
        "totals": {
            "cases": len(traced.cases),
            "automated": traced.automated,
            "by_state": dict(traced.by_state()),
            "by_area": counted(traced.cases, lambda one: one.case.area),
            "by_priority": counted(traced.cases, lambda one: one.case.priority),
        },
        "cases": [_case(one, test_case_url) for one in traced.cases],
        "extra": [
            {**_scenario(one), "reason": one.scenario.extra_reason} for one in traced.scenarios if one.scenario.is_extra
        ],
        "problems": [
            {"file": problem.place.file, "line": problem.place.line, "message": problem.message} for problem in problems
        ],
    }


def counted(cases: Iterable[TracedCase], group: Callable[[TracedCase], str]) -> Mapping[str, Mapping[str, int]]:
    """The number of cases in each state, for each group in the order of the plan."""
    counts: dict[str, Counter[str]] = {}
    for one in cases:
        counts.setdefault(group(one), Counter())[one.state] += 1
    return {name: dict(states) for name, states in counts.items()}


def _case(one: TracedCase, test_case_url: str | None) -> dict[str, Any]:
    case = one.case
    return {
        "key": case.key,
        "title": case.title,
        "area": case.area,
        "priority": case.priority,
        "url": test_case_url.replace("{key}", case.key) if test_case_url else None,
        "state": one.state,
        "reason": case.reason or None,
        "start": _moment(one.start),
        "duration_s": round(one.duration_s, 3) if one.results else None,
        "scenarios": [_scenario(scenario) for scenario in one.scenarios],
    }


def _scenario(one: TracedScenario) -> dict[str, Any]:
    return {
        "name": one.scenario.name,
        "file": one.scenario.place.file,
        "line": one.scenario.place.line,
        "status": one.status.value,
        "known_issues": list(one.shown_issues),
        "start": _moment(one.result.start) if one.result else None,
        "duration_s": round(one.result.duration_s, 3) if one.result else None,
        "message": (one.result.message or None) if one.result else None,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None


def _harmless(text: str) -> str:
    """The text with a quote before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

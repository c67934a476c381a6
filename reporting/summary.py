"""A summary of the traceability, on one screen of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reporting.lint import Problem
from reporting.page import MARKS
from reporting.plan import PlannedState
from reporting.tables import counted
from reporting.traceability import Traceability, TracedCase
from reporting.verdicts import CaseVerdict, Status

# For terminals that cannot show the marks of the pages.
PLAIN_MARKS = {
    CaseVerdict.PASSED.value: "+",
    CaseVerdict.FAILED.value: "x",
    CaseVerdict.BROKEN.value: "!",
    CaseVerdict.INCOMPLETE.value: "~",
    CaseVerdict.NOT_RUN.value: "o",
    Status.SKIPPED.value: "-",
    PlannedState.PLANNED.value: ".",
    PlannedState.NEEDS_A_DECISION.value: "?",
    PlannedState.MANUAL.value: "m",
    "unexplained": "!!",
}
_SHOWN = 10  # lines at most; there may be hundreds


def marks_for(encoding: str) -> Mapping[str, str]:
    """The marks of the pages if this encoding has them all, else ASCII ones."""
    try:
        "".join(MARKS.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN_MARKS
    return MARKS


def as_summary(traced: Traceability, problems: Sequence[Problem], marks: Mapping[str, str] = MARKS) -> RenderableType:
    """How much was run, a table of areas and states, the failed and broken cases, and the problems of the lint."""
    states = [state for state in marks if state in traced.by_state()]
    table = Table(
        title=f"{len(traced.cases)} test cases, {traced.automated} automated",
        caption="   ".join(f"{marks[state]} {state}" for state in states),
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("area")
    for heading in ("cases", *(marks[state] for state in states)):
        table.add_column(heading, justify="right")
    for area, counts in counted(traced.cases, lambda one: one.case.area).items():
        table.add_row(area, str(sum(counts.values())), *(str(counts.get(state, "")) for state in states))
    table.add_section()
    table.add_row("all", str(len(traced.cases)), *(str(traced.by_state()[state]) for state in states))
    red = [one for one in traced.cases if one.is_automated and one.verdict in (CaseVerdict.FAILED, CaseVerdict.BROKEN)]
    lines = [f"{marks[one.state]} {one.case.key} {one.state}: {one.case.title}{_known(one)}" for one in red]
    if traced.run.errors:
        lines += [f"! the run: {error}" for error in traced.run.errors]
    if traced.stale:
        lines.append(f"{len(traced.stale)} results are of scenarios that have changed since: run the features again")
    part = [Text(f"Part of the suite: {traced.part}")] if traced.part else []
    return Group(*part, table, *_first(lines), *_first([str(problem) for problem in problems]))


def _known(one: TracedCase) -> str:
    return f" (known: {', '.join(one.shown_issues)})" if one.is_known else ""


def _first(lines: Sequence[str]) -> list[Text]:
    more = [f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [Text(line) for line in (*lines[:_SHOWN], *more)]

"""The traceability as one page for people: `traceability.html`, which needs no other file and no network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import md5
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting.lint import Problem
from reporting.plan import PlannedState
from reporting.results import ScenarioResult
from reporting.tables import counted
from reporting.traceability import Traceability
from reporting.verdicts import CaseVerdict, Status

# States are shown by mark and word, and by colour only in addition.
MARKS = {
    CaseVerdict.PASSED.value: "✓",
    CaseVerdict.FAILED.value: "✗",
    CaseVerdict.BROKEN.value: "!",
    CaseVerdict.INCOMPLETE.value: "◐",
    CaseVerdict.NOT_RUN.value: "○",
    Status.SKIPPED.value: "–",
    PlannedState.PLANNED.value: "…",
    PlannedState.NEEDS_A_DECISION.value: "?",
    PlannedState.MANUAL.value: "☞",
    "unexplained": "‼",
}


def as_page(
    traced: Traceability,
    problems: Sequence[Problem],
    *,
    test_case_url: str | None,
    allure_site: str | None,
    made: datetime,
) -> str:
    """The page.

    `test_case_url` has `{key}` where a case's key belongs; `allure_site` is the address of the Allure site's page,
    relative to this one. Without them there are no such links.
    """
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    states = [state for state in MARKS if state in traced.by_state()]
    return templates.get_template("traceability.html.j2").render(
        traced=traced,
        problems=problems,
        made=made,
        marks=MARKS,
        states=states,
        areas=counted(traced.cases, lambda one: one.case.area),
        priorities=counted(traced.cases, lambda one: one.case.priority),
        case_link=lambda key: test_case_url.replace("{key}", key) if test_case_url else None,
        has_evidence=allure_site is not None,
        result_link=lambda result: _in_allure(result, allure_site) if allure_site and result else None,
    )


def find_allure_site(reports: Path) -> str | None:
    """The address of the Allure site, relative to the folder of the reports.

    None if it was not built since the last run: results have new ids in every run, and an older site has none of them.
    """
    results = (reports / "allure-results").glob("*-result.json")
    newest = max((result.stat().st_mtime_ns for result in results), default=0)
    # With one plugin the site is the folder itself, with several that of the plugin.
    for page in ("allure-report/awesome/index.html", "allure-report/index.html"):
        if (reports / page).exists() and (reports / page).stat().st_mtime_ns >= newest:
            return page
    return None


def _in_allure(result: ScenarioResult, site: str) -> str:
    """Allure 3 knows a result by a hash of its uuid."""
    return f"{site}#{md5(result.uuid.encode(), usedforsecurity=False).hexdigest()}"

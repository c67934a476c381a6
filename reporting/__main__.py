"""`make traceability`, `make export` and `make publish`: what the last run says about the plan, for those who ask."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reporting.features import FeatureUnreadable, read_features
from reporting.lint import Problem, lint
from reporting.page import as_page, find_allure_site
from reporting.plan import PlanError, read_plan
from reporting.results import ResultsUnreadable, Run, read_run
from reporting.summary import as_summary
from reporting.tables import as_csv, as_document
from reporting.traceability import Traceability, trace
from support.errors import SettingsError
from support.profile import ROOT, read_profile

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
console = Console(highlight=False)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)

Plan = Annotated[Path, typer.Option(help="The cases of the plan.")]
Reports = Annotated[
    Path, typer.Option(envvar="FOCUS__REPORTS__DIRECTORY", help="Where the run has left its results, and reports go.")
]


@dataclass(frozen=True)
class _Found:
    traced: Traceability
    problems: list[Problem]


@app.callback()
def reporting() -> None:
    """Say which test cases of the plan are automated, how they ended, and what is open.

    Which scenario shows which case is read from the tags in features/, results from the last run's
    reports/allure-results. Everything works before a run, too: then no case has a result.
    """


@app.command()
def traceability(
    plan: Plan = Path("config/test_cases.csv"),
    reports: Reports = Path("reports"),
    results: Annotated[bool, typer.Option(help="Read the results of the last run, or only the features.")] = True,
    test_case_url: Annotated[
        str | None,
        typer.Option(
            envvar="FOCUS__REPORTS__TEST_CASE_URL",
            help="Address of a case, with {key} in the place of its key; else that of the profile (FOCUS_PROFILE).",
        ),
    ] = None,
) -> None:
    """Lint plan and features, and write traceability.html, .csv and .json.

    Exits with 1 when there is something to put right: a scenario without a key, an unknown or malformed key, a case
    that is neither shown nor excused, or both, a name that stands twice in a feature. Red scenarios are no reason.
    """
    reports = ROOT / reports
    found = _find(plan, reports if results else None)
    made, url = datetime.now(UTC), test_case_url or _test_case_url()
    reports.mkdir(parents=True, exist_ok=True)
    page = as_page(found.traced, found.problems, test_case_url=url, allure_site=find_allure_site(reports), made=made)
    document = as_document(found.traced, found.problems, test_case_url=url, made=made)
    (reports / "traceability.html").write_text(page, "utf-8")
    (reports / "traceability.csv").write_text(as_csv(found.traced), "utf-8")
    (reports / "traceability.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    console.print(as_summary(found.traced, found.problems))
    console.print(f"Traceability: {_shown(reports)}/traceability.html, .csv, .json", soft_wrap=True)
    raise typer.Exit(1 if found.problems else 0)


@app.command("lint")
def lint_only(plan: Plan = Path("config/test_cases.csv")) -> None:
    """Lint plan and features, and write nothing; a problem a line, as compilers print theirs."""
    problems = _find(plan, None).problems
    for problem in problems:
        console.print(str(problem), soft_wrap=True, markup=False)
    raise typer.Exit(1 if problems else 0)


def _find(plan: Path, reports: Path | None) -> _Found:
    try:
        features = read_features(ROOT)
        run = read_run(reports / "allure-results") if reports else Run()
        traced = trace(read_plan(ROOT / plan, ROOT), features, run)
    except (FeatureUnreadable, PlanError, ResultsUnreadable) as error:
        raise _stop(str(error)) from None
    return _Found(traced, lint(features, traced))


def _test_case_url() -> str | None:
    """The profile's; a profile need not be complete for it."""
    try:
        reports = read_profile(os.environ.get("FOCUS_PROFILE") or "local").tree.get("reports", {})
    except SettingsError as error:
        raise _stop(str(error)) from None
    return str(reports["test_case_url"]) if reports.get("test_case_url") else None


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _stop(message: str) -> typer.Exit:
    complaints.print(message, style="bold", markup=False)
    return typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="python -m reporting")

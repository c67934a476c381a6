"""Commands that report on the last run, the plan and the features; see `make help`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from redaction import protect_output
from reporting.cucumber import as_cucumber
from reporting.documentation.capabilities import CapabilitiesError, read_capabilities
from reporting.documentation.pages import INDEX, as_pages
from reporting.documentation.vocabulary import read_vocabulary
from reporting.evidence import Which, missing
from reporting.features import Feature, FeatureUnreadable, read_features
from reporting.glossary import GlossaryError, read_glossary
from reporting.junit import as_junit
from reporting.lint import Problem, lint
from reporting.merge import NothingToMerge, merge
from reporting.page import as_page, find_allure_site
from reporting.plan import PlanError, read_plan
from reporting.publish import PublishFailed, XrayTarget, as_dry_run, publish
from reporting.results import ResultsUnreadable, RunResults, read_results
from reporting.runs import FoundRun, RunUnknown, find_run
from reporting.summary import as_summary, marks_for
from reporting.tables import as_csv, as_document
from reporting.traceability import Traceability, trace
from reporting.xray import Dialect, Execution, NothingForThePlan, NothingWasRun, as_xray
from support.core.characters import allowed, as_json
from support.core.errors import EnvironmentBroken, SettingsError
from support.core.files import ROOT, write_whole
from support.profile.profile import chosen_profile, read_profile
from support.profile.settings import Reports as Settings
from support.runner.run_folder import NAME_VARIABLE
from support.runner.run_record import State

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="markdown"
)
console = Console(highlight=False)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)

Plan = Annotated[Path, typer.Option(help="The cases of the plan.")]
PLAN = Path("config/test_cases.csv")
Reports = Annotated[
    Path | None,
    typer.Option(
        envvar="FOCUS__REPORTS__DIRECTORY",
        help="Where runs have their folders, and reports go; else as in the profile (FOCUS_PROFILE).",
        show_default=False,
    ),
]
AskedRun = Annotated[
    str | None,
    typer.Option(
        "--run",
        envvar=NAME_VARIABLE,
        help="Which run: its name or folder, or `latest`, the last that has ended; else the last, even if interrupted.",
        show_default=False,
    ),
]
TestCaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="FOCUS__REPORTS__TEST_CASE_URL",
        help="Address of a case, with {key} in the place of its key; else as in the profile (FOCUS_PROFILE).",
        show_default=False,
    ),
]
Evidence = Annotated[Which, typer.Option(help="Of which scenarios evidence is included.")]
Project = Annotated[str, typer.Option(help="Project of the test execution.")]
TestPlan = Annotated[str, typer.Option(help="Plan that the execution belongs to.")]
ExecutionKey = Annotated[str | None, typer.Option("--execution", help="An existing execution, which gets the results.")]


NO_RUN_YET = "Expected a run, seen none yet: run the features first (make acceptance)."


@dataclass(frozen=True)
class _Found:
    features: tuple[Feature, ...]
    traced: Traceability
    problems: list[Problem]


@app.callback()
def reporting() -> None:
    """Say which test cases of the plan are automated, how they ended, and what is open.

    The tags in features/ say which scenario shows which case. Results are read from the folder of the last run, and
    reports are written there. Before the first run no case has a result, and reports go beside the folders of runs.
    """


@app.command()
def traceability(
    plan: Plan = PLAN,
    reports: Reports = None,
    results: Annotated[bool, typer.Option(help="Read the results of the run, or only the features.")] = True,
    test_case_url: TestCaseUrl = None,
    run: AskedRun = None,
) -> None:
    """Lint plan and features, and write traceability.html, .csv and .json.

    Exits with 1 when something has to be corrected: a scenario without a key, an unknown or malformed key, a case that
    is neither shown nor excused, or both, two scenarios of one name in a feature, a word that the glossary has another
    for. Failed scenarios do not matter.
    """
    settings = _settings()
    url = _pattern(test_case_url) or settings.test_case_url
    directory = _directory(reports)
    meant = _meant(directory, run) if results else None
    folder = meant.folder if meant else directory
    found = _find(plan, meant)
    made = datetime.now(UTC)
    page = as_page(found.traced, found.problems, test_case_url=url, allure_site=find_allure_site(folder), made=made)
    document = as_document(found.traced, found.problems, test_case_url=url, made=made)
    console.print(as_summary(found.traced, found.problems, marks_for(console.encoding)))
    _write(folder / "traceability.html", allowed(page).encode())
    _write(folder / "traceability.csv", allowed(as_csv(found.traced)).encode())
    _write(folder / "traceability.json", as_json(document))
    raise typer.Exit(1 if found.problems else 0)


@app.command()
def docs(reports: Reports = None, test_case_url: TestCaseUrl = None, run: AskedRun = None) -> None:
    """Write the features as HTML pages, into the folder `docs` of the run.

    An index of the capabilities in the order of features/capabilities.toml, a page for each feature with its rules,
    scenarios and their last results, the glossary, and the vocabulary of steps for authors of scenarios.
    """
    settings = _settings()
    directory = _directory(reports)
    meant = _meant(directory, run)
    folder = meant.folder if meant else directory
    try:
        features = read_features(ROOT)
        traced = trace([], features, _results_of(meant))
        capabilities, glossary = read_capabilities(ROOT, features), read_glossary(ROOT)
    except (CapabilitiesError, FeatureUnreadable, GlossaryError, ResultsUnreadable) as error:
        raise _stop(str(error)) from None
    url, made = _pattern(test_case_url) or settings.test_case_url, datetime.now(UTC)
    vocabulary = read_vocabulary(ROOT, features)
    pages = as_pages(capabilities, vocabulary, glossary, traced, test_case_url=url, made=made)
    for name, page in pages.items():
        _put(folder / "docs" / name, allowed(page).encode())
    for old in (folder / "docs").glob("*.html"):  # Only pages: the folder may hold other files.
        if old.name not in pages:
            old.unlink()
    console.print(f"{_shown(folder / 'docs' / INDEX)}, and {len(pages) - 1} pages beside it", soft_wrap=True)


@app.command("merge")
def merge_shards(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folders of the shards' runs, or directories that hold them.", show_default=False),
    ],
    reports: Reports = None,
) -> None:
    """Make one run of the runs of all shards (`behave -D shard=1/8`); `latest` leads to it.

    Exits with 0 when the merged run is green, with 1 when it is red, and with 2 when nothing can be merged: a shard is
    missing or given twice, or the folders are not shards of one run.
    """
    try:
        merged = merge(folders, _directory(reports), command=["merge", *map(str, folders)])
    except (NothingToMerge, SettingsError, EnvironmentBroken) as error:
        raise _stop(str(error)) from None
    for warning in merged.warnings:
        complaints.print(warning, markup=False)
    console.print(merged.run.told, soft_wrap=True, markup=False)
    console.print(f"Results: {_shown(merged.run.folder)}", soft_wrap=True, markup=False)
    raise typer.Exit(0 if merged.run.record.passed else 1)


@app.command("folder")
def folder_of_a_run(reports: Reports = None, run: AskedRun = None) -> None:
    """Print the path of the run's folder, for scripts."""
    found = _asked_for(_directory(reports), run)
    if found is None:
        raise _stop(NO_RUN_YET)
    # Past the stream, which masks secrets: a script needs the path as it is.
    sys.stdout.buffer.write(os.fsencode(found.folder) + b"\n")
    sys.stdout.buffer.flush()


@app.command("lint")
def lint_only(plan: Plan = PLAN) -> None:
    """Lint plan and features, and write nothing; one problem per line, as compilers print theirs."""
    problems = _find(plan, None).problems
    for problem in problems:
        console.print(str(problem), soft_wrap=True, markup=False)
    raise typer.Exit(1 if problems else 0)


@app.command()
def export(
    plan: Plan = PLAN,
    reports: Reports = None,
    evidence: Evidence = Which.RED,
    project: Project = Execution.project,
    test_plan: TestPlan = Execution.test_plan,
    execution: ExecutionKey = None,
    run: AskedRun = None,
) -> None:
    """Write the last run's results for test management tools, into the folder `export` of the run.

    Xray JSON for Server and for Cloud, JUnit XML with the keys as properties, Cucumber JSON. docs/reports.md says what
    each of them holds. An interrupted run is exported only by its name.
    """
    meant = _meant(_directory(reports), run)
    if meant is None:
        raise _stop(NO_RUN_YET)
    if not meant.is_whole and (run is None or meant.record.state is State.RUNNING):
        raise _stop(_not_whole(meant, f"To export it as it is: --run {meant.record.name}. "))
    found = _find(plan, meant)
    folder = meant.folder / "export"
    filed_under = Execution(project, test_plan, execution)
    for dialect in Dialect:
        file = folder / f"xray-{dialect}.json"
        try:
            _write(file, as_json(as_xray(found.traced, dialect, execution=filed_under, evidence=evidence)))
        except NothingForThePlan as error:
            file.unlink(missing_ok=True)
            console.print(f"No {file.name}: {error}", soft_wrap=True)
        except NothingWasRun as error:
            raise _stop(str(error)) from None
    _write(folder / "junit.xml", as_junit(found.traced))
    _tell_missing(found, evidence)
    _write(folder / "cucumber.json", as_json(as_cucumber(found.traced, found.features, evidence=evidence)))


@app.command("publish")
def publish_execution(
    plan: Plan = PLAN,
    reports: Reports = None,
    evidence: Evidence = Which.RED,
    project: Project = Execution.project,
    test_plan: TestPlan = Execution.test_plan,
    execution: ExecutionKey = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    run: AskedRun = None,
) -> None:
    """Send the last run to Xray; off unless environment variables give the address and the credentials.

    FOCUS_PUBLISH_URL (https://…, of Jira or of Xray Cloud) and FOCUS_PUBLISH_TOKEN, or for Xray Cloud
    FOCUS_PUBLISH_CLIENT_ID and FOCUS_PUBLISH_CLIENT_SECRET; FOCUS_PUBLISH_DIALECT (server, cloud),
    FOCUS_PUBLISH_CA_FILE and FOCUS_PUBLISH_TIMEOUT_S override the defaults (server, the system's, 60).
    """
    if not any(os.environ.get(f"FOCUS_PUBLISH_{name}") for name in ("URL", "TOKEN", "CLIENT_ID", "CLIENT_SECRET")):
        console.print("Publishing is off: FOCUS_PUBLISH_URL and FOCUS_PUBLISH_TOKEN are not set.", soft_wrap=True)
        return
    try:
        target = XrayTarget()
    except ValidationError as error:
        problems = [(one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors(include_input=False)]
        # Not after a colon: what follows "TOKEN:" is taken for one, and masked.
        wrong = "; ".join(f"FOCUS_PUBLISH_{str(loc[0]).upper()} ({msg})" if loc else msg for loc, msg in problems)
        raise _stop(f"Expected where to publish in the environment, seen {wrong}.") from None
    meant = _meant(_directory(reports), run)
    if meant is None:
        raise _stop(NO_RUN_YET)
    if not meant.is_whole:
        raise _stop(_not_whole(meant))
    found = _find(plan, meant)
    if found.traced.stale:
        raise _stop(
            f"Expected results of the features as they are now, seen {len(found.traced.stale)} of scenarios that have "
            "changed since. Run the features again."
        )
    filed_under = Execution(project, test_plan, execution)
    try:
        document = as_xray(found.traced, target.dialect, execution=filed_under, evidence=evidence)
    except NothingWasRun as error:
        raise _stop(str(error)) from None
    _tell_missing(found, evidence)
    if dry_run:
        body = meant.folder / "export" / f"xray-{target.dialect}.json"
        _write(body, as_json(document))
        console.print(as_dry_run(document, target), soft_wrap=True, markup=False)
        return
    try:
        console.print(f"Published as {publish(document, target)}.", soft_wrap=True)
    except PublishFailed as error:
        raise _stop(str(error)) from None


def _directory(reports: Path | None) -> Path:
    return ROOT / reports.expanduser() if reports else _settings().directory


def _asked_for(reports: Path, run: str | None) -> FoundRun | None:
    try:
        return find_run(reports, run)
    except RunUnknown as error:
        raise _stop(str(error)) from None


def _meant(reports: Path, run: str | None) -> FoundRun | None:
    """The run that is meant; its name is printed."""
    found = _asked_for(reports, run)
    console.print(found.told if found else "No run yet", soft_wrap=True, markup=False)
    return found


def _not_whole(run: FoundRun, way: str = "") -> str:
    state = "was interrupted" if run.record.state is State.INTERRUPTED else "has not ended"
    return (
        f"Expected a run that has ended, seen {run.record.name}, which {state}: its results are not whole. {way}"
        "Run the features again, or take the last that has ended: --run latest."
    )


def _results_of(run: FoundRun | None) -> RunResults:
    return read_results(run.results) if run else RunResults()


def _find(plan: Path, run: FoundRun | None) -> _Found:
    try:
        features = read_features(ROOT)
        traced = trace(read_plan(ROOT / plan, ROOT), features, _results_of(run))
        glossary = read_glossary(ROOT)
    except (FeatureUnreadable, GlossaryError, PlanError, ResultsUnreadable) as error:
        raise _stop(str(error)) from None
    for remark in traced.run.remarks:
        complaints.print(remark, markup=False)
    return _Found(features, traced, lint(features, traced, glossary))


def _pattern(test_case_url: str | None) -> str | None:
    if test_case_url and "{key}" not in test_case_url:
        raise _stop(f"Expected an address with {{key}} where the key goes, seen --test-case-url {test_case_url}")
    return test_case_url


def _settings() -> Settings:
    """The profile's settings of reports; the rest of it need not be complete."""
    try:
        return read_profile(chosen_profile()).reports()
    except SettingsError as error:
        raise _stop(str(error)) from None


def _write(path: Path, content: bytes) -> None:
    _put(path, content)
    console.print(_shown(path), soft_wrap=True, markup=False)


def _put(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise _stop(
            f"{path} cannot be written: {error.strerror or error}. Free some space or correct that, and try again."
        ) from None


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _tell_missing(found: _Found, evidence: Which) -> None:
    lines = missing(found.traced.run.results, evidence)
    if lines:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        complaints.print(f"{lines[0]}{more}. The export says so in its place.", markup=False)


def _stop(message: str) -> typer.Exit:
    complaints.print(message, style="bold", markup=False)
    return typer.Exit(2)


if __name__ == "__main__":
    protect_output()
    app(prog_name="python -m reporting")

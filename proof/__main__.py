"""`make prove` and `make mutants`: see whether the suite can fail for every reason that it exists for."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from proof import catalogue, defect_report, defect_runs, disruptive_runs
from proof.behave_runs import ScenarioOutcome
from proof.defect_report import Proof
from proof.detection import DefectOutcome
from proof.mutation import mutate
from proof.progress import progress_bars
from proof.tenant_pool import lease_tenants
from redaction import protect_output
from sandbox.defects import Defect
from support.core.errors import EnvironmentBroken, SettingsError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(soft_wrap=True, highlight=False)

app.command("mutants")(mutate)

Workers = Annotated[int, typer.Option(min=1, max=16, help="How many tenants of the sandbox to use at a time.")]


@app.callback()
def proof() -> None:
    """Prove that the suite can fail. The sandbox should be up (`make sandbox`)."""


@app.command()
def prove(
    only: Annotated[str, typer.Option(help="A regular expression: only defects whose name or area matches.")] = "",
    workers: Workers = 8,
    expected: Annotated[
        Path, typer.Option(help="A CSV file: which scenario must catch which defect.")
    ] = catalogue.EXPECTED,
    reports: Annotated[Path, typer.Option(help="The directory that the matrix is written to.")] = Path("reports"),
) -> None:
    """Run the suite's scenarios against each defect of the catalogue, and without one before and after.

    Fails when a defect is missed or caught only by an unrelated scenario, when a message does not name what is wrong,
    or when anything is red without a defect.
    """
    try:
        entries = [entry for entry in catalogue.read(expected) if _is_selected(entry.defect, only)]
        if not entries:
            raise typer.BadParameter(
                f"no defect has a name or an area with {only!r}; `python -m sandbox.defects` lists their names"
            )
        before: dict[str, ScenarioOutcome] = {}
        after: dict[str, ScenarioOutcome] = {}
        outcomes: list[DefectOutcome] = []
        took_s = 0.0
        if on_tenants := [entry for entry in entries if not entry.is_disruptive]:
            names = catalogue.scenarios_of(on_tenants)
            with lease_tenants(workers) as tenants, progress_bars(console) as bar:
                before |= defect_runs.baseline_of_defects(tenants, names, bar("baseline", len(names)))
                started = time.monotonic()
                outcomes += defect_runs.with_defects(tenants, on_tenants, bar("defects", len(on_tenants)))
                took_s += time.monotonic() - started
                after |= defect_runs.baseline(tenants, names, bar("baseline", len(names)))
        if disruptive := [entry for entry in entries if entry.is_disruptive]:
            names = catalogue.scenarios_of(disruptive)
            with progress_bars(console) as bar:
                before |= disruptive_runs.baseline(names, bar("baseline, parts stop", len(names)))
                started = time.monotonic()
                outcomes += disruptive_runs.with_defects(disruptive, bar("defects, parts stop", len(disruptive)))
                took_s += time.monotonic() - started
    except (catalogue.CatalogueError, EnvironmentBroken, SettingsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    found = Proof(before, outcomes, after, took_s, catalogue.exempt_test_cases(), whole=not only)
    html, data = defect_report.write(found, reports)
    _show(found)
    for problem in found.problems:
        console.print(f"  - {problem}", style="red", markup=False)
    console.print(f"{html}, {data}", markup=False)
    raise typer.Exit(1 if found.problems else 0)


def _is_selected(defect: Defect, only: str) -> bool:
    return any(re.search(only, words) for words in (defect.name, defect.area))


def _show(found: Proof) -> None:
    table = Table("area", "defects", "caught", title="What the suite catches", title_justify="left")
    for area, outcomes in defect_report.by_area(found.outcomes).items():
        table.add_row(area, str(len(outcomes)), str(sum(outcome.caught for outcome in outcomes)))
    total = len(found.outcomes)
    table.add_section()
    table.add_row("all", str(total), str(sum(outcome.caught for outcome in found.outcomes)))
    console.print(table)
    console.print(
        f"{len(found.keys_seen_red)} test cases were seen red, {len(found.keys_never_red)} never. "
        f"The defects took {found.matrix_s:.0f} s."
    )


if __name__ == "__main__":
    protect_output()
    app()

"""The command `mutants`: mutation testing of the server."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from proof import mutant_runs, mutants, mutated_modules, mutation_report, survivors
from proof.kill_history import KillHistory
from proof.mutant_runs import MutantOutcome
from proof.mutation_report import MutationRun
from proof.progress import progress_bars
from proof.tenant_pool import lease_tenants
from support.core.errors import EnvironmentBroken, SettingsError
from support.core.files import ROOT

console = Console(soft_wrap=True, highlight=False)


def mutate(
    only: Annotated[str, typer.Option(help="A regular expression for 'file:line: change' of mutants.")] = "",
    briefly: Annotated[bool, typer.Option(help="Run only the features that cover a module.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=16, help="How many tenants of the sandbox to use at a time.")] = 6,
    reports: Annotated[Path, typer.Option(help="The directory that the results are written to.")] = Path("reports"),
) -> None:
    """Run the suite's scenarios against each mutant of the server, until one kills it.

    Fails when a mutant survives that is not in `survivors.csv`, when one in that file is killed or does not exist,
    when the mutation score of what decides is too low, or when anything is red without a mutant.
    """
    try:
        accepted_survivors = survivors.read()
        every = mutants.read(mutated_modules.files(ROOT), ROOT)
        chosen = [mutant for mutant in every if re.search(only, str(mutant))]
        if not chosen:
            raise typer.BadParameter(f"there is no mutant with {only!r}")
        history = KillHistory.read(reports)
        features = mutated_modules.features_for_all(mutant.id.file for mutant in chosen)
        with lease_tenants(workers) as tenants, progress_bars(console) as bar:

            def ended(result: MutantOutcome) -> None:
                advance()
                if not result.killed and result.mutant.id not in accepted_survivors:
                    console.print(f"{result.status}: {result.mutant}", markup=False)

            unchanged_module = mutants.unchanged(chosen[0], ROOT)
            started = time.monotonic()
            before = mutant_runs.baseline_run(tenants, features, unchanged_module, bar("baseline", len(features)))
            advance = bar("mutants", len(chosen))
            try:
                results = mutant_runs.run_mutants(
                    tenants, chosen, set(accepted_survivors), before.took_s, history, ended, briefly=briefly
                )
            finally:  # Also of a run that is interrupted.
                history.write(reports)
            # All that may have been run: these are all features if one survived that is not accepted.
            asked = features if briefly else mutated_modules.every_feature()
            after = mutant_runs.baseline_run(tenants, asked, unchanged_module, bar("baseline", len(asked)))
    except (survivors.SurvivorsError, EnvironmentBroken, SettingsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    obsolete = survivors.obsolete(accepted_survivors, {mutant.id for mutant in every})
    found = MutationRun(
        before.red, results, after.red, accepted_survivors, obsolete, len(every), time.monotonic() - started
    )
    html, data = mutation_report.write(found, reports)
    _show(found)
    console.print(f"{html}, {data}", markup=False)
    raise typer.Exit(1 if found.problems else 0)


def _show(found: MutationRun) -> None:
    table = Table("file", "mutants", "killed", "survived", title="Mutants that the suite kills", title_justify="left")
    for file, statuses in found.files.items():
        survived = statuses[mutant_runs.MutantStatus.SURVIVED]
        unclear = statuses[mutant_runs.MutantStatus.UNCLEAR]
        table.add_row(file, str(statuses.total()), str(statuses.total() - survived - unclear), str(survived))
    console.print(table)
    for result, acceptance in found.survivors:
        reason = f"{acceptance.classification}: {acceptance.reason}" if acceptance else "no reason is given"
        console.print(f"  {result.mutant} ({reason})", markup=False)
    console.print(
        f"{found.killed} of {len(found.results)} mutants were killed, {found.equivalent} are equivalent. "
        f"It took {found.took_s / 60:.0f} min."
    )
    if found.score is not None:
        console.print(f"{found.score:.1%} of the non-equivalent mutants of modules that decide were killed.")
    for problem in found.problems:
        console.print(f"  - {problem}", style="red", markup=False)

"""The command `mutants`: which of them the suite kills."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from proof import decisions, killing, mutants, mutation_report, survivors
from proof.killers import Killers
from proof.killing import End
from proof.mutation_report import Mutation
from proof.progress import progress_bars
from proof.tenants import tenants
from support.core.errors import EnvironmentBroken, SettingsError
from support.core.files import ROOT

console = Console(soft_wrap=True, highlight=False)


def mutate(
    only: Annotated[str, typer.Option(help="A pattern: only mutants in whose 'file:line: change' it is found.")] = "",
    briefly: Annotated[bool, typer.Option(help="Ask no features but those that show what a module decides.")] = False,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Tenants of the sandbox to work in at a time.")] = 6,
    reports: Annotated[Path, typer.Option(help="Where it is written to what came of it.")] = Path("reports"),
) -> None:
    """Run the suite's scenarios against each mutant of the server's decision code, until one kills it.

    Fails when a mutant survives that has no line in `survivors.csv`, when one has a line that is killed or not there,
    when too few of all are killed, or when anything is red without a mutant.
    """
    try:
        excuses = survivors.read()
        every = mutants.read(decisions.files(ROOT), ROOT)
        chosen = [mutant for mutant in every if re.search(only, str(mutant))]
        if not chosen:
            raise typer.BadParameter(f"there is no mutant with {only!r}")
        known = Killers.read(reports)
        features = decisions.features_for_all(mutant.identity.file for mutant in chosen)
        with tenants(workers) as lent, progress_bars(console) as bar:

            def ended(end: End) -> None:
                advance()
                if not end.killed and end.mutant.identity not in excuses:
                    console.print(f"{end.fate}: {end.mutant}", markup=False)

            clean = mutants.unchanged(chosen[0], ROOT)
            started = time.monotonic()
            before = killing.without_mutant(lent, features, clean, bar("without a mutant", len(features)))
            advance = bar("with one each", len(chosen))
            try:
                ends = killing.kill(lent, chosen, set(excuses), before.took_s, known, ended, briefly=briefly)
            finally:  # Also of a run that is cut short.
                known.write(reports)
            # All that may have been asked, which are all features if one lived that has no excuse.
            asked = features if briefly else decisions.every_feature()
            after = killing.without_mutant(lent, asked, clean, bar("without a mutant", len(asked)))
    except (survivors.SurvivorsError, EnvironmentBroken, SettingsError) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    unknown = survivors.unknown(excuses, {mutant.identity for mutant in every})
    found = Mutation(before.red, ends, after.red, excuses, unknown, len(every), time.monotonic() - started)
    html, data = mutation_report.write(found, reports)
    _show(found)
    console.print(f"{html}, {data}", markup=False)
    raise typer.Exit(1 if found.problems else 0)


def _show(found: Mutation) -> None:
    table = Table("file", "mutants", "killed", "survived", title="What the suite notices", title_justify="left")
    for file, fates in found.files.items():
        survived = fates[killing.Fate.SURVIVED]
        unclear = fates[killing.Fate.UNCLEAR]
        table.add_row(file, str(fates.total()), str(fates.total() - survived - unclear), str(survived))
    console.print(table)
    for end, excuse in found.survivors:
        reason = f"{excuse.why}: {excuse.reason}" if excuse else "no reason is given"
        console.print(f"  {end.mutant} ({reason})", markup=False)
    console.print(
        f"{found.killed} of {len(found.ends)} mutants were killed, {found.equivalent} are equivalent: "
        f"{found.score:.1%} in {found.took_s / 60:.0f} min."
    )
    for problem in found.problems:
        console.print(f"  - {problem}", style="red", markup=False)

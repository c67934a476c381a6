"""Command line of the history check: `python -m consistency run --seed 1`, or `make history SEED=1`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from consistency.page import write_page
from consistency.run import Plan, check_history
from redaction import protect_output
from support.core.errors import EnvironmentBroken, SettingsError
from support.profile.profile import chosen_profile, read_profile

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def commands() -> None:
    """Hold the history of what clients were told against what the stores show."""


@app.command()
def run(
    seed: Annotated[int | None, typer.Option(help="All decisions are drawn from it; without it, it is drawn.")] = None,
    operations: Annotated[int, typer.Option(min=1, help="How many, of all clients together.")] = 1000,
    clients: Annotated[int, typer.Option(min=1, max=16, help="How many work at the same time.")] = 4,
    defect: Annotated[
        str | None, typer.Option(help="Passed on to the command that makes the environment: see sandbox/defects.")
    ] = None,
) -> None:
    """Have clients work while parts fail; ends with status 1 if a promise was not kept, 2 without a verdict."""
    plan = Plan(secrets.randbelow(10**6) if seed is None else seed, operations, clients, defect)
    typer.echo(f"Seed {plan.seed}. The same decisions again: {plan.replay}")
    try:
        profile = read_profile(chosen_profile())
        folder = Path(profile.reports().directory) / "history"
        result = check_history(profile, plan, typer.echo)
    except (SettingsError, EnvironmentBroken) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for kind, ends in result.counts().items():
        typer.echo(f"{kind:<7} " + "  ".join(f":{outcome} {number:>4}" for outcome, number in ends.items()))
    typer.echo(f"{len(result.operations)} operations, {len(result.disturbed)} faults, {result.took_s:.0f} s")
    for line in result.unseen:
        typer.echo(f"Note: {line}")
    for violation in result.violations:
        typer.echo(f"\nNot kept: {violation}", err=True)
        for moment in violation.timeline:
            typer.echo(f"  {moment}", err=True)
    for line in result.no_verdict:
        typer.echo(f"\nNo verdict: {line}", err=True)
    kept = result.write(folder)
    typer.echo(f"Kept in {kept}; the page: {write_page(result, kept)}")
    if result.violations:
        typer.echo(f"{len(result.violations)} violations. The same decisions again: {result.replay}", err=True)
    typer.echo(result.verdict, err=result.status != 0)
    raise typer.Exit(result.status)


if __name__ == "__main__":
    protect_output()
    app(prog_name="python -m consistency")

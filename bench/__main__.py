"""Command line of the benchmarks: `python -m bench`, or `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from bench import growth, overhead, runners, scenario_times, start, workers
from bench.machine import ROOT, load, this_machine
from bench.measurements import MeasuredPart, Measurements, Part, last_of_each
from bench.processes import RunFailed
from bench.tables import as_text
from redaction import protect_output

FOLDER = ROOT / "reports" / "bench"

Measure = Callable[[int, Sequence[str], Callable[[str], None]], Part]
PARTS: dict[str, tuple[Measure, int]] = {
    "scenarios": (scenario_times.measure, 1),
    "overhead": (overhead.measure, 3),
    "start": (start.measure, 5),
    "workers": (workers.measure, 1),
    "runners": (runners.measure, 3),
    "growth": (growth.measure, 3),
}
"""Each part, with how many rounds it has unless told otherwise."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(help=f"A part, or several: {', '.join(PARTS)}.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="How often everything is measured.")] = None,
    behave: Annotated[
        list[str] | None,
        typer.Option(help="An argument for behave, such as a feature, where a part runs this suite's features."),
    ] = None,
) -> None:
    """Measure what a run costs, as ratios in one run; the figures are printed and kept in `reports/bench`."""
    if context.invoked_subcommand is not None:
        return
    chosen = only or list(PARTS)
    if unknown := sorted(set(chosen) - set(PARTS)):
        raise typer.BadParameter(f"there is no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    began, measurements = datetime.now(UTC), Measurements()
    failed = False
    for name in chosen:
        part, usual_rounds = PARTS[name]
        machine, started, clock = this_machine(), datetime.now(UTC), time.monotonic()
        typer.echo(f"{name}:")
        try:
            found = part(rounds or usual_rounds, behave or [], lambda text: typer.echo(f"  {text}"))
        except RunFailed as failure:
            typer.echo(f"  {failure}", err=True)
            failed = True
            continue
        measured = MeasuredPart(
            part=found, machine=machine, started=started, took_s=time.monotonic() - clock, load_after=load()
        )
        measurements.parts.append(measured)
        path = measurements.write(FOLDER, began)
        typer.echo(as_text(measured))
    if measurements.parts:
        typer.echo(f"Kept in {path}.")
    if failed:
        raise typer.Exit(1)


@app.command()
def page() -> None:
    """Write `docs/bench.md` and its pictures from the last measurement of each part."""
    from bench.page import write_page

    found = last_of_each(FOLDER)
    if not found:
        typer.echo(f"There are no measurements in {FOLDER}. Run `make bench` first.", err=True)
        raise typer.Exit(1)
    for path in write_page(ROOT / "docs", [found[name] for name in PARTS if name in found]):
        typer.echo(f"Written: {path}")


if __name__ == "__main__":
    protect_output()
    app(prog_name="python -m bench")

"""Command line of load: `python -m load run steady`, or `make load SHAPE=steady`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from load.allure import write_allure_result
from load.page import write_page
from load.run import Master, be_worker, put_under_load
from load.shapes import read_shapes
from redaction import protect_output
from support.core.errors import EnvironmentBroken, SettingsError
from support.profile.profile import chosen_profile, read_profile

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def commands() -> None:
    """Put the Focus Server under load."""


@app.command()
def run(
    shape: Annotated[str, typer.Argument(help=f"One of {', '.join(read_shapes())}.")],
    workers: Annotated[int, typer.Option(min=0, help="Processes that send; 0: one, without a master.")] = 0,
    seconds: Annotated[float | None, typer.Option(min=1, help="Another length, with the same rates.")] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Wait there for the workers, which `load worker` starts elsewhere."),
    ] = None,
) -> None:
    """Carry out a shape; ends with status 1 if a job was lost, something was left, or a limit was not kept."""
    shapes = read_shapes()
    if shape not in shapes:
        raise typer.BadParameter(f"there is no shape {shape}; there are: {', '.join(shapes)}")
    if listen is not None and not workers:
        raise typer.BadParameter("it is not said how many there are: --workers", param_hint="--listen")
    master = None if listen is None else _address(listen)
    try:
        profile = read_profile(chosen_profile())
        folder = Path(profile.reports().directory) / "load"
        result = put_under_load(
            profile, shape, shapes[shape].shortened(seconds), workers=workers, master=master, tell=typer.echo
        )
    except (SettingsError, EnvironmentBroken) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for kind, figures in result.figures.items():
        told = [f"{name} {value:.3f} s" for name in ("p50", "p95", "p99") if (value := getattr(figures, f"{name}_s"))]
        typer.echo(f"{kind:<10} {figures.number:>6}  {figures.failed} failed  {figures.per_s:.1f}/s  {'  '.join(told)}")
    typer.echo(f"{result.acknowledged} jobs acknowledged, {result.whole} of them found whole in all three stores")
    for line in (*result.unseen, *([result.generator_warning] if result.generator_warning else [])):
        typer.echo(f"Note: {line}")
    for problem in result.problems:
        typer.echo(f"Not held: {problem}", err=True)
    kept = result.write(folder)
    page = write_page(result, result.limits, kept)
    typer.echo(f"Kept in {kept}; the page: {page}; for Allure: {write_allure_result(result, kept, page)}")
    if not result.holds:
        raise typer.Exit(1)


@app.command()
def worker(master: Annotated[str, typer.Argument(help="HOST:PORT, where `load run --listen` waits.")]) -> None:
    """Send a part of the load of a master elsewhere; its profile has to name the same environment."""
    try:
        status = be_worker(read_profile(chosen_profile()), _address(master))
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status)


def _address(text: str) -> Master:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise typer.BadParameter(f"'{text}' is not HOST:PORT")
    return Master(host, int(port))


if __name__ == "__main__":
    protect_output()
    app(prog_name="python -m load")

"""Command line of the sandbox: ``python -m sandbox up | down | status | lease``."""

from pathlib import Path
from typing import Annotated, Literal, Never

import typer

from redaction import protect_output
from sandbox.lifecycle import directories

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="RabbitMQ, MongoDB, a Kubernetes API and a Focus Server, for acceptance runs on this machine. "
    "Everything listens on free ports of 127.0.0.1 and is gone without a trace when it ends.",
)
Name = Annotated[
    str | None,
    typer.Option(help="Which sandbox, of many side by side. Without it: the one of this checkout."),
]
Json = Annotated[
    Path | None,
    typer.Option("--json", help="Write the endpoints to this file too; it is a profile of the suite."),
]


@app.command()
def up(
    json: Json = None,
    without: Annotated[
        Literal["focus-server"] | None,
        typer.Option(help="Leave the Focus Server out, to try another implementation on the same stores."),
    ] = None,
    name: Name = None,
) -> None:
    """Start a warm sandbox in the background, and print where its parts are once all are ready.

    If it is up already, this says so and prints the same again. It stays until `down`.

    A broker or cluster that the settings lend (FOCUS_SANDBOX_RABBITMQ_URL, FOCUS_SANDBOX_KUBECONFIG) gets virtual
    hosts and namespaces `focus-…`. They are removed however the supervisor ends; if the broker or cluster cannot be
    reached then, the next `up` or `down` tries once more.
    """
    from sandbox.lifecycle import control, report

    place = _home(name)
    try:
        answer, before = control.up(place, focus_server=without is None)
        if json is not None:
            report.write(json, answer["endpoints"])
    except KeyboardInterrupt:
        _fail("Interrupted; nothing of the sandbox is left.", 130)
    except OSError as failure:
        _fail(f"The sandbox {place.name!r} is up, but {json} cannot be written: {failure}")
    except control.Failure as failure:
        _fail(str(failure))
    typer.echo(f"The sandbox {place.name!r} {'was up already' if before else 'is up'}.")
    typer.echo("\n".join(f"  {line}" for line in report.lines(answer["endpoints"])))
    if json is not None:
        typer.echo(f"The endpoints, with passwords, are in {json}.")


@app.command()
def down(name: Name = None) -> None:
    """End the sandbox and everything leased in it; returns when all of it is gone."""
    from sandbox.lifecycle import control

    place = _home(name)
    try:
        was_up = control.down(place)
        swept = directories.sweep_stale(place.root)
    except (control.Failure, directories.UnusableDirectory, TimeoutError) as failure:
        _fail(str(failure))
    typer.echo(f"The sandbox {place.name!r} {'is gone' if was_up else 'was not up'}.")
    if swept:
        typer.echo(f"Removed what was left of: {', '.join(swept)}.")


@app.command()
def status(
    name: Name = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print parts, addresses and tenants of the sandbox. Exit status 0 if it is up, 3 if it is down."""
    from sandbox.lifecycle import control, report

    place = _home(name)
    try:
        connection = control.connect(place)
        answer = connection.ask("status") if connection else {"name": place.name, "state": "down"}
    except control.Failure as failure:
        _fail(str(failure))
    typer.echo(report.as_json(answer) if json else report.as_text(answer))
    raise typer.Exit(0 if connection else 3)


@app.command()
def lease(
    name: Name = None,
    tenants: Annotated[int, typer.Option(min=1, max=64, help="How many, one for each worker of the run.")] = 1,
    workloads: Annotated[
        bool,
        typer.Option(
            "--workloads",
            help="Have a sandbox of one's own, whose MongoDB, RabbitMQ and Focus Server are pods of its Kubernetes: "
            "they may be ended, and are started again.",
        ),
    ] = False,
    defect: Annotated[str | None, typer.Option(help="With --workloads: which defect the Focus Server has.")] = None,
) -> None:
    """Have a tenant for one run: a database, virtual host, namespace and Focus Server of its own.

    Prints one JSON line, the endpoints (of several tenants a list), as soon as they are ready, and holds them until
    its standard input ends or SIGTERM or SIGINT comes; all of it is gone when it exits. Taken from the sandbox of that
    name if it is up; otherwise a sandbox is started that lives as long as the lease.
    """
    from sandbox.lifecycle import lease_holder

    if defect and not workloads:
        _fail("--defect needs --workloads.", 2)
    if workloads and tenants > 1:
        _fail("With --workloads there is one tenant.", 2)
    try:
        if workloads:
            lease_holder.hold_disposable(_home(name), defect)
        else:
            lease_holder.hold(_home(name), tenants)
    except lease_holder.Failure as failure:
        _fail(str(failure))


def _home(name: str | None) -> directories.Home:
    try:
        return directories.home(name)
    except directories.UnusableDirectory as failure:
        _fail(str(failure))


def _fail(message: str, code: int = 1) -> Never:
    typer.echo(f"sandbox: {message}", err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    protect_output()
    app(prog_name="python -m sandbox")

"""The lease of a run: `python -m sandbox lease` holds a tenant until the run ends, however it ends."""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from sandbox.lifecycle import control
from sandbox.lifecycle.control import Connection, Failure
from sandbox.lifecycle.directories import Home
from sandbox.lifecycle.report import Endpoints

__all__ = ["Failure", "hold", "hold_disposable"]

_LEASE_NAME_BYTES = 4
_LISTENS_WITHIN_S = 20.0
_LOOK_AGAIN_S = 0.02


def hold(place: Home, tenants: int = 1) -> None:
    """Lease tenants, print their endpoints, hold them until standard input ends or a signal comes.

    They are of the sandbox of that place if it is up, else of one that is started for them.
    Returns when they are gone. Raises Failure if they cannot be had, or one is lost meanwhile.
    """
    _hold(lambda: control.connect(place) or _start_one(place), tenants)


def hold_disposable(place: Home, defect: str | None) -> None:
    """Lease a sandbox of one's own, whose parts may be disturbed. The rest is as `hold` does it.

    Its Focus Server has the defect of that name, if one is given.
    """
    _hold(lambda: _start_one(place, "--disposable", *(["--defect", defect] if defect else [])), 1)


def _hold(connect: Callable[[], Connection], tenants: int) -> None:
    with _signals() as signalled, ExitStack() as held:
        connections = [_leased(held, connect())]
        # Of one sandbox, also where it was started for this lease alone.
        connections += [_leased(held, _another(connections[0])) for _ in range(tenants - 1)]
        endpoints = []
        for connection in connections:
            if _wait([connection], signalled) is None:
                raise Failure("Told to end (a signal, or the end of standard input) before the lease was ready.")
            endpoints.append(connection.receive()["endpoints"])
        _print(endpoints[0] if tenants == 1 else endpoints)
        if lost := _wait(connections, signalled):
            _close_output()  # Who reads it learns of the loss before all is cleared up.
            _tell_loss(lost)
        for connection in connections:
            connection.hang_up()  # So that all are cleared up at the same time.


def _leased(held: ExitStack, connection: Connection) -> Connection:
    held.callback(connection.end)
    connection.send("lease")
    return connection


def _close_output() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _tell_loss(connection: Connection) -> None:
    name = connection.place.name
    try:
        connection.receive()  # Raises with the name of the part that has died.
    except Failure as failure:
        raise Failure(f"The sandbox {name!r} has ended while it was leased. {failure}") from failure
    raise Failure(f"The sandbox {name!r} has ended while it was leased.")


def _start_one(place: Home, *options: str) -> Connection:
    identity = os.urandom(_LEASE_NAME_BYTES).hex()
    return control.start(Home(place.root, f"lease-{identity}"), "lease", options)


def _another(connection: Connection) -> Connection:
    """Another connection to the same supervisor, which listens a moment after it was started."""
    deadline = time.monotonic() + _LISTENS_WITHIN_S
    while (another := control.connect(connection.place)) is None:
        if time.monotonic() > deadline or (connection.started is not None and connection.started.poll() is not None):
            connection.receive()  # Raises with the reason why it has ended.
            raise Failure(f"The sandbox {connection.place.name!r} does not listen.")
        time.sleep(_LOOK_AGAIN_S)
    another.channel.settimeout(None)
    return another


def _print(tree: Endpoints | list[Endpoints]) -> None:
    try:
        # Beside the stream, which masks passwords: here they are what was asked for.
        sys.stdout.buffer.write(json.dumps(tree).encode() + b"\n")
        sys.stdout.buffer.flush()
    except OSError as failure:
        raise Failure(f"The endpoints cannot be written to standard output: {failure}") from failure


def _wait(connections: Sequence[Connection], signalled: int) -> Connection | None:
    """Wait for something from the supervisor, and return what it came by; None for the wish to end."""
    standard_input = sys.stdin.fileno()
    by_channel = {connection.channel: connection for connection in connections}
    while True:
        readable, _, _ = select.select([*by_channel, signalled, standard_input], [], [])
        if signalled in readable:
            return None
        if standard_input in readable and not os.read(standard_input, 4096):
            return None
        for channel in readable:
            if channel in by_channel:
                return by_channel[channel]


@contextmanager
def _signals() -> Iterator[int]:
    """Turn SIGTERM, SIGINT and SIGHUP into something to read from the descriptor given."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    yield reading

"""The lease of a run: `python -m sandbox lease` holds a tenant until the run ends, however it ends."""

import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.lifecycle import control
from sandbox.lifecycle.control import Connection, Failure
from sandbox.lifecycle.directories import Home
from sandbox.lifecycle.report import Endpoints

__all__ = ["Failure", "hold"]

_LEASE_NAME_BYTES = 4


def hold(place: Home) -> None:
    """Lease a tenant, print its endpoints, hold it until standard input ends or a signal comes.

    Returns when it is gone. Raises Failure if there is none to be had, or it is lost meanwhile.
    """
    with _signals() as signalled:
        connection = control.connect(place) or _start_one(place)
        try:
            connection.send("lease")
            if _wait(connection, signalled) != "channel":
                raise Failure("Told to end (a signal, or the end of standard input) before the lease was ready.")
            _print(connection.receive()["endpoints"])
            if _wait(connection, signalled) == "channel":
                _close_output()  # Who reads it learns of the loss before all is cleared up.
                _tell_loss(connection)
        finally:
            connection.end()


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


def _start_one(place: Home) -> Connection:
    identity = os.urandom(_LEASE_NAME_BYTES).hex()
    return control.start(Home(place.root, f"lease-{identity}"), "lease", focus_server=True)


def _print(tree: Endpoints) -> None:
    try:
        # Beside the stream, which masks passwords: here they are what was asked for.
        sys.stdout.buffer.write(json.dumps(tree).encode() + b"\n")
        sys.stdout.buffer.flush()
    except OSError as failure:
        raise Failure(f"The endpoints cannot be written to standard output: {failure}") from failure


def _wait(connection: Connection, signalled: int) -> str:
    """Wait for something from the supervisor ("channel"), or for the wish to end ("end")."""
    standard_input = sys.stdin.fileno()
    while True:
        readable, _, _ = select.select([connection.channel, signalled, standard_input], [], [])
        if signalled in readable:
            return "end"
        if standard_input in readable and not os.read(standard_input, 4096):
            return "end"
        if connection.channel in readable:
            return "channel"


@contextmanager
def _signals() -> Iterator[int]:
    """Turn SIGTERM, SIGINT and SIGHUP into something to read from the descriptor given."""
    reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writing)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    yield reading

"""A process that runs scenarios for another: how it is started, spoken to and heard.

It gets scenarios by their numbers, one at a time, and answers each with what came of it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from support.runner.outcomes import ScenarioOutcome

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Place:
    """Which of the workers one is, from 0; and whether others work at the same time."""

    number: int
    has_others: bool


@dataclass(frozen=True)
class Ready:
    """A worker has found its environment healthy. `secrets` are what must be masked in all that it says."""

    description: Mapping[str, str]
    secrets: Sequence[str]


@dataclass(frozen=True)
class Done:
    """A worker has run the scenario of this number.

    `stopped` says why no scenario can follow, `lost` why results could not be written; mostly both are empty.
    """

    number: int
    outcome: ScenarioOutcome
    known: Sequence[str]
    stopped: Sequence[str]
    lost: Sequence[str]


@dataclass(frozen=True)
class Ended:
    """A worker has ended in order. `hook_failures` are those outside of its scenarios."""

    hook_failures: int
    stopped: Sequence[str]
    lost: Sequence[str]


Message = Ready | Done | Ended


class Died(Exception):
    """A worker has ended without saying so; the message says which process, and how."""


class Worker:
    """A worker, as the process sees it that has started it."""

    def __init__(self, place: Place, work: Callable[[Place, Connection], None], others: Iterable[Worker]) -> None:
        """Start it: `work` is called in a process that is a copy of this one, and ends with it.

        Its output is kept, so that it can be shown beside the scenario that it belongs to.
        """
        self.place, self.is_ready = place, False
        self.scenario: int | None = None  # the number of the one that it runs
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._shown = 0
        self.connection, theirs = _FORK.Pipe()
        inherited = [self.connection, *(other.connection for other in others)]
        self._process = _FORK.Process(target=_begin, args=(work, place, theirs, inherited, self._output.fileno()))
        _flush()
        # Until it has a handler of its own, Ctrl-C would end it by the one that it has inherited.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        theirs.close()

    def run(self, number: int) -> None:
        """Have it run the scenario of this number."""
        self.scenario = number
        self._send(number)

    def end(self) -> None:
        """Tell it that there is nothing more to run; it gives its environment back, and says that it has ended."""
        self._send(None)

    def interrupt(self) -> None:
        """Do as Ctrl-C does."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once; what it has made in its environment stays there."""
        self._signal(signal.SIGKILL)

    def hear(self) -> Message:
        """What it says next; raises Died if it never will."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.join()
            raise Died(f"process {self._process.pid}, {_end_of(self._process.exitcode)}") from None
        if isinstance(message, Ready):
            self.is_ready = True
        elif isinstance(message, Done):
            self.scenario = None
        return message

    def output(self) -> str:
        """What it has printed since this was asked for last."""
        self._output.seek(self._shown)
        printed = self._output.read()
        self._shown += len(printed)
        return printed.decode(errors="replace")

    def close(self) -> None:
        """Wait for its end, after it has said that, or has died."""
        self._process.join()
        self.connection.close()
        self._output.close()

    def _send(self, what: int | None) -> None:
        with suppress(OSError):  # It is dead, which `hear` tells.
            self.connection.send(what)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)


def _begin(
    work: Callable[[Place, Connection], None],
    place: Place,
    connection: Connection,
    inherited: Sequence[Connection],
    output: int,
) -> None:
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the process that has started this one.
    for other in inherited:
        other.close()  # Else the end of that process would not be noticed.
    os.dup2(output, 1)
    os.dup2(output, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    work(place, connection)
    _flush()


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _end_of(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"killed by {signal.Signals(-exit_code).name}"
    return f"exit status {exit_code}"

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
from multiprocessing.connection import Connection, wait

from support.runner.outcomes import ScenarioOutcome

_FORK = multiprocessing.get_context("fork")
_ENDS_WITHIN_S = 10.0


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
    """A worker has run the scenario of this number. `known` are its failures that are put down to known issues.

    `secrets` are those of all environments that it works in: it may have got another one for this scenario.
    """

    number: int
    outcome: ScenarioOutcome
    known: Sequence[str]
    end: EndOfRun
    secrets: Sequence[str]


@dataclass(frozen=True)
class Ended:
    """A worker has ended in order. `hook_failures` are those outside of its scenarios."""

    hook_failures: int
    end: EndOfRun


@dataclass(frozen=True)
class EndOfRun:
    """Why a worker holds that the run must end; mostly it does not.

    `aborted` is the reason with which behave was told so, `reasons` are those of the hooks, `lost` says why results
    could not be written.
    """

    aborted: str | None = None
    reasons: Sequence[str] = ()
    lost: Sequence[str] = ()


Message = Ready | Done | Ended


class Died(Exception):
    """A worker has ended without saying so, or in the middle of a scenario; the message says which process, and how."""


class Worker:
    """A worker, as the process sees it that has started it."""

    def __init__(self, place: Place, work: Callable[[Place, Connection], None], others: Iterable[Worker]) -> None:
        """Start it: `work` is called in a process that is a copy of this one, and ends with it.

        SIGINT is blocked there until `work` has made up its mind. Its output is kept, so that it can be shown beside
        the scenario that it belongs to.
        """
        self.place, self.is_ready = place, False
        self.scenario: int | None = None  # the number of the one that it runs
        self.before: int | None = None  # the number of the one that it ran before
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        self._shown = 0
        self.connection, theirs = _FORK.Pipe()
        inherited = [self.connection, *(other.connection for other in others)]
        self._process = _FORK.Process(target=_begin, args=(work, place, theirs, inherited, self._output.fileno()))
        flush()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        # The sentinel tells the end of all that it has started, too; only Linux has what tells its own.
        self._ended = os.pidfd_open(self._process.pid or 0) if hasattr(os, "pidfd_open") else self._process.sentinel

    @property
    def waitables(self) -> tuple[Connection, int]:
        """What can be waited for: that it says something, and that it ends."""
        return self.connection, self._ended

    def run(self, number: int) -> None:
        """Have it run the scenario of this number."""
        self.scenario = number
        self._send(number)

    def end(self) -> None:
        """Tell it that there is nothing more to run; it gives its environment back, and says that it has ended."""
        self.is_ready = False
        self._send(None)

    def interrupt(self) -> None:
        """Do as Ctrl-C does."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once; what it has made in its environment stays there."""
        self._signal(signal.SIGKILL)

    def hear(self) -> Message:
        """What it says next. Raises Died if it never will, or has ended in the middle of a scenario."""
        try:
            if not self.connection.poll():  # Whatever still holds the other end of it.
                raise EOFError
            message: Message = self.connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            raise Died(self._how_it_ended()) from None
        if isinstance(message, Ready):
            self.is_ready = True
        elif isinstance(message, Done):
            self.before, self.scenario = self.scenario, None
        elif self.scenario is not None:
            raise Died(f"process {self._process.pid}, which has ended by itself")
        return message

    def output(self) -> str:
        """What it has printed since this was asked for last."""
        size = os.fstat(self._output.fileno()).st_size
        printed = os.pread(self._output.fileno(), size - self._shown, self._shown)
        self._shown += len(printed)
        return printed.decode(sys.stdout.encoding or "utf-8", errors="replace")

    def close(self) -> None:
        """Wait for its end, after it has said that, or has died; one that does not end is killed."""
        if not wait([self._ended], _ENDS_WITHIN_S):
            self._process.kill()
        self._process.join()
        if self._ended != self._process.sentinel:
            os.close(self._ended)
        self.connection.close()
        self._output.close()

    def _how_it_ended(self) -> str:
        wait([self._ended], _ENDS_WITHIN_S)
        code = self._process.exitcode
        how = f"killed by {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit status {code}"
        return f"process {self._process.pid}, {how}"

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
    work(place, connection)
    flush()
    os._exit(0)  # Threads that a step has left behind would be waited for.


def flush() -> None:
    """Write what was printed, so that no copy of this process has it, too."""
    sys.stdout.flush()
    sys.stderr.flush()

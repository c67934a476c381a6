"""Processes: how the parts of a sandbox are started, watched and stopped."""

import asyncio
import contextlib
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.02  # seconds between two looks at a condition
_LAST_LINES = 15
_FULL = 1 << 20  # bytes
# A part that prints what the locale lacks goes on, and its log is read as UTF-8.
_ANY_TEXT = {"PYTHONIOENCODING": "utf-8:backslashreplace"}
_READY = re.compile(r"^ready (\S+)$", re.MULTILINE)
# Below the ports that the kernel gives to outgoing connections: one of those could take a port between
# its choice and the moment that a slow starter listens on it.
_PORTS = range(15000, 32000)
# Each once, in an order of each sandbox's own: many tenants are made at a time, and listen a second later.
_CHOICES = itertools.cycle(random.sample(_PORTS, len(_PORTS)))
# The last ports that were chosen, as names of sockets that other sandboxes on this machine look at: a broker listens
# only seconds after its port was chosen, and not at all while it is stopped.
_CHOSEN: deque[socket.socket] = deque()
_MOST_CHOSEN = 64


class PartFailed(Exception):
    """A part of the sandbox did not start, or has died; the text names it and shows the end of its log."""


@dataclass(frozen=True)
class RunningPart:
    """A running process of the sandbox, leader of its own process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stdout: Path
    grace: float
    again: "Callable[[], RunningPart]" = field(repr=False, compare=False)
    """Starts the same command with the same settings once more; its output goes to the same files."""
    address: str = ""
    started: float = field(default_factory=time.time)

    def last_lines(self) -> str:
        """Return the end of what the part has written, if anything, and say so where the disk is full."""
        free = shutil.disk_usage(self.log.parent).free
        lines = [] if free > _FULL else [f"(no space is left in {self.log.parent}: set TMPDIR to another directory)"]
        for path in dict.fromkeys((self.stdout, self.log)):
            lines += path.read_text("utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it has written nothing)"

    def let_go(self) -> None:
        """Have a part begin that was launched to be held; nothing for any other."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def check(self) -> None:
        """Raise PartFailed if the part has ended."""
        status = self.process.poll()
        if status is not None:
            how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            raise PartFailed(f"{self.name} has ended ({how}). The end of its log:\n{self.last_lines()}")

    async def stop(self) -> None:
        """End the part and everything in its process group; returns when its leader is gone."""
        if self.process.poll() is not None:
            return  # another process may have its number by now; the reaper ends what it left
        deadline = time.monotonic() + self.grace
        if self.grace:
            self.process.terminate()
            while self.process.poll() is None and time.monotonic() < deadline:
                await asyncio.sleep(_LOOK_AGAIN)
        self.kill()

    def kill(self) -> None:
        """Kill the part and everything in its process group; returns when its leader is gone."""
        self.let_go()  # Nobody keeps its input open any more.
        # It may have ended already; PermissionError: only zombies are left in it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Launcher:
    """Starts parts with a mark by which the reaper finds them; they run where the supervisor does, in the checkout."""

    mark: Mapping[str, str]
    """The environment variable that every process of the sandbox carries."""
    remove_later: Callable[[list[str]], None]
    """Takes a command that removes what outlives the process which made it, such as a container."""
    ends: Callable[[], bool] = lambda: False
    """Whether the sandbox ends: nothing is started any more, or it could be left behind."""

    def launch(
        self,
        name: str,
        command: Sequence[str | os.PathLike[str]],
        directory: Path,
        *,
        environment: Mapping[str, str],
        address: str = "",
        grace: float = 0.0,
        separate_output: bool = False,
        held: bool = False,
    ) -> RunningPart:
        """Start a process in a group of its own, its output going to ``<name>.log`` in the directory.

        ``grace`` is how long it may take to end by itself when stopped, in seconds; 0 kills it at once.
        Standard output goes to ``<name>.out`` instead if ``separate_output``. Standard input is empty; where the part
        is ``held``, it is open until the part is let go. Raises PartFailed if the command cannot be run, or the sandbox
        ends.
        """
        if self.ends():
            raise PartFailed(f"{name} is not started: the sandbox ends.")
        log, output = directory / f"{name}.log", directory / f"{name}.{'out' if separate_output else 'log'}"
        with log.open("ab") as errors, output.open("ab") as out:
            try:
                process = subprocess.Popen(
                    command,
                    env={**environment, **_ANY_TEXT, **_kept_in(directory), **self.mark},
                    stdin=subprocess.PIPE if held else subprocess.DEVNULL,
                    stdout=out,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as failure:
                raise PartFailed(f"{name} cannot be started: {failure}") from failure
        again = partial(
            self.launch,
            *(name, command, directory),
            environment=environment,
            address=address,
            grace=grace,
            separate_output=separate_output,
        )
        return RunningPart(name, process, log, output, grace, again, address)


def _kept_in(directory: Path) -> dict[str, str]:
    """Keep what a part leaves when it is killed or crashes with its log, which goes with the sandbox."""
    kept = {"TMPDIR": str(directory), "ERL_CRASH_DUMP": str(directory / "erl_crash.dump")}
    if os.path.expanduser("~") == "~":  # A user id without a name and a home, as in a container: some ask for both.
        kept |= {"HOME": str(directory), "LOGNAME": "focus"}
    return kept


async def ready(part: RunningPart, look: Callable[[], Awaitable[T | None]], *, limit: float, expected: str) -> T:
    """Wait until ``look`` has found something, and return that.

    Raises PartFailed as soon as the part ends, or after ``limit`` seconds.
    """
    started = time.monotonic()
    while True:
        part.check()
        found = await look()
        heed_cancellation()
        if found is not None:
            return found
        if time.monotonic() - started > limit:
            raise PartFailed(
                f"{part.name} did not get ready: expected {expected} within {limit:.0f} s, seen nothing of it. "
                f"The end of its log:\n{part.last_lines()}"
            )
        await asyncio.sleep(_LOOK_AGAIN)


def heed_cancellation() -> None:
    """Raise CancelledError in a task that was cancelled: a driver may have made a failure to connect of that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def announced(part: RunningPart, *, limit: float = 30.0) -> RunningPart:
    """Wait until a part has printed ``ready ADDRESS``; returns it with that address. Raises PartFailed."""

    async def address() -> str | None:
        found = _READY.search(part.stdout.read_text("utf-8", errors="replace"))
        return found[1] if found else None

    return replace(part, address=await ready(part, address, limit=limit, expected="`ready ADDRESS` on its output"))


async def accepts_connections(port: int) -> bool | None:
    """Look whether something listens on a port of 127.0.0.1; None if not."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None
    writer.close()
    return True


def free_port() -> int:
    """Choose a port of 127.0.0.1 that nobody listens on, and that no other sandbox has chosen lately."""
    while True:
        port = next(_CHOICES)
        chosen = socket.socket(socket.AF_UNIX)
        try:
            chosen.bind(f"\0focus-sandbox-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            chosen.close()
            continue
        _CHOSEN.append(chosen)
        if len(_CHOSEN) > _MOST_CHOSEN:
            _CHOSEN.popleft().close()
        return port

"""Run a command and measure it."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bench.machine import ROOT
from bench.measurements import Quantity

_LIMIT_S = 1800.0
_GRACE_S = 30.0
_BETWEEN_LOOKS_S = 0.02
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class RunFailed(Exception):
    """A command did not end as it should; the message has its output."""


@dataclass(frozen=True)
class Ran:
    """A command that has ended. `peak_mb` is the largest resident memory of its first process."""

    wall_s: float
    processor_s: float
    peak_mb: float
    output: str


def quantities_of(outcomes: Mapping[str, Sequence[Ran]]) -> list[Quantity]:
    """What commands took and needed, by their names: time, processor time, memory."""
    return [
        *(Quantity(name=name, unit="s", values=[one.wall_s for one in runs]) for name, runs in outcomes.items()),
        *(
            Quantity(name=f"{name}: processor time", unit="s", values=[one.processor_s for one in runs])
            for name, runs in outcomes.items()
        ),
        *(
            Quantity(name=f"{name}: memory of its process", unit="MB", values=[one.peak_mb for one in runs])
            for name, runs in outcomes.items()
        ),
    ]


def run(
    command: Sequence[str],
    *,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    statuses: Sequence[int] = (0,),
    limit_s: float = _LIMIT_S,
) -> Ran:
    """Run a command and wait for its end; nothing that it has started in its group is left then.

    Raises:
        RunFailed: it ended with another exit status than these, or it had not ended within the limit.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        before, started = _processor_s(), time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        peak = _Peak(process.pid)
        try:
            status = process.wait(limit_s)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RunFailed(f"{command}: not ended after {limit_s:.0f} s\n{_read(output)}") from None
            raise
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        wall_s = time.perf_counter() - started
        if status not in statuses:
            raise RunFailed(f"{command}: exit status {status}\n{_read(output)}")
        return Ran(wall_s, _processor_s() - before, peak.mb(), _read(output))


class _Peak:
    """Watches the memory of a process: the kernel tells its peak only as long as the process lives."""

    def __init__(self, pid: int) -> None:
        self._status, self._kb = Path(f"/proc/{pid}/status"), 0
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def mb(self) -> float:
        self._watching.join()
        return self._kb / 1024

    def _watch(self) -> None:
        while found := self._look():
            self._kb = max(self._kb, int(found[1]))
            time.sleep(_BETWEEN_LOOKS_S)

    def _look(self) -> re.Match[str] | None:
        """None when the process has ended: a zombie has no memory."""
        try:
            return _PEAK.search(self._status.read_text("utf-8"))
        except OSError:
            return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process as Ctrl-C does, so that it clears up; by force when it takes too long."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _processor_s() -> float:
    """What all ended descendants of this process have used, s."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _read(output: TextIO) -> str:
    output.seek(0)
    return output.read()

"""The machine that a benchmark ran on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Machine(BaseModel):
    """What a reader needs to know of a machine to compare figures. `load` is that of the last minute."""

    model_config = ConfigDict(frozen=True)

    cores: int
    processor: str
    memory_gb: float
    system: str
    kernel: str
    python: str
    commit: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.processor}), {self.memory_gb:.0f} GB of memory, {self.system}, kernel "
            f"{self.kernel}, Python {self.python}, commit {self.commit}"
        )


def this_machine() -> Machine:
    """Describe the machine that this process runs on, now."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=_processor(Path("/proc/cpuinfo")),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        system=_system(),
        kernel=platform.release(),
        python=platform.python_version(),
        commit=_commit(),
        load=load(),
    )


def load() -> float:
    """How many processes wanted to run in the last minute, on average."""
    return round(os.getloadavg()[0], 2)


def _processor(cpuinfo: Path) -> str:
    named = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text("utf-8"), re.MULTILINE)
    return named[1] if named else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _commit() -> str:
    """The commit of this checkout; `+` says that files were changed after it."""
    asked = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"

"""The record of a run, `run.json` in its folder: what was run, when, and with which outcome.

While a run lives, it holds a lock on a file beside its record. A record that says `running` without that lock belongs
to a run that was killed, and is read as `interrupted`.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from support.core.files import write_whole

RECORD = "run.json"
LOCK = "run.lock"


class State(StrEnum):
    """The state of a run; only one that has `ended` is complete: it went through all scenarios that it had selected."""

    RUNNING = "running"
    ENDED = "ended"
    INTERRUPTED = "interrupted"


class RunRecord(BaseModel):
    """One run. Times are UTC."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    state: State
    started: datetime
    ended: datetime | None = None
    pid: int
    profile: str
    command: tuple[str, ...]
    shard: str | None = None
    """Which part of a run on several machines it is, such as `2/8`; None for a whole run."""
    scenarios: Mapping[str, int] = {}
    """How many of the scenarios that were begun have which status of behave."""
    passed: bool | None = None
    """Whether the run is green; None until it has ended."""

    def write(self, folder: Path) -> None:
        """Write it into the folder; it replaces an earlier one.

        Raises:
            OSError: it cannot be written; the earlier one stays.
        """
        document = json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False)
        write_whole(folder / RECORD, f"{document}\n".encode())


def read_record(folder: Path) -> RunRecord | None:
    """The record of the run in this folder; None if there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        record = RunRecord.model_validate_json((folder / RECORD).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None
    if record.state is State.RUNNING and not is_locked(folder):
        return record.model_copy(update={"state": State.INTERRUPTED})
    return record


def is_locked(folder: Path) -> bool:
    """Whether the run of this folder is alive."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False

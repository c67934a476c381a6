"""What a run has made, on disk, so that a killed run's jobs can still be found and removed.

A journal is a file of JSON lines, locked for as long as its run lives: a file that can be locked belongs to a run
that is dead.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from support.trace_key import TraceKey


class Journal:
    """The journal of the living run. Every line is on disk before the request that it is about is sent or cleaned."""

    def __init__(self, directory: Path, base_url: str, *, provided: bool) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / f"{secrets.token_hex(6)}.jsonl"
        self._file = self._path.open("x", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._lock = threading.Lock()
        self._write({"base_url": base_url, "provided": provided})

    def requested(self, key: TraceKey) -> None:
        """A request that can be recognised by this key is about to be sent."""
        self._write({"requested": dict(key)})

    def created(self, job_id: str) -> None:
        """The server answered with this job id."""
        self._write({"created": job_id})

    def removed(self, job_id: str) -> None:
        """The job was cancelled and nothing is left of it."""
        self._write({"removed": job_id})

    def close(self) -> None:
        """End the journal; it stays on disk only if something is left of a job."""
        left = _read(self._path).left
        self._file.close()
        if not left:
            self._path.unlink()

    def _write(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()


@dataclass
class Leftover:
    """What a dead run's journal tells."""

    path: Path
    base_url: str = ""
    provided: bool = False
    created: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    keys: list[TraceKey] = field(default_factory=list)

    @property
    def left(self) -> set[str]:
        """Jobs that were created and not removed."""
        return self.created - self.removed


def of_dead_runs(directory: Path) -> Iterator[Leftover]:
    """The journals that no living run holds."""
    for path in sorted(directory.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            if _lockable(file):
                yield _read(path)


def _lockable(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> Leftover:
    leftover = Leftover(path)
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # The last line of a run that was killed while it wrote.
        if "base_url" in entry:
            leftover.base_url, leftover.provided = entry["base_url"], entry["provided"]
        elif "created" in entry:
            leftover.created.add(entry["created"])
        elif "removed" in entry:
            leftover.removed.add(entry["removed"])
        elif "requested" in entry:
            leftover.keys.append(entry["requested"])
    return leftover

"""What a run makes and breaks, on disk, so that it is still removed and repaired when the run is killed.

A journal is a file of JSON lines, locked as long as its run lives: a file that can be locked belongs to a dead run.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from support.api.exchange import Exchange
from support.core.errors import EnvironmentBroken
from support.core.files import nearest, owner_and_user, reason
from support.observers.request_marks import TraceKey


class Journal:
    """The journal of the present run. Every line is on disk before what it is about is done.

    What cannot be written raises EnvironmentBroken, which says where and what to do.
    """

    def __init__(self, directory: Path, base_url: str, *, provided: str | None) -> None:
        """Begin it, for the environment of that address; `provided` is its identity where it was made for this run."""
        self._path = directory / f"{secrets.token_hex(6)}.jsonl"
        with _told(self._path):
            directory.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("xb", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        self._lock = threading.Lock()
        self._scenarios = 0
        self._write(0, {"base_url": base_url, "provided": provided})

    def begin(self) -> ScenarioJournal:
        """Begin the entries of one scenario."""
        with self._lock:
            self._scenarios += 1
            return ScenarioJournal(partial(self._write, self._scenarios))

    def close(self) -> None:
        """End the journal; it stays on disk only if something of a scenario was not cleaned up."""
        with _told(self._path):
            settled = _read(self._path).is_settled
            self._file.close()
            if settled:
                self._path.unlink()

    def _write(self, scenario: int, entry: dict[str, Any]) -> None:
        line = json.dumps({"scenario": scenario, **entry}).encode() + b"\n"
        with self._lock, _told(self._path):
            while line:  # a disk that is nearly full takes only a part
                line = line[self._file.write(line) :]


@dataclass(frozen=True)
class ScenarioJournal:
    """The entries of one scenario."""

    _write: Callable[[dict[str, Any]], None]

    def requested(self, key: TraceKey) -> None:
        """A request with this key is about to be sent."""
        self._write({"requested": dict(key)})

    def enter_exchange(self, exchange: Exchange) -> None:
        """A request was answered: it may have made a job."""
        if exchange.requested_job is not None:
            self.created(exchange.requested_job)

    def created(self, job_id: str) -> None:
        """The server answered with this job id."""
        self._write({"created": job_id})

    def recorded(self, recording_id: str) -> None:
        """A recording of this id is about to be put into the database."""
        self._write({"recorded": recording_id})

    def broker_limited(self) -> None:
        """The broker is about to be told to take no more queues."""
        self._write({"broker_limited": True})

    def analyzers_refused(self) -> None:
        """Kubernetes is about to be told to take no more Jobs."""
        self._write({"analyzers_refused": True})

    def record_spoilt(self, job_id: str) -> None:
        """The record of this job is about to be spoilt."""
        self._write({"record_spoilt": job_id})

    def profiler_on(self) -> None:
        """MongoDB is about to be told to note slow queries."""
        self._write({"profiler_on": True})

    def proxy_made(self, proxy: str) -> None:
        """A proxy of this name is about to be made."""
        self._write({"proxy_made": proxy})

    def way_broken(self, proxy: str) -> None:
        """The way to a store is about to be broken, at this proxy on it."""
        self._write({"way_broken": proxy})

    def part_disturbed(self, part: str, replicas: int) -> None:
        """A part of the product, of so many pods, is about to be stopped, killed or restarted."""
        self._write({"part_disturbed": {part: replicas}})

    def part_scaled(self, part: str, replicas: int) -> None:
        """A part is about to be scaled to so many pods; if these are as many as it had before, it has been."""
        self._write({"part_scaled": {part: replicas}})

    def settled(self) -> None:
        """Nothing is left of this scenario's requests."""
        self._write({"settled": True})


@dataclass
class JournalContents:
    """What a journal on disk says; `open` has the entries of each scenario that was not cleaned up.

    `unknown_lines` has the numbers of the lines that are not of a known form.
    """

    path: Path
    base_url: str = "an unknown address"
    provided: str | None = None
    open: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    unknown_lines: list[int] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether everything was cleaned up, as far as the journal says."""
        return not self.open and not self.unknown_lines

    def values(self, kind: str) -> list[Any]:
        """The values of all open entries of a kind, as `created`."""
        return [entry[kind] for entries in self.open.values() for entry in entries if kind in entry]


def of_dead_runs(directory: Path) -> Iterator[JournalContents]:
    """The journals of runs that have died.

    Raises:
        EnvironmentBroken: the directory or a journal in it cannot be read.
    """
    with _told(directory):
        try:
            found = sorted(path for path in directory.iterdir() if path.suffix == ".jsonl")
        except FileNotFoundError:
            return
    for path in found:
        # Not there: another run has just ended.
        with _told(path), suppress(FileNotFoundError), path.open(encoding="utf-8") as file:
            if _lockable(file):
                yield _read(path)


def remove(path: Path) -> None:
    """Remove the journal of a dead run of which nothing is left; raises EnvironmentBroken if that is impossible."""
    with _told(path):
        path.unlink(missing_ok=True)  # Another run, or worker, may have done it.


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        there = nearest(path)
        whose = f" {owner_and_user(there)}" if isinstance(error, PermissionError) else ""
        raise EnvironmentBroken(
            f"The journal of what runs have made, {path}, cannot be written or read: {reason(error)}.{whose} See that "
            f"{path.parent} can be written to and has room, or have the journals elsewhere: "
            "FOCUS__JOURNALS=/another/directory."
        ) from None


def _lockable(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    scenario: int = Field(validation_alias=AliasChoices("scenario", "case"))  # Older journals have `case`,
    provided: str | bool | None = None  # and whether the environment was made for the run, without its identity.
    base_url: str | None = None
    requested: dict[str, Any] | None = None
    created: str | None = None
    recorded: str | None = None
    broker_limited: bool | None = None
    analyzers_refused: bool | None = None
    record_spoilt: str | None = None
    profiler_on: bool | None = None
    proxy_made: str | None = None
    way_broken: str | None = None
    part_disturbed: dict[str, int] | None = None
    part_scaled: dict[str, int] | None = None
    settled: bool | None = None


def _read(path: Path) -> JournalContents:
    contents = JournalContents(path)
    *whole, last = path.read_bytes().split(b"\n")
    for number, text in enumerate([*whole, last], start=1):
        try:
            line = _Line.model_validate_json(text)
        except ValidationError:
            if number <= len(whole):  # Else a run was killed while it wrote it.
                contents.unknown_lines.append(number)
            continue
        if line.base_url is not None:
            contents.base_url = line.base_url
            contents.provided = "not known" if line.provided is True else line.provided or None
        elif line.settled:
            contents.open.pop(line.scenario, None)
        else:
            contents.open.setdefault(line.scenario, []).append(line.model_dump(exclude_unset=True))
    return contents

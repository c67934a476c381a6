"""The interfaces of the stores as the server needs them, and the types that it exchanges with them."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sandbox.focus_server.region import Region

CONFIGURED = "configured"
CANCELLED = "cancelled"

Payload = dict[str, Any]
"""A configuration exactly as the client sent it: same fields, same types."""

Command = dict[str, Any]
"""A message to a running job that asks it to do something."""

CommandAnswer = dict[str, Any]
"""What came of a command, as its sender is told."""

CommandHandler = Callable[[str, Command], Awaitable[CommandAnswer]]
"""Carries out a command to the job of this id."""

Span = tuple[datetime, datetime]
"""From when to when, in UTC."""


@dataclass(frozen=True)
class JobRecord:
    """A job as it is written down; ``created_at`` in UTC with whole milliseconds.

    ``client_task_id`` is the client's own name for the request that made the job, if it gave one; ``roi`` the
    region of interest, once it was changed.
    """

    job_id: str
    config: Payload
    status: str
    created_at: datetime
    user: str
    client_task_id: str | None = None
    roi: Region | None = None


AnalyzerState = Literal["waits", "runs", "has ended"]
"""What an analyzer does; one that is not there has ended."""


class TaskStore(Protocol):
    """Step D: the records of jobs. All methods raise `DependencyUnavailable`."""

    async def insert(self, record: JobRecord) -> None:
        """Write a new record; `IdTaken` when its id has one."""

    async def find(self, job_id: str) -> JobRecord | None:
        """The record, if there is one."""

    async def set_status(self, job_id: str, status: str) -> None:
        """Change the status of a record."""

    async def set_roi(self, job_id: str, roi: Region) -> None:
        """Write the region of interest into a record; `UnknownJob` when there is none."""

    async def remove(self, job_id: str) -> None:
        """Take the record away, unless the job was cancelled; none is fine."""

    async def configured_before(self, moment: datetime) -> list[JobRecord]:
        """The records of jobs that were made before the moment and not cancelled."""

    async def statuses(self, job_ids: Collection[str]) -> dict[str, str]:
        """The status of each of these jobs that has a record."""


class RecordingStore(Protocol):
    """What has been recorded. All methods raise `DependencyUnavailable`."""

    async def any_between(self, start: datetime, end: datetime) -> bool:
        """Whether a finished recording that has not been deleted overlaps the window."""

    async def between(self, start: datetime, end: datetime) -> list[Span]:
        """All of these, by their start; not cut to the window. Touching it is no overlap."""

    async def under_way(self) -> datetime | None:
        """When the recording under way started, of several the one that started last; None without one."""


class AnalyzerOrchestrator(Protocol):
    """Step E: the analyzers. All methods raise `DependencyUnavailable`."""

    async def launch(self, job_id: str, config: Payload) -> None:
        """Ask for an analyzer, not waiting until it runs; `IdTaken` when the job has one."""

    async def stop(self, job_id: str) -> None:
        """Take the analyzer away with its pod; none is fine."""

    async def launched_before(self, moment: datetime) -> set[str]:
        """The ids of jobs whose analyzers were launched before the moment, to the second, and are still there."""

    async def state(self, job_id: str) -> AnalyzerState:
        """Whether it still waits to run, runs, or has ended, be it well or badly."""


class WorkQueues(Protocol):
    """Step F: the queues. All methods raise `DependencyUnavailable`."""

    async def open(self, job_id: str) -> None:
        """Make the job's queue and connect its consumer."""

    async def take_up(self, job_id: str) -> None:
        """Connect a consumer to the queue of a job that another process made."""

    def serves(self, job_id: str) -> bool:
        """Whether the job has its consumer in this process, or gets it back when the connection is back."""

    async def consumers(self, job_id: str) -> int | None:
        """How many consumers the job's queue has; None when there is no such queue."""

    async def existing(self) -> set[str]:
        """The ids of all jobs that have a queue; none where the broker has no way to list them."""

    async def close(self, job_id: str) -> None:
        """Take consumer and queue away, also those that another process made; none is fine."""

    def obey(self, handler: CommandHandler) -> None:
        """From now on, have this carry out the commands that come over the queues of jobs, in their order."""


class Resource(Protocol):
    """Something that holds connections."""

    async def start(self) -> None:
        """Connect ahead of the first request; being out of reach is logged, not raised."""

    async def aclose(self) -> None:
        """Let go of all connections."""

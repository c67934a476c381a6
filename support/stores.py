"""The three stores together, each looked into by its own observer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from support.observers.kubernetes import Analyzers
from support.observers.mongodb import TaskRecords
from support.observers.rabbitmq import WorkQueues
from support.settings import Settings
from support.trace_key import TraceKey


@dataclass(frozen=True)
class Stores:
    """Where the effects of a job can be seen."""

    records: TaskRecords
    analyzers: Analyzers
    queues: WorkQueues

    @classmethod
    def connect(cls, settings: Settings) -> Stores:
        """Make the observers; they connect when they first look.

        Raises:
            EnvironmentBroken: the Kubernetes configuration cannot be used.
        """
        return cls(
            records=TaskRecords(settings.mongodb),
            analyzers=Analyzers(settings.kubernetes, settings.naming),
            queues=WorkQueues(settings.rabbitmq),
        )

    def job_ids_carrying(self, keys: Iterable[TraceKey]) -> set[str]:
        """Ids of the jobs, in any store, whose configuration carries one of these keys."""
        found: set[str] = set()
        for key in keys:
            found |= self.records.job_ids_carrying(key) | self.analyzers.job_ids_carrying(key)
        return found

    def close(self) -> None:
        """Give all connections back."""
        self.records.close()
        self.analyzers.close()
        self.queues.close()

"""The three stores together, each looked into by its own observer."""

from __future__ import annotations

from dataclasses import dataclass

from support.observers.kubernetes import Analyzers
from support.observers.mongodb import TaskRecords
from support.observers.rabbitmq import WorkQueues
from support.settings import Settings


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

    def close(self) -> None:
        """Give all connections back."""
        self.records.close()
        self.analyzers.close()
        self.queues.close()

"""The three stores together, each looked into by its own observer."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

from support.observers.kubernetes import Analyzers
from support.observers.mongodb import Database, Recordings, TaskRecords
from support.observers.rabbitmq import WorkQueues
from support.observers.request_marks import TraceKey
from support.profile.settings import Settings


@dataclass(frozen=True)
class Stores:
    """Where the effects of a job can be seen."""

    database: Database
    records: TaskRecords
    recordings: Recordings
    analyzers: Analyzers
    queues: WorkQueues

    @classmethod
    def connect(cls, settings: Settings) -> Stores:
        """Make the observers; they connect when they first look.

        Raises:
            EnvironmentBroken: the address of the database or the Kubernetes configuration cannot be used.
        """
        mongodb = settings.mongodb
        database = Database(mongodb.uri.get_secret_value(), mongodb.database, mongodb.timeout_s, mongodb.ca_file)
        return cls(
            database=database,
            records=TaskRecords(database.collection(mongodb.tasks_collection)),
            recordings=Recordings(database.collection(mongodb.recordings_collection)),
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
        """Give all connections back, also where one of them cannot be."""
        with ExitStack() as observers:
            for observer in (self.queues, self.analyzers, self.database):
                observers.callback(observer.close)

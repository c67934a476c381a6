"""The three stores together: a connection to each, and the observers that look through it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

from support.observers.kubernetes import Analyzers
from support.observers.kubernetes_api import Namespace
from support.observers.mongodb import Database, Recordings, TaskRecords
from support.observers.parts import Parts
from support.observers.rabbitmq import Broker, WorkQueues
from support.observers.request_marks import TraceKey
from support.observers.surroundings import Surroundings
from support.profile.settings import Settings


@dataclass
class BlindSpots:
    """What cannot be seen of the stores in this run, and why; None where all can be.

    `recordings`: which of them are not the recorder's.
    """

    acknowledgements: str | None = None
    recordings: str | None = None


@dataclass(frozen=True)
class Stores:
    """Where the effects of a job can be seen; `database`, `namespace` and `broker` are the connections.

    `own_documents` are the identities (`_id`) of what the suite itself puts into the database, each from before it is
    there: observers pass over these.
    """

    database: Database
    namespace: Namespace
    broker: Broker
    records: TaskRecords
    recordings: Recordings
    analyzers: Analyzers
    queues: WorkQueues
    surroundings: Surroundings
    own_documents: set[str] = field(default_factory=set)
    blind_spots: BlindSpots = field(default_factory=BlindSpots)

    @classmethod
    def connect(cls, settings: Settings) -> Stores:
        """Make the observers; they connect when they first look.

        Raises:
            EnvironmentBroken: the address of the database or the Kubernetes configuration cannot be used.
        """
        mongodb = settings.mongodb
        database = Database(mongodb.uri.get_secret_value(), mongodb.database, mongodb.timeout_s, mongodb.ca_file)
        namespace, broker = Namespace(settings.kubernetes), Broker(settings.rabbitmq)
        parts, own = Parts.beside_analyzers(settings), set[str]()
        return cls(
            database,
            namespace,
            broker,
            records=TaskRecords(database.collection(mongodb.tasks_collection)),
            recordings=Recordings(database.collection(mongodb.recordings_collection)),
            analyzers=Analyzers(namespace, settings.naming, parts),
            queues=WorkQueues(broker),
            surroundings=Surroundings(settings, database, broker, namespace, own),
            own_documents=own,
        )

    def job_ids_carrying(self, keys: Iterable[TraceKey]) -> set[str]:
        """Ids of the jobs, in any store, whose configuration carries one of these keys."""
        found: set[str] = set()
        for key in keys:
            found |= self.records.job_ids_carrying(key) | self.analyzers.job_ids_carrying(key)
        return found

    def close(self) -> None:
        """Give all connections back, also where one of them cannot be."""
        with ExitStack() as connections:
            for connection in (self.broker, self.namespace, self.database):
                connections.callback(connection.close)

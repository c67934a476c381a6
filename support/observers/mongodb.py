"""Looking into MongoDB: the task records (contract, step D)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from support.errors import EnvironmentBroken
from support.settings import MongoDB

Document = dict[str, Any]


class TaskRecords:
    """The records of jobs, as they stand in the database."""

    def __init__(self, settings: MongoDB) -> None:
        timeout_ms = int(settings.timeout_s * 1000)
        with _reading():
            self._client: MongoClient[Document] = MongoClient(
                settings.uri.get_secret_value(),
                serverSelectionTimeoutMS=timeout_ms,
                connectTimeoutMS=timeout_ms,
                socketTimeoutMS=timeout_ms,
            )
        self._records = self._client.get_database(
            settings.database, codec_options=CodecOptions(tz_aware=True)
        ).get_collection(settings.tasks_collection)

    def all(self) -> list[Document]:
        """Identity and job id of every record: `{_id, task_id}`."""
        with _reading():
            return list(self._records.find({}, {"task_id": 1}))

    def of_job(self, job_id: str) -> list[Document]:
        """The whole records of a job; dates are aware, UTC."""
        with _reading():
            return list(self._records.find({"task_id": job_id}))

    def job_ids_carrying(self, values: Mapping[str, Any]) -> set[str]:
        """Ids of the jobs whose configuration holds these values (dotted field -> value)."""
        with _reading():
            found = self._records.find({f"config.{field}": value for field, value in values.items()}, {"task_id": 1})
            return {str(record.get("task_id")) for record in found}

    def job_ids_not_in(self, status: str) -> set[str]:
        """Ids of the jobs whose record says anything but this status."""
        with _reading():
            return {str(record.get("task_id")) for record in self._records.find({"status": {"$ne": status}})}

    def check_health(self) -> None:
        """See that the database answers and can be written to.

        Raises:
            EnvironmentBroken: it cannot.
        """
        with _reading():
            self._client.admin.command("ping")
            if not self._client.admin.command("hello").get("isWritablePrimary"):
                raise EnvironmentBroken("MongoDB answers but takes no writes (it is no primary).")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (PyMongoError, ValueError) as error:
        raise EnvironmentBroken(
            f"MongoDB cannot be read ({type(error).__name__}: {str(error)[:300]}). Is it running? Are mongodb.uri and "
            "mongodb.database right?"
        ) from None

"""Looking into MongoDB: the task records (contract, step D), and the recordings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import DESCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from support.errors import EnvironmentBroken

Document = dict[str, Any]


class Database:
    """One database of a MongoDB server; dates that are read from it are aware, UTC."""

    def __init__(self, uri: str, name: str, timeout_s: float) -> None:
        timeout_ms = int(timeout_s * 1000)
        with reading():
            self._client: MongoClient[Document] = MongoClient(
                uri,
                serverSelectionTimeoutMS=timeout_ms,
                connectTimeoutMS=timeout_ms,
                socketTimeoutMS=timeout_ms,
                # Streaming keeps one more connection, to hear of changes at once; an observer only looks now and then.
                serverMonitoringMode="poll",
            )
        self._database = self._client.get_database(name, codec_options=CodecOptions(tz_aware=True))

    def collection(self, name: str) -> Collection[Document]:
        """The collection of that name, whether it is there or not."""
        return self._database[name]

    def collections(self) -> list[str]:
        """Names of the collections that are there."""
        with reading():
            return self._database.list_collection_names()

    def indexes(self, collection: str) -> dict[tuple[str, ...], bool]:
        """The indexed fields of a collection, and whether they are unique."""
        with reading():
            found = self._database[collection].index_information().values()
        return {tuple(name for name, _ in index["key"]): bool(index.get("unique")) for index in found}

    def ping_s(self) -> float:
        """How long one answer takes, s."""
        started = time.perf_counter()
        with reading():
            self._client.admin.command("ping")
        return time.perf_counter() - started

    def check_health(self) -> None:
        """See that the database answers and can be written to.

        Raises:
            EnvironmentBroken: it cannot.
        """
        with reading():
            self._client.admin.command("ping")
            if not self._client.admin.command("hello").get("isWritablePrimary"):
                raise EnvironmentBroken("MongoDB answers but takes no writes (it is no primary).")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


class TaskRecords:
    """The records of jobs, as they stand in the database."""

    def __init__(self, records: Collection[Document]) -> None:
        self._records = records

    def all(self) -> list[Document]:
        """Identity and job id of every record: `{_id, task_id}`."""
        with reading():
            return list(self._records.find({}, {"task_id": 1}))

    def of_job(self, job_id: str) -> list[Document]:
        """The whole records of a job."""
        with reading():
            return list(self._records.find({"task_id": job_id}))

    def job_ids_carrying(self, values: Mapping[str, Any]) -> set[str]:
        """Ids of the jobs whose configuration holds these values (dotted field -> value)."""
        with reading():
            found = self._records.find({f"config.{field}": value for field, value in values.items()}, {"task_id": 1})
            return {str(record.get("task_id")) for record in found}

    def job_ids_not_in(self, status: str) -> set[str]:
        """Ids of the jobs whose record says anything but this status."""
        with reading():
            return {str(record.get("task_id")) for record in self._records.find({"status": {"$ne": status}})}


class Recordings:
    """What has been recorded: `{uuid, start_time, end_time, deleted}`; one without an end is under way."""

    def __init__(self, recordings: Collection[Document]) -> None:
        self._recordings = recordings

    def latest(self) -> list[Document]:
        """The recordings that began last, a thousand at most."""
        with reading():
            return list(self._recordings.find().sort("start_time", DESCENDING).limit(1000))

    def under_way(self) -> list[Document]:
        """What is being recorded now."""
        with reading():
            return list(self._recordings.find({"end_time": None, "deleted": {"$ne": True}}))

    def between(self, start: datetime, end: datetime) -> list[Document]:
        """What has ended and touches a window, also what was deleted; in the order of its beginnings."""
        touching = {"start_time": {"$lte": end}, "end_time": {"$gte": start}}
        with reading():
            return list(self._recordings.find(touching).sort("start_time"))


@contextmanager
def reading() -> Iterator[None]:
    """Turn what goes wrong with the database into `EnvironmentBroken`."""
    try:
        yield
    except (PyMongoError, ValueError) as error:
        raise EnvironmentBroken(
            f"MongoDB cannot be read ({type(error).__name__}: {str(error)[:300]}). Is it running? Are mongodb.uri and "
            "mongodb.database right?"
        ) from None

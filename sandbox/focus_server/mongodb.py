"""Step D: the records of jobs and the recordings, in the collections ``tasks`` and ``recordings`` of MongoDB."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError, ServerSelectionTimeoutError

from sandbox.focus_server.errors import DependencyUnavailable, IdTaken, UnknownJob, guarded
from sandbox.focus_server.ports import CANCELLED, CONFIGURED, JobRecord, Span
from sandbox.focus_server.region import Region

log = logging.getLogger(__name__)

Document = dict[str, Any]

_INDEXES = {
    "tasks": [IndexModel([("task_id", ASCENDING)], unique=True)],
    "recordings": [
        IndexModel([("uuid", ASCENDING)], unique=True),
        IndexModel([("start_time", ASCENDING)]),
        IndexModel([("end_time", ASCENDING)]),
        IndexModel([("deleted", ASCENDING)]),
    ],
}


_MOST_CONNECTIONS = 20
_PLAIN_FIELDS = ("config", "status", "created_at", "user")  # have one name in record and document


class Database:
    """One database: its connections, its time limit, and the indexes that its collections must have."""

    def __init__(self, uri: str, name: str, *, limit_s: float) -> None:
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri,
            # Selecting a server takes less than the whole limit, so that a MongoDB which is down is told from
            # one that hangs: nothing was sent to it, and there is nothing to undo.
            serverSelectionTimeoutMS=int(limit_s * 600),
            # Also of the driver's own look whether it is there again.
            connectTimeoutMS=int(limit_s * 1000),
            maxPoolSize=_MOST_CONNECTIONS,
            tz_aware=True,
            appname="focus-server",
        )
        self._database = self._client[name]
        self.limit_s = limit_s
        self._indexed: set[str] = set()
        self._indexing = asyncio.Lock()

    async def start(self) -> None:
        """Make the indexes; they are made before the first use otherwise."""
        for name in _INDEXES:
            try:
                async with self.collection(name):
                    pass
            except DependencyUnavailable as error:
                log.warning("at start: %s", error)

    @asynccontextmanager
    async def collection(self, name: str) -> AsyncIterator[AsyncCollection[Document]]:
        """The collection, indexed; inside, time is limited and errors become `DependencyUnavailable`."""
        async with guarded("MongoDB", self.limit_s, (PyMongoError,), (ServerSelectionTimeoutError,)):
            collection = self._database[name]
            if name not in self._indexed:
                async with self._indexing:
                    if name not in self._indexed:
                        await collection.create_indexes(_INDEXES[name])
                        self._indexed.add(name)
            yield collection

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.close()


class MongoTasks:
    """The task records: ``{task_id, config, status, created_at, user}``.

    A job that was made by a client's task id has it as ``client_task_id``, and one whose region of interest was changed
    has that as ``roi``, too.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def insert(self, record: JobRecord) -> None:
        """Write a new record; raises `IdTaken`, `DependencyUnavailable`."""
        plain = {name: getattr(record, name) for name in _PLAIN_FIELDS}
        document: Document = {"task_id": record.job_id, **plain}
        if record.client_task_id is not None:
            document["client_task_id"] = record.client_task_id
        async with self.database.collection("tasks") as tasks:
            try:
                await tasks.insert_one(document)
            except DuplicateKeyError:
                # When a connection breaks, the driver writes again: then what is there may be this very document.
                if await tasks.find_one({"task_id": record.job_id, "_id": document["_id"]}) is None:
                    raise IdTaken("MongoDB") from None

    async def find(self, job_id: str) -> JobRecord | None:
        """The record, if there is one; raises `DependencyUnavailable`."""
        async with self.database.collection("tasks") as tasks:
            found = await tasks.find_one({"task_id": job_id})
        return None if found is None else _record_of(found)

    async def configured_before(self, moment: datetime) -> list[JobRecord]:
        """The records of jobs made before the moment and not cancelled; raises `DependencyUnavailable`."""
        written = {name: {"$exists": True} for name in _PLAIN_FIELDS}
        async with self.database.collection("tasks") as tasks:
            found = tasks.find({**written, "status": CONFIGURED, "created_at": {"$lt": moment}})
            return [_record_of(each) async for each in found]

    async def statuses(self, job_ids: Collection[str]) -> dict[str, str]:
        """The status of each of these jobs that has a record; raises `DependencyUnavailable`."""
        async with self.database.collection("tasks") as tasks:
            found = tasks.find({"task_id": {"$in": [*job_ids]}}, {"task_id": 1, "status": 1})
            return {each["task_id"]: each["status"] async for each in found}

    async def set_status(self, job_id: str, status: str) -> None:
        """Change the status; raises `DependencyUnavailable`."""
        async with self.database.collection("tasks") as tasks:
            await tasks.update_one({"task_id": job_id}, {"$set": {"status": status}})

    async def set_roi(self, job_id: str, roi: Region) -> None:
        """Write the region of interest; raises `UnknownJob`, `DependencyUnavailable`."""
        async with self.database.collection("tasks") as tasks:
            done = await tasks.update_one({"task_id": job_id}, {"$set": {"roi": roi.model_dump()}})
        if done.matched_count == 0:
            raise UnknownJob(job_id)

    async def remove(self, job_id: str) -> None:
        """Take the record away, if there is one and the job was not cancelled; raises `DependencyUnavailable`."""
        async with self.database.collection("tasks") as tasks:
            await tasks.delete_one({"task_id": job_id, "status": {"$ne": CANCELLED}})


def _record_of(document: Document) -> JobRecord:
    return JobRecord(
        job_id=document["task_id"],
        **{name: document[name] for name in _PLAIN_FIELDS},
        client_task_id=document.get("client_task_id"),
        roi=Region(**document["roi"]) if "roi" in document else None,
    )


class MongoRecordings:
    """The recordings: ``{uuid, start_time, end_time, deleted}``, times as BSON dates.

    One without an ``end_time`` is under way; it is live, and not to be played back.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def any_between(self, start: datetime, end: datetime) -> bool:
        """Whether a finished one that is not deleted overlaps the window; raises `DependencyUnavailable`."""
        async with self.database.collection("recordings") as recordings:
            return await recordings.find_one(_overlapping(start, end)) is not None

    async def between(self, start: datetime, end: datetime) -> list[Span]:
        """The finished ones, not deleted, that overlap the window, by start; raises `DependencyUnavailable`."""
        async with self.database.collection("recordings") as recordings:
            found = recordings.find(_overlapping(start, end)).sort([("start_time", ASCENDING), ("end_time", ASCENDING)])
            return [(each["start_time"], each["end_time"]) async for each in found]

    async def under_way(self) -> datetime | None:
        """When the one under way started that started last; raises `DependencyUnavailable`."""
        # Null also finds those that have no such field.
        open_ended = {"end_time": None, "deleted": {"$ne": True}}
        async with self.database.collection("recordings") as recordings:
            found = await recordings.find_one(open_ended, sort=[("start_time", DESCENDING)])
        if found is None:
            return None
        started: datetime = found["start_time"]
        return started


def _overlapping(start: datetime, end: datetime) -> Document:
    # A comparison with a date finds dates only, so none that is under way.
    return {"start_time": {"$lt": end}, "end_time": {"$gt": start}, "deleted": {"$ne": True}}

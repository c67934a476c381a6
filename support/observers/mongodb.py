"""Looking into MongoDB: the task records (contract, step D), and the recordings.

Every method raises `EnvironmentBroken` when the database does not answer within `mongodb.timeout_s`, or cannot do what
is asked; `AccessRefused` of these, when it does not let the user in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.errors import InvalidBSON
from bson.int64 import Int64
from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from support.core.errors import EnvironmentBroken
from support.observers.store_calls import StoreCalls, UnusableAnswer
from transport.trust import trusted

T = TypeVar("T")
Document = dict[str, Any]

_ADVICE = "Is it running? Are mongodb.uri and mongodb.database right, and may that user read and write there?"
_REFUSALS = {11, 13, 18, 8000}  # no such user, not authorized, authentication failed; the last is Atlas's
_CHANGES_AT_ONCE = 1000
_HISTORY_LOST = (280, 286)  # the resume token is no longer, or not, in the oplog
_UNKNOWN_OPTION = (9, 40415)  # failed to parse; an unknown field
_BETWEEN_LOOKS_S = 0.5  # The driver notices only so often that the time to find a server is over.
_SURROGATE = re.compile("[\ud800-\udfff]")
_TLS = re.compile(r"^mongodb\+srv:|[?&](tls|ssl)=true", re.IGNORECASE)


class ChangesLost(EnvironmentBroken):
    """The database no longer knows what has changed since then."""


class AccessRefused(EnvironmentBroken):
    """The database answers, and does not let the user in or do what was asked."""


@dataclass(frozen=True)
class UnreadableValue:
    """Stands for a stored value that has no form in Python; it is equal to no value that anybody expects."""

    why: str

    def __repr__(self) -> str:
        return f"<{self.why}>"

    __str__ = __repr__


class Database:
    """One database of a MongoDB server; dates that are read from it are aware, UTC.

    `ca_file` is the authority of a server that speaks TLS; with it, TLS is spoken whatever the address says.
    """

    def __init__(self, uri: str, name: str, timeout_s: float, ca_file: Path | None = None) -> None:
        options: dict[str, Any] = {}
        trust = None
        if ca_file is not None or (_TLS.search(uri) and "tlscafile" not in uri.lower()):
            trust = trusted(ca_file, "mongodb.ca_file")
            options["tlsCAFile"] = trust.file()
        self._calls = StoreCalls("MongoDB", timeout_s, "mongodb.timeout_s", _ADVICE, trust=trust)
        limit_s = self._calls.driver_limit_s
        timeout_ms, found_ms = int(limit_s * 1000), int(max(limit_s - _BETWEEN_LOOKS_S, limit_s / 2) * 1000)
        self._client: MongoClient[Document] = self.ask(
            "what its address says",
            lambda: MongoClient(
                uri,
                serverSelectionTimeoutMS=found_ms,
                connectTimeoutMS=timeout_ms,
                socketTimeoutMS=timeout_ms,
                # Streaming keeps one more connection, to hear of changes at once; an observer only looks now and then.
                serverMonitoringMode="poll",
                **options,
            ),
        )
        codec: CodecOptions[Document] = CodecOptions(
            document_class=_Noting,
            tz_aware=True,
            datetime_conversion=DatetimeConversion.DATETIME_AUTO,
            unicode_decode_error_handler="surrogateescape",
        )
        self._database = self._client.get_database(name, codec_options=codec)
        self._tells_collections = True  # until the server knows no such option

    def ask(self, asked: str, call: Callable[[], T]) -> T:
        """Make a call of the driver, and tell what goes wrong with it.

        Raises:
            EnvironmentBroken: the call failed, or did not end within the time limit.
        """

        def checked() -> T:
            try:
                return call()
            except OperationFailure as error:
                if error.code in _HISTORY_LOST:
                    raise ChangesLost(str(self._calls.unusable(asked, f"it said: {error}"))) from None
                if error.code not in _REFUSALS:
                    raise
                refusal = self._calls.unusable(asked, f"it refused that: {error} (code {error.code})")
                raise AccessRefused(str(refusal)) from None

        return self._calls.make(asked, checked)

    def collection(self, name: str) -> Documents:
        """The collection of that name, whether it is there or not."""
        return Documents(self, self._database[name])

    def collections(self) -> list[str]:
        """Names of the collections that are there."""
        return self.ask("the names of the collections", self._database.list_collection_names)

    def indexes(self, collection: str) -> dict[tuple[str, ...], bool]:
        """The indexed fields of a collection, and whether they are unique."""
        found = self.ask(f"the indexes of {collection}", self._database[collection].index_information).values()
        return {tuple(name for name, _ in index["key"]): bool(index.get("unique")) for index in found}

    def profile(self, level: int, slow_ms: int = 100) -> None:
        """Set what MongoDB's profiler notes of this database: 0 nothing, 1 what is slow."""
        self.ask("a level of its profiler", lambda: self._database.command("profile", level, slowms=slow_ms))

    def drop(self, collection: str) -> None:
        """Remove a collection."""
        self.ask(f"the end of {collection}", lambda: self._database.drop_collection(collection))

    def changes(self, after: Mapping[str, Any] | None) -> tuple[list[Document], Mapping[str, Any]]:
        """All changes of the change stream since the token `after`, up to now, and the token to go on from.

        None: from now on. Every write that was acknowledged before this call is among them: the stream is asked for
        what is committed up to the operation time that the server tells first. That a collection was made is told from
        MongoDB 6.0 on.
        """

        def call() -> tuple[list[Document], Mapping[str, Any]]:
            with self._client.start_session(causal_consistency=False) as session:  # A cursor belongs to one.
                now = self._client.admin.command("ping", session=session).get("operationTime")
                if now is None:
                    raise UnusableAnswer("it has no change streams (it is no replica set)")
                return self._changes(session, after, {"level": "majority", "afterClusterTime": now})

        return self.ask("its changes", call)

    def _changes(
        self, session: ClientSession, after: Mapping[str, Any] | None, concern: Mapping[str, Any]
    ) -> tuple[list[Document], Mapping[str, Any]]:
        def batch_of(command: str, value: Any, **options: Any) -> tuple[list[Document], Mapping[str, Any]]:
            cursor = self._database.command(command, value, session=session, **options)["cursor"]
            return cursor.get("firstBatch", cursor.get("nextBatch")), cursor

        def begin() -> tuple[list[Document], Mapping[str, Any]]:
            since = {} if after is None else {"startAfter": after}
            stream = {"$changeStream": {**since, **({"showExpandedEvents": True} if self._tells_collections else {})}}
            return batch_of("aggregate", 1, pipeline=[stream], cursor=size, readConcern=concern)

        size = {"batchSize": _CHANGES_AT_ONCE}
        try:
            found, cursor = begin()
        except OperationFailure as error:
            if not self._tells_collections or error.code not in _UNKNOWN_OPTION:
                raise
            self._tells_collections = False
            found, cursor = begin()
        more = found
        while cursor["id"] and more:  # A batch may be smaller than asked for: only the last is empty.
            more, cursor = batch_of("getMore", cursor["id"], collection="$cmd.aggregate", maxTimeMS=1, **size)
            found = [*found, *more]
        if cursor["id"]:
            self._database.command("killCursors", "$cmd.aggregate", cursors=[cursor["id"]], session=session)
        return found, cursor.get("postBatchResumeToken") or found[-1]["_id"]

    def check_health(self) -> None:
        """See that the database answers and can be written to.

        Raises:
            EnvironmentBroken: it cannot.
        """
        self.ask("an answer (ping)", lambda: self._client.admin.command("ping"))
        hello = self.ask("its role (hello)", lambda: self._client.admin.command("hello"))
        if not hello.get("isWritablePrimary"):
            raise self._calls.unusable("its role (hello)", "it answers but takes no writes (it is no primary)")

    def close(self) -> None:
        """Give the connections back. It ends within the time limit, and raises nothing."""
        self._calls.close(self._client.close)


class Documents:
    """A collection. A value of a document that has no form in Python is read as `UnreadableValue`, which says why."""

    def __init__(self, database: Database, collection: Collection[Document]) -> None:
        self._database, self._collection = database, collection

    def find(
        self,
        query: Mapping[str, Any],
        projection: Mapping[str, int] | None = None,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
    ) -> list[Document]:
        """The documents that a query finds; all of them when `limit` is 0."""

        def read(query: Mapping[str, Any], projection: Mapping[str, int] | None) -> list[Document]:
            found = self._collection.find(query, projection, sort=list(sort) or None, limit=limit)
            return [self._read(document) for document in found]

        def call() -> list[Document]:
            try:
                return read(query, projection)
            except (InvalidBSON, RecursionError):
                return [one_of(document["_id"]) for document in read(query, {"_id": 1})]

        def one_of(identity: Any) -> Document:
            try:
                (document,) = read({"_id": identity}, projection)
            except (InvalidBSON, RecursionError) as error:
                return self._read({"_id": identity, "document": UnreadableValue(f"what cannot be decoded: {error}")})
            return document

        return self._database.ask(f"documents of {self._collection.name}", call)

    def count(self, query: Mapping[str, Any]) -> int:
        """How many documents a query finds."""
        return self.call("the number of documents of {}", lambda collection: collection.count_documents(query))

    def _read(self, document: Document) -> Document:
        where = f"in the document {document.get('_id')} of {self._collection.name}"
        return {name: _plain(value, where) for name, value in document.items()}

    def call(self, asked: str, action: Callable[[Collection[Document]], T]) -> T:
        """Do something with the driver's own collection; `{}` in `asked` stands for its name."""
        return self._database.ask(asked.format(self._collection.name), lambda: action(self._collection))


class TaskRecords:
    """The records of jobs, as they stand in the database."""

    def __init__(self, records: Documents) -> None:
        self._records = records

    def all(self) -> list[Document]:
        """Identity and job id of every record: `{_id, task_id}`."""
        return self._records.find({}, {"task_id": 1})

    def of_job(self, job_id: str) -> list[Document]:
        """The whole records of a job."""
        return self._records.find({"task_id": job_id})

    def of_jobs(self, job_ids: Sequence[str]) -> list[Document]:
        """The whole records of several jobs."""
        return self._records.find({"task_id": {"$in": list(job_ids)}})

    def job_ids_carrying(self, values: Mapping[str, Any]) -> set[str]:
        """Ids of the jobs whose configuration holds these values (dotted field -> value)."""
        found = self._records.find({f"config.{field}": value for field, value in values.items()}, {"task_id": 1})
        return {str(record.get("task_id")) for record in found}

    def job_ids_not_in(self, status: str) -> set[str]:
        """Ids of the jobs whose record says anything but this status."""
        return {str(record.get("task_id")) for record in self._records.find({"status": {"$ne": status}})}


class Recordings:
    """What has been recorded: `{uuid, start_time, end_time, deleted}`; one without an end is under way."""

    def __init__(self, recordings: Documents) -> None:
        self._recordings = recordings

    def latest(self) -> list[Document]:
        """The recordings that began last, a thousand at most."""
        return self._recordings.find({}, sort=[("start_time", DESCENDING)], limit=1000)

    def of(self, recording_ids: Sequence[str]) -> list[Document]:
        """The recordings of these ids."""
        return self._recordings.find({"uuid": {"$in": list(recording_ids)}})

    def under_way(self) -> list[Document]:
        """What is being recorded now."""
        return self._recordings.find({"end_time": None, "deleted": {"$ne": True}})

    def sign_of_a_recorder(self) -> str | None:
        """The recording that a recorder is making now, in words; None if there is none."""
        under_way = [one for one in self.under_way() if isinstance(one.get("start_time"), datetime)]
        return f"{under_way[0].get('uuid')} is being recorded" if under_way else None

    def between(self, start: datetime, end: datetime) -> list[Document]:
        """What has ended and touches a window, also what was deleted; in the order of its beginnings."""
        touching = {"start_time": {"$lte": end}, "end_time": {"$gte": start}}
        return self._recordings.find(touching, sort=[("start_time", ASCENDING)])


RECORDING = "recording"
"""The kind of a document of the recordings that may be a recorder's."""


def kind_of_document(collection: str, recordings: str, document: Mapping[str, Any] | None) -> str:
    """What a document of a collection is: a recording, or named by its collection; `recordings` is that of these.

    Not every document among the recordings is one: it has an identity and a beginning. One that is not known (None) may
    be one.
    """
    is_one = document is None or {"uuid", "start_time"} <= document.keys()
    return RECORDING if collection == recordings and is_one else f"document of the collection {collection}"


class _Noting(dict[str, Any]):
    """A document as it is decoded; a field that it has twice, of which a dictionary keeps the last, is noted."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self:
            value = UnreadableValue(f"two values of one name, {self[name]!r} and {value!r}")
        super().__setitem__(name, value)


def _plain(value: Any, where: str) -> Any:
    """A value that was read, of Python's own types where it has a form in one; `where` says which document it is in."""
    if isinstance(value, dict):
        return {name: _plain(one, where) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, where) for one in value]
    if isinstance(value, Int64):  # How many bytes a whole number takes makes no difference.
        return int(value)
    if isinstance(value, DatetimeMS):
        return UnreadableValue(f"a date outside of the years 1 to 9999, {int(value)} ms after 1970, {where}")
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        return UnreadableValue(f"text that is no UTF-8, {value.encode(errors='surrogateescape')!r}, {where}")
    if isinstance(value, UnreadableValue):
        return UnreadableValue(f"{value.why}, {where}")
    return value

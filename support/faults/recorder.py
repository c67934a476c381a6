"""Recordings of a scenario's own, put where the product's recorder puts them, and taken away again."""

from __future__ import annotations

import random
import uuid
from collections.abc import MutableSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bson.objectid import ObjectId

from support.core.errors import EnvironmentBroken
from support.faults.announcements import Announcements
from support.faults.store_writes import insert, remove
from support.observers.mongodb import Document, Documents, Recordings

# A time of which no system has recordings, long enough for a scenario to find a stretch of it for itself.
_FROM, _UNTIL = datetime(2001, 1, 1, tzinfo=UTC), datetime(2009, 1, 1, tzinfo=UTC)
_TRIES = 20


@dataclass(frozen=True)
class Recording:
    """A recording that was put; times in UTC, whole milliseconds. Without an end it is under way."""

    uuid: str
    start: datetime
    end: datetime | None
    deleted: bool

    def document(self) -> Document:
        """The recording as it stands in the database."""
        return {"uuid": self.uuid, "start_time": self.start, "end_time": self.end, "deleted": self.deleted}


class Recorder:
    """Puts recordings and takes them away; the journal knows of each before it is there, and so do `own_documents`.

    Every method raises `EnvironmentBroken` when the database does not do what it is asked.
    """

    def __init__(
        self,
        collection: Documents,
        recordings: Recordings,
        journal: Announcements,
        chance: random.Random,
        own_documents: MutableSet[str],
    ) -> None:
        self._collection, self._recordings, self._own_documents = collection, recordings, own_documents
        self._journal, self._chance = journal, chance
        self._begun: list[str] = []  # also those of which no answer said that they are there
        self._put: list[Recording] = []

    def free_time(self, margin: timedelta = timedelta(hours=1)) -> datetime:
        """A moment, long ago, with nothing recorded so long before and after."""
        span = int((_UNTIL - _FROM).total_seconds())
        for _ in range(_TRIES):
            moment = _FROM + timedelta(seconds=self._chance.randrange(span))
            if not self._recordings.between(moment - margin, moment + margin):
                return moment
        raise EnvironmentBroken(f"Between {_FROM:%Y} and {_UNTIL:%Y} everything is recorded; no free time is left.")

    def put(self, start: datetime, end: datetime | None, *, deleted: bool = False) -> Recording:
        """Put a recording."""
        recording = Recording(str(uuid.uuid4()), start, end, deleted)
        self._journal.recorded(recording.uuid)
        self._begun.append(recording.uuid)
        if not self._insert(recording):
            raise EnvironmentBroken(
                f"MongoDB did not take the recording {recording.uuid}: it says that it has it already."
            )
        self._put.append(recording)
        return recording

    def stored(self, recording: Recording) -> list[Document]:
        """What the database has under the identity of a recording."""
        return self._collection.find({"uuid": recording.uuid}, {"_id": 0})

    def put_again(self, recording: Recording) -> bool:
        """Try to put a recording once more, under the same identity; whether the database took it."""
        return self._insert(recording)

    def _insert(self, recording: Recording) -> bool:
        identity = ObjectId()  # Not the driver's: who looks must know it before it is there.
        self._own_documents.add(str(identity))
        return insert(self._collection, {"_id": identity, **recording.document()})

    def take_away(self) -> list[str]:
        """Take all of them away; what of them was no longer as it was put, a line each."""
        if not self._begun:
            return []
        # Looked at before any is removed, so that it can be tried again.
        there = self._collection.find({"uuid": {"$in": self._begun}}, {"_id": 0})
        problems = [
            f"the recording {recording.uuid} was changed or removed, and not by the scenario"
            for recording in self._put
            if recording.document() not in there
        ]
        remove(self._collection, self._begun)
        self._begun.clear()
        self._put.clear()
        return problems

"""The history of MongoDB: the change stream of its database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any

from support.observers.happenings import IDENTIFY, Event, Happening
from support.observers.mongodb import ChangesLost, Database, Document, kind_of_document
from support.observers.side_effects import Effect
from support.profile.settings import Settings

_OF_DOCUMENTS: Mapping[str, Event] = {
    "insert": "came",
    "update": "changed",
    "replace": "changed",
    "delete": "went",
}
_OF_COLLECTIONS: Mapping[str, Event] = {"create": "came", "rename": "changed", "drop": "went"}


class ChangeStream:
    """Reads what the database itself has written down of its changes; nothing has to listen meanwhile.

    What the suite itself puts into the database (`own_documents`, by their identities) may come and go.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        missed: Callable[[str], object],
        own_documents: Set[str] = frozenset(),
    ) -> None:
        """Begin now; `missed` is told what can't be seen. Raises EnvironmentBroken if there is no change stream."""
        self._naming, self._tasks = settings.naming, settings.mongodb.tasks_collection
        self._recordings = settings.mongodb.recordings_collection
        self._database, self._missed, self._own_documents = database, missed, own_documents
        self.unwatched: Mapping[str, str] = {}
        self._records: dict[str, Effect] = {}  # by identity: of what goes, only that is told
        _, self._token = database.changes(None)

    def read(self, *, is_last: bool = False) -> Sequence[Happening]:
        """All changes since the last reading; all that was acknowledged before this call is among them."""
        try:
            changes, self._token = self._database.changes(self._token)
        except ChangesLost as error:
            self._missed(f"what came and went in MongoDB since the last look: {error}")
            _, self._token = self._database.changes(None)
            return []
        return [happening for change in changes if (happening := self._happening(change)) is not None]

    def close(self) -> None:
        """Nothing is open."""

    def _happening(self, change: Document) -> Happening | None:
        collection = (change.get("ns") or {}).get("coll")
        if collection is None or collection.startswith("system."):
            return None
        what, at = change["operationType"], _moment(change)
        if what in _OF_DOCUMENTS:
            return self._of_document(at, _OF_DOCUMENTS[what], collection, change)
        event = _OF_COLLECTIONS.get(what)  # Of indexes and the like nothing is told.
        is_first_use = event == "came" and collection in (self._tasks, self._recordings)
        if event is None or is_first_use:
            return None
        return Happening(at, event, "collection", Effect(collection, None, collection))

    def _of_document(self, at: datetime, event: Event, collection: str, change: Document) -> Happening | None:
        content = change.get("fullDocument")
        identity = str((change.get("documentKey") or {}).get("_id"))
        if identity in self._own_documents and event != "changed":
            return None
        if collection != self._tasks:
            kind = kind_of_document(collection, self._recordings, content)
            return Happening(at, event, kind, Effect(identity, None, identity), content)
        if event == "came" and content is not None:
            self._records[identity] = IDENTIFY["task record"](content, self._naming)
        effect = self._records.get(identity, Effect(identity, None, identity))
        return Happening(at, event, "task record", effect, content)


def _moment(change: Mapping[str, Any]) -> datetime:
    """When it was written; MongoDB before 6.0 tells whole seconds only."""
    told: datetime = change.get("wallTime") or change["clusterTime"].as_datetime()
    return told if told.tzinfo else told.replace(tzinfo=UTC)

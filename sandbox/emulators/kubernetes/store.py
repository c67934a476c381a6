"""The store of all objects: one resourceVersion counter, and the history of changes that watches read."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import Kind, Object

_HISTORY = 10_000


@dataclass(frozen=True)
class Change:
    """One entry of the log: `ADDED`, `MODIFIED` or `DELETED`, with the object as it became and as it was.

    A `BOOKMARK` is in no log: it tells those who watch a kind in a namespace which version they have reached.
    """

    version: int
    type: str
    kind: Kind
    item: Object
    previous: Object | None


class Store:
    """Holds objects as plain JSON. What is in it is never changed in place: copy, change, `replace`.

    `history` is the number of changes that watches can look back on.
    """

    def __init__(self, history: int = _HISTORY) -> None:
        self.version = 0
        self._objects: dict[Kind, dict[tuple[str, str], Object]] = defaultdict(dict)
        self._by_uid: dict[str, tuple[Kind, Object]] = {}
        self._dependents: dict[str, dict[str, None]] = defaultdict(dict)
        self._log: deque[Change] = deque(maxlen=history)
        self._listeners: dict[object, Callable[[Change], None]] = {}
        self._bookmarked: dict[object, Callable[[Change], None]] = {}

    def find(self, kind: Kind, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self._objects[kind].get((namespace, name))

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """The object; ApiError 404 when there is none."""
        found = self.find(kind, namespace, name)
        if found is None:
            raise errors.not_found(kind, name)
        return found

    def listing(self, kind: Kind, namespace: str = "") -> list[Object]:
        """All objects of a kind, in a namespace or (with none) everywhere, by namespace and name."""
        rows = self._objects[kind]
        return [rows[key] for key in sorted(rows) if not namespace or key[0] == namespace]

    def with_uid(self, uid: str) -> tuple[Kind, Object] | None:
        """The object with this uid and its kind, or None."""
        return self._by_uid.get(uid)

    def dependents(self, uid: str) -> list[tuple[Kind, Object]]:
        """The objects whose owner references name this uid."""
        return [self._by_uid[each] for each in self._dependents.get(uid, ())]

    def insert(self, kind: Kind, item: Object) -> Object:
        """Stores a new object; ApiError 409 when its name is taken."""
        namespace, name = _key(item)
        if self.find(kind, namespace, name) is not None:
            raise errors.already_exists(kind, name)
        return self._record("ADDED", kind, item, None)

    def replace(self, kind: Kind, item: Object) -> Object:
        """Stores a new state of an object that is there; gives it back with its resourceVersion."""
        return self._record("MODIFIED", kind, item, self.get(kind, *_key(item)))

    def remove(self, kind: Kind, item: Object) -> Object:
        """Takes an object out for good; gives back its last state."""
        return self._record("DELETED", kind, item, self.get(kind, *_key(item)))

    def since(self, version: int) -> list[Change]:
        """What happened after a version; ApiError 410 when the log no longer reaches back that far."""
        oldest = self._log[0].version if self._log else self.version + 1
        if version < oldest - 1:
            raise errors.expired(f"too old resource version: {version} ({oldest})")
        # A version from the future stands for "from now on": numbers only grow, nothing is missed.
        return [change for change in self._log if change.version > version]

    @contextmanager
    def listening(self, hear: Callable[[Change], None], *, bookmarks: bool = False) -> Iterator[None]:
        """Calls `hear` for each change, as it happens, inside the block; for bookmarks only where it is to."""
        token = object()
        self._listeners[token] = hear
        if bookmarks:
            self._bookmarked[token] = hear
        try:
            yield
        finally:
            del self._listeners[token]
            self._bookmarked.pop(token, None)

    def bookmark(self, kind: Kind, namespace: str) -> Change:
        """Which version those who watch a kind in a namespace have reached when they have heard all."""
        mark: Object = {
            "kind": kind.kind,
            "apiVersion": kind.api_version,
            "metadata": {"namespace": namespace, "resourceVersion": str(self.version)},
        }
        return Change(self.version, "BOOKMARK", kind, mark, None)

    def tell_bookmark(self, kind: Kind, namespace: str) -> None:
        """Tells those who watch a kind in a namespace, and asked for it, which version they have reached."""
        for hear in list(self._bookmarked.values()):
            hear(self.bookmark(kind, namespace))

    def _record(self, change_type: str, kind: Kind, item: Object, previous: Object | None) -> Object:
        self.version += 1
        item = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self.version)}}
        uid = item["metadata"]["uid"]
        for reference in (previous or {}).get("metadata", {}).get("ownerReferences") or []:
            self._dependents[reference["uid"]].pop(uid, None)
            if not self._dependents[reference["uid"]]:
                del self._dependents[reference["uid"]]
        if change_type == "DELETED":
            del self._objects[kind][_key(item)], self._by_uid[uid]
        else:
            self._objects[kind][_key(item)] = item
            self._by_uid[uid] = (kind, item)
            for reference in item["metadata"].get("ownerReferences") or []:
                self._dependents[reference["uid"]][uid] = None
        change = Change(self.version, change_type, kind, item, previous)
        self._log.append(change)
        for hear in list(self._listeners.values()):
            hear(change)
        return item


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]

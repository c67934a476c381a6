"""The garbage collector, which deletes what has lost its owner, and the one that empties deleted namespaces."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.objects import is_leaving
from sandbox.emulators.kubernetes.kinds import ALL_KINDS, NAMESPACES, Kind, Object, kind_called
from sandbox.emulators.kubernetes.registry import FINALIZERS, Deletion, Registry
from sandbox.emulators.kubernetes.store import Change

_ORPHAN, _FOREGROUND = FINALIZERS["Orphan"], FINALIZERS["Foreground"]


@dataclass(frozen=True)
class GarbageCollector:
    """Follows owner references, by uid: what is to be looked at is an object or one that has gone."""

    registry: Registry

    def concerns(self, change: Change) -> Iterator[str]:
        """The object itself; when one has gone, its dependents and its owners too."""
        metadata = change.item["metadata"]
        if change.type == "DELETED":
            for _, dependent in self.registry.store.dependents(metadata["uid"]):
                yield dependent["metadata"]["uid"]
        for item in (change.item, change.previous or {"metadata": {}}):
            for reference in item["metadata"].get("ownerReferences") or []:
                yield reference["uid"]
        if change.type != "DELETED" and (metadata.get("ownerReferences") or is_leaving(change.item)):
            yield metadata["uid"]

    def reconcile(self, uid: str) -> None:
        """Deletes the object if all its owners have gone; helps it go if it waits for its dependents."""
        found = self.registry.store.with_uid(uid)
        if found is None:
            return
        kind, item = found
        self._check_owners(kind, item)
        found = self.registry.store.with_uid(uid)
        if found is not None and is_leaving(found[1]):
            self._help_go(*found)

    def _check_owners(self, kind: Kind, item: Object) -> None:
        references = item["metadata"].get("ownerReferences") or []
        lost = [each for each in references if self._is_lost(each, item)]
        if not lost:
            return
        if len(lost) < len(references):
            kept = [each for each in references if each not in lost]
            self.registry.change(kind, item, lambda new: new["metadata"].update(ownerReferences=kept))
        elif not is_leaving(item):
            self._delete(kind, item)

    def _is_lost(self, reference: Object, item: Object) -> bool:
        kind = kind_called(reference["apiVersion"], reference["kind"])
        if kind is None:
            return False  # Not served here, so nothing can be said about it.
        found = self.registry.store.with_uid(reference["uid"])
        # An owner in another namespace is none.
        return found is None or found[1]["metadata"].get("namespace") not in (None, item["metadata"].get("namespace"))

    def _help_go(self, kind: Kind, item: Object) -> None:
        uid = item["metadata"]["uid"]
        finalizers = item["metadata"].get("finalizers") or []
        if _ORPHAN in finalizers:
            for row, dependent in self.registry.store.dependents(uid):
                kept = [each for each in dependent["metadata"]["ownerReferences"] if each["uid"] != uid]
                self.registry.change(row, dependent, lambda new, kept=kept: _own(new, kept))  # type: ignore[misc]
            self._release(kind, item, _ORPHAN)
        elif _FOREGROUND in finalizers:
            for row, dependent in self.registry.store.dependents(uid):
                if not is_leaving(dependent):
                    nested = any(
                        _blocks(each, dependent)
                        for _, each in self.registry.store.dependents(dependent["metadata"]["uid"])
                    )
                    self._delete(row, dependent, "Foreground" if nested else "Background")
            if not any(_blocks(each, item) for _, each in self.registry.store.dependents(uid)):
                self._release(kind, item, _FOREGROUND)

    def _release(self, kind: Kind, item: Object, finalizer: str) -> None:
        self.registry.change(kind, item, lambda new: new["metadata"]["finalizers"].remove(finalizer))

    def _delete(self, kind: Kind, item: Object, policy: str = "Background") -> None:
        metadata = item["metadata"]
        self.registry.delete(kind, metadata.get("namespace", ""), metadata["name"], Deletion(policy))


@dataclass(frozen=True)
class NamespaceEmptier:
    """Deletes what is in a terminating namespace, then lets the namespace go."""

    registry: Registry

    def concerns(self, change: Change) -> Iterator[str]:
        """A namespace that is leaving, and the home of anything that went."""
        if change.kind is NAMESPACES and change.type != "DELETED" and is_leaving(change.item):
            yield change.item["metadata"]["name"]
        elif change.kind.namespaced and change.type == "DELETED":
            yield change.item["metadata"]["namespace"]

    def reconcile(self, name: str) -> None:
        """Deletes everything in it that is not already leaving; removes the finalizer when it is empty."""
        namespace = self.registry.store.find(NAMESPACES, "", name)
        if namespace is None or not is_leaving(namespace):
            return
        content = [
            (kind, item) for kind in ALL_KINDS if kind.namespaced for item in self.registry.store.listing(kind, name)
        ]
        for kind, item in content:
            if not is_leaving(item) and self.registry.store.with_uid(item["metadata"]["uid"]):
                self.registry.delete(kind, name, item["metadata"]["name"], Deletion("Background"))
        if not any(kind.namespaced and self.registry.store.listing(kind, name) for kind in ALL_KINDS):
            self.registry.change(NAMESPACES, namespace, lambda new: new["spec"].update(finalizers=[]))


def _own(item: Object, references: list[Object]) -> None:
    item["metadata"]["ownerReferences"] = references
    if not references:
        del item["metadata"]["ownerReferences"]


def _blocks(dependent: Object, owner: Object) -> bool:
    uid = owner["metadata"]["uid"]
    references = dependent["metadata"].get("ownerReferences") or []
    return any(each["uid"] == uid and each.get("blockOwnerDeletion") for each in references)

"""Create, update and delete with everything that an API server adds: defaults, rules, finalizers, generations.

Request handlers and controllers change objects through the same door.
"""

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.emulators.kubernetes import defaults, errors
from sandbox.emulators.kubernetes.kinds import FINISHED, JOBS, NAMESPACES, PODS, Kind, Object
from sandbox.emulators.kubernetes.names import generated_name
from sandbox.emulators.kubernetes.quotas import check_quotas
from sandbox.emulators.kubernetes.rules import check, check_change
from sandbox.emulators.kubernetes.schemas import Schemas
from sandbox.emulators.kubernetes.store import Store

FINALIZERS = {"Orphan": "orphan", "Foreground": "foregroundDeletion"}
_SERVER_SET = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
_PERMANENT_NAMESPACES = ("default", "kube-system")


@dataclass(frozen=True)
class Deletion:
    """How to delete: what becomes of dependents, seconds of grace, and which state the caller means."""

    propagation: str | None = None
    grace_seconds: int | None = None
    uid: str | None = None
    resource_version: str | None = None


def now(offset: float = 0) -> str:
    """The time as objects carry it: UTC, whole seconds; `offset` seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Registry:
    """The rules of changing objects, over a store. Every method either does all or raises ApiError."""

    def __init__(self, store: Store, schemas: Schemas) -> None:
        self.store = store
        self.schemas = schemas

    def create(self, kind: Kind, namespace: str, item: Object) -> Object:
        """Stores a new object whose shape has been checked; gives it back as stored.

        ApiError 404 for a missing namespace, 403 in a terminating one or beyond a quota, 409 for a taken name,
        422 for a broken rule.
        """
        item = copy.deepcopy(item)
        metadata = item.setdefault("metadata", {})
        if "resourceVersion" in metadata:
            raise errors.bad_request("resourceVersion should not be set on objects to be created")
        for name in _SERVER_SET:
            metadata.pop(name, None)
        if kind.namespaced:
            metadata["namespace"] = namespace
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._free_name(kind, namespace, metadata["generateName"])
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp=now())
        if kind.counts_generations:
            metadata["generation"] = 1
        item.update(apiVersion=kind.api_version, kind=kind.kind)
        if kind.namespaced:
            self._require_namespace(kind, namespace, metadata.get("name", ""))
        metadata.setdefault("name", "")
        defaults.fill(kind, item)
        if kind.has_status:
            item["status"] = defaults.first_status(kind, item["spec"])
        if kind is JOBS and isinstance(item["spec"].get("template"), dict):
            defaults.select_own_pods(item)
        check(kind, item)
        check_quotas(self.store, kind, item)
        return self.store.insert(kind, item)

    def update(self, kind: Kind, old: Object, new: Object, *, subresource: str = "") -> Object:
        """Brings an object to a new state whose shape has been checked.

        With `subresource="status"` only the status is taken from `new`, without it everything else.
        ApiError 409 when `new` carries another resourceVersion or uid than the stored object, 422 for a
        broken rule. An update that changes nothing writes nothing.
        """
        name = old["metadata"]["name"]
        was, wants = old["metadata"], new.get("metadata", {})
        if wants.get("uid", was["uid"]) != was["uid"]:
            why = f"Precondition failed: UID in precondition: {wants['uid']}, UID in object meta: {was['uid']}"
            raise errors.conflict(kind, name, why)
        if wants.get("resourceVersion", was["resourceVersion"]) != was["resourceVersion"]:
            raise errors.conflict(kind, name)
        item = copy.deepcopy(new)
        if subresource == "status":
            item = {**old, "status": item.get("status", {})}
            defaults.fill_status(kind, item["status"])
        else:
            kept = {key: was[key] for key in (*_SERVER_SET, "name", "namespace") if key in was}
            given = {key: value for key, value in item["metadata"].items() if key not in _SERVER_SET}
            item["metadata"] = {**given, **kept, "resourceVersion": was["resourceVersion"]}
            if "generateName" in was:
                item["metadata"]["generateName"] = was["generateName"]
            item.update(apiVersion=kind.api_version, kind=kind.kind)
            if kind.has_status:
                item["status"] = old["status"]
            defaults.fill(kind, item)
            check(kind, item)
            check_change(kind, old, item)
            if kind.counts_generations and item["spec"] != old["spec"]:
                item["metadata"]["generation"] = was["generation"] + 1
        return old if item == old else self._settle(kind, item)

    def change(self, kind: Kind, old: Object, edit: Callable[[Object], Any]) -> Object:
        """A controller's own write: a copy of the object is edited and stored if that changed anything."""
        item = copy.deepcopy(old)
        edit(item)
        return old if item == old else self._settle(kind, item)

    def delete(self, kind: Kind, namespace: str, name: str, deletion: Deletion | None = None) -> Object:
        """Deletes, or begins to where finalizers or a grace period stand before the end.

        Gives back what the real server answers: the object while it lingers, otherwise a `Status` or, for
        some kinds, the last state. ApiError 404, 409 for a precondition that does not hold, 403 for a
        namespace that must stay.
        """
        deletion = deletion or Deletion()
        old = self.store.get(kind, namespace, name)
        metadata = old["metadata"]
        for said, field in ((deletion.uid, "uid"), (deletion.resource_version, "resourceVersion")):
            if said is not None and said != metadata[field]:
                why = f"Precondition failed: {field} in precondition: {said}, in object meta: {metadata[field]}"
                raise errors.conflict(kind, name, why)
        if kind is NAMESPACES and name in _PERMANENT_NAMESPACES:
            raise errors.forbidden(kind, name, "this namespace may not be deleted")
        finalizers = self._finalizers(kind, metadata, deletion.propagation)
        grace = _grace_seconds(kind, old, deletion.grace_seconds)
        if not finalizers and not old.get("spec", {}).get("finalizers") and grace == 0:
            last = self.store.remove(kind, old)
            return last if kind.deletion_returns_object else _gone(kind, last)
        item = copy.deepcopy(old)
        if "deletionTimestamp" not in metadata:
            item["metadata"].update(deletionTimestamp=now(grace), deletionGracePeriodSeconds=grace)
            if kind.counts_generations:
                item["metadata"]["generation"] = metadata["generation"] + 1
        else:
            grace = min(grace, metadata["deletionGracePeriodSeconds"])
            item["metadata"]["deletionGracePeriodSeconds"] = grace
        item["metadata"]["finalizers"] = finalizers
        if not finalizers:
            del item["metadata"]["finalizers"]
        if kind is NAMESPACES:
            item["status"]["phase"] = "Terminating"
        return old if item == old else self.store.replace(kind, item)

    def _settle(self, kind: Kind, item: Object) -> Object:
        """Stores a new state; an object on its way out goes when nothing holds it any more."""
        metadata = item["metadata"]
        if not metadata.get("finalizers"):
            metadata.pop("finalizers", None)
        held = metadata.get("finalizers") or item.get("spec", {}).get("finalizers")
        leaving = "deletionTimestamp" in metadata and metadata.get("deletionGracePeriodSeconds") == 0
        if leaving and not held:
            return self.store.remove(kind, item)
        return self.store.replace(kind, item)

    def _finalizers(self, kind: Kind, metadata: Object, propagation: str | None) -> list[str]:
        present = metadata.get("finalizers") or []
        if propagation is None:
            asked = [policy for policy, name in FINALIZERS.items() if name in present]
            propagation = asked[0] if asked else kind.default_propagation
        others = [name for name in present if name not in FINALIZERS.values()]
        return [*others, FINALIZERS[propagation]] if propagation in FINALIZERS else others

    def _free_name(self, kind: Kind, namespace: str, prefix: str) -> str:
        while self.store.find(kind, namespace, name := generated_name(prefix)) is not None:
            pass
        return name

    def _require_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        home = self.store.get(NAMESPACES, "", namespace)
        if "deletionTimestamp" in home["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace} is being terminated",
                "field": "metadata.namespace",
            }
            raise errors.forbidden(kind, name, why, [cause])


def _grace_seconds(kind: Kind, item: Object, asked: int | None) -> int:
    """Only pods have a grace period, and only while something may still be running in them."""
    if kind is not PODS or not item["spec"].get("nodeName"):
        return 0
    if item["status"].get("phase") in FINISHED:
        return 0
    grace: int = item["spec"]["terminationGracePeriodSeconds"] if asked is None else asked
    return grace


def _gone(kind: Kind, item: Object) -> Object:
    group = {"group": kind.group} if kind.group else {}
    metadata = item["metadata"]
    details = {"name": metadata["name"], **group, "kind": kind.plural, "uid": metadata["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

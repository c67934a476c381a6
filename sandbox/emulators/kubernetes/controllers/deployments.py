"""Deployments and ReplicaSets: so many pods of a template, kept at that number."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator

from sandbox.emulators.kubernetes.controllers.events import note
from sandbox.emulators.kubernetes.controllers.owners import (
    controlled,
    controller_of,
    is_leaving,
    is_ready,
    pod_from,
    reference_to,
)
from sandbox.emulators.kubernetes.kinds import DEPLOYMENTS, PODS, REPLICA_SETS, Kind, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry, now
from sandbox.emulators.kubernetes.store import Change

_HASH = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
_Key = tuple[str, str]


def _concerns(change: Change, kind: Kind, made: Kind) -> Iterator[_Key]:
    metadata = change.item["metadata"]
    if change.kind is kind:
        yield metadata["namespace"], metadata["name"]
    elif change.kind is made:
        owner = controller_of(change.item)
        if owner is not None and owner["kind"] == kind.kind:
            yield metadata["namespace"], owner["name"]


class ReplicaSetController:
    """Makes a ReplicaSet's pods, replaces those that go, and deletes those that are too many."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def concerns(self, change: Change) -> Iterator[_Key]:
        """A ReplicaSet that changes, and the ReplicaSet of a pod that does."""
        return _concerns(change, REPLICA_SETS, PODS)

    def reconcile(self, key: _Key) -> None:
        """Brings one ReplicaSet's pods and status to what its spec asks for."""
        owner = self._store.find(REPLICA_SETS, *key)
        if owner is None:
            return
        pods = [
            pod
            for pod in controlled(self._store, owner["metadata"]["uid"])
            if not is_leaving(pod) and pod["status"]["phase"] not in ("Succeeded", "Failed")
        ]
        wanted = owner["spec"]["replicas"]
        if not is_leaving(owner):
            # Those that do not run yet go first.
            for pod in sorted(pods, key=is_ready)[: max(len(pods) - wanted, 0)]:
                self._registry.delete(PODS, key[0], pod["metadata"]["name"], Deletion("Background"))
                pods.remove(pod)
                self._note(owner, "SuccessfulDelete", "Deleted", pod)
            while len(pods) < wanted:
                pods.append(self._registry.create(PODS, key[0], pod_from(owner["spec"]["template"], owner)))
                self._note(owner, "SuccessfulCreate", "Created", pods[-1])
        ready = sum(map(is_ready, pods))
        status = {"replicas": len(pods), "observedGeneration": owner["metadata"]["generation"]}
        if pods:
            status["fullyLabeledReplicas"] = len(pods)
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        self._registry.change(REPLICA_SETS, owner, lambda new: new.update(status=status))

    def _note(self, owner: Object, reason: str, done: str, pod: Object) -> None:
        note(self._registry, owner, reason, f"{done} pod: {pod['metadata']['name']}", "replicaset-controller")


class DeploymentController:
    """Keeps one ReplicaSet for the present template; older ones are emptied once the new pods are ready."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def concerns(self, change: Change) -> Iterator[_Key]:
        """A Deployment that changes, and the Deployment of a ReplicaSet that does."""
        return _concerns(change, DEPLOYMENTS, REPLICA_SETS)

    def reconcile(self, key: _Key) -> None:
        """Brings one Deployment's ReplicaSets and status to what its spec asks for."""
        owner = self._store.find(DEPLOYMENTS, *key)
        if owner is None:
            return
        name = f"{owner['metadata']['name']}-{_template_hash(owner)}"
        current = self._store.find(REPLICA_SETS, key[0], name)
        wanted = owner["spec"]["replicas"]
        uid, revision = owner["metadata"]["uid"], 0
        if not is_leaving(owner):
            older = [each for each in controlled(self._store, uid, REPLICA_SETS) if each["metadata"]["name"] != name]
            # A template that comes back counts as the newest.
            revision = max((_revision(each) for each in older), default=0) + 1
            current = current or self._make(owner, name)
            if _revision(current) < revision:
                current = self._registry.change(REPLICA_SETS, current, lambda new: _set_revision(new, revision))
            current = self._scale(owner, current, wanted)
            if current["status"].get("readyReplicas", 0) >= wanted:
                for old in older:
                    self._scale(owner, old, 0)
        status = _status(owner, controlled(self._store, uid, REPLICA_SETS), name)

        def edit(new: Object) -> None:
            new["status"] = status
            if current:
                _set_revision(new, _revision(current))

        self._registry.change(DEPLOYMENTS, owner, edit)

    def _make(self, owner: Object, name: str) -> Object:
        template, number = copy.deepcopy(owner["spec"]["template"]), name.rpartition("-")[2]
        template["metadata"].setdefault("labels", {})[_HASH] = number
        selector = copy.deepcopy(owner["spec"]["selector"])
        selector.setdefault("matchLabels", {})[_HASH] = number
        wish = {
            "metadata": {
                "name": name,
                "labels": template["metadata"]["labels"],
                "ownerReferences": [reference_to(owner)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }
        return self._registry.create(REPLICA_SETS, owner["metadata"]["namespace"], wish)

    def _scale(self, owner: Object, item: Object, replicas: int) -> Object:
        before = item["spec"]["replicas"]
        if before == replicas:
            return item
        way = "up" if replicas > before else "down"
        message = f"Scaled {way} replica set {item['metadata']['name']} from {before} to {replicas}"
        note(self._registry, owner, "ScalingReplicaSet", message, "deployment-controller")
        return self._registry.update(REPLICA_SETS, item, {**item, "spec": {**item["spec"], "replicas": replicas}})


def _revision(item: Object) -> int:
    return int(item["metadata"].get("annotations", {}).get(_REVISION, 0))


def _set_revision(item: Object, revision: int) -> None:
    item["metadata"].setdefault("annotations", {})[_REVISION] = str(revision)


def _template_hash(deployment: Object) -> str:
    text = json.dumps(deployment["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _status(owner: Object, sets: list[Object], current: str) -> Object:
    def total(field: str, only: str = "") -> int:
        rows = [each for each in sets if not only or each["metadata"]["name"] == only]
        return sum(each["status"].get(field, 0) for each in rows)

    wanted, ready = owner["spec"]["replicas"], total("readyReplicas")
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": total("replicas", current),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(wanted - ready, 0),
    }
    before = {each["type"]: each for each in owner["status"].get("conditions", [])}
    conditions = []
    complete = total("readyReplicas", current) >= wanted
    for kind, value, reason in (
        ("Available", ready >= wanted, "MinimumReplicasAvailable" if ready >= wanted else "MinimumReplicasUnavailable"),
        ("Progressing", True, "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated"),
    ):
        fresh = {"type": kind, "status": str(value), "reason": reason, "message": ""}
        old = before.get(kind, {})
        moment = old["lastTransitionTime"] if old.get("status") == fresh["status"] else now()
        update = old["lastUpdateTime"] if old.get("reason") == reason else now()
        conditions.append({**fresh, "lastTransitionTime": moment, "lastUpdateTime": update})
    shown = {key: value for key, value in counts.items() if value}
    return {"observedGeneration": owner["metadata"]["generation"], **shown, "conditions": conditions}

"""The controllers of Deployments and ReplicaSets: they keep the number of pods that the spec asks for."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.objects import (
    Key,
    controlled,
    is_leaving,
    is_ready,
    pod_from,
    reference_to,
    template_hash,
    touched,
)
from sandbox.emulators.kubernetes.kinds import DEPLOYMENTS, FINISHED, PODS, REPLICA_SETS, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry
from sandbox.emulators.kubernetes.store import Change

_HASH = "pod-template-hash"
_PODS_GO = 0.05  # seconds between two looks whether the pods of an old template have gone


@dataclass(frozen=True)
class ReplicaSetController:
    """Makes a ReplicaSet's pods, replaces those that go, and deletes those that are too many."""

    registry: Registry

    def concerns(self, change: Change) -> Iterator[Key]:
        """A ReplicaSet that changes, and the ReplicaSet of a pod that does."""
        return touched(change, REPLICA_SETS, PODS)

    def reconcile(self, key: Key) -> None:
        """Brings one ReplicaSet's pods and status to what its spec asks for."""
        owner = self.registry.store.find(REPLICA_SETS, *key)
        if owner is None:
            return
        pods = [
            pod
            for pod in controlled(self.registry.store, owner["metadata"]["uid"])
            if not is_leaving(pod) and pod["status"]["phase"] not in FINISHED
        ]
        wanted = owner["spec"]["replicas"]
        if not is_leaving(owner):
            # Those that do not run yet go first.
            for pod in sorted(pods, key=is_ready)[: max(len(pods) - wanted, 0)]:
                self.registry.delete(PODS, key[0], pod["metadata"]["name"], Deletion("Background"))
                pods.remove(pod)
            while len(pods) < wanted:
                pods.append(self.registry.create(PODS, key[0], pod_from(owner["spec"]["template"], owner)))
        status = {"replicas": len(pods), "observedGeneration": owner["metadata"]["generation"]}
        if pods:
            status["fullyLabeledReplicas"] = len(pods)
        if ready := sum(map(is_ready, pods)):
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        self.registry.change(REPLICA_SETS, owner, lambda new: new.update(status=status))


@dataclass(frozen=True)
class DeploymentController:
    """Keeps one ReplicaSet for the present template; older ones are emptied once the new pods are ready.

    With the strategy `Recreate` they are emptied first.
    """

    registry: Registry

    def concerns(self, change: Change) -> Iterator[Key]:
        """A Deployment that changes, and the Deployment of a ReplicaSet that does."""
        return touched(change, DEPLOYMENTS, REPLICA_SETS)

    def reconcile(self, key: Key) -> float | None:
        """Brings one Deployment's ReplicaSets and status to what its spec asks for."""
        owner = self.registry.store.find(DEPLOYMENTS, *key)
        if owner is None:
            return None
        name, uid = f"{owner['metadata']['name']}-{template_hash(owner)}", owner["metadata"]["uid"]
        again = None if is_leaving(owner) else self._roll_out(owner, name)
        status = _status(owner, controlled(self.registry.store, uid, REPLICA_SETS), name)
        self.registry.change(DEPLOYMENTS, owner, lambda new: new.update(status=status))
        return again

    def _roll_out(self, owner: Object, name: str) -> float | None:
        wanted, metadata = owner["spec"]["replicas"], owner["metadata"]
        current = self.registry.store.find(REPLICA_SETS, metadata["namespace"], name) or self._make(owner, name)
        others = [
            each
            for each in controlled(self.registry.store, metadata["uid"], REPLICA_SETS)
            if each["metadata"]["name"] != name
        ]
        if owner["spec"]["strategy"]["type"] == "Recreate":
            for each in others:
                self._scale(each, 0)
            if any(controlled(self.registry.store, each["metadata"]["uid"]) for each in others):
                return _PODS_GO
            self._scale(current, wanted)
        elif self._scale(current, wanted)["status"].get("readyReplicas", 0) >= wanted:
            for each in others:
                self._scale(each, 0)
        return None

    def _make(self, owner: Object, name: str) -> Object:
        template, number = copy.deepcopy(owner["spec"]["template"]), name.rpartition("-")[2]
        template["metadata"].setdefault("labels", {})[_HASH] = number
        selector = copy.deepcopy(owner["spec"]["selector"])
        selector.setdefault("matchLabels", {})[_HASH] = number
        labels = template["metadata"]["labels"]
        wish = {
            "metadata": {"name": name, "labels": labels, "ownerReferences": [reference_to(owner)]},
            "spec": {"replicas": 0, "selector": selector, "template": template},
        }
        return self.registry.create(REPLICA_SETS, owner["metadata"]["namespace"], wish)

    def _scale(self, item: Object, replicas: int) -> Object:
        return self.registry.update(REPLICA_SETS, item, {**item, "spec": {**item["spec"], "replicas": replicas}})


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
    shown = {key: value for key, value in counts.items() if value}
    return {"observedGeneration": owner["metadata"]["generation"], **shown}

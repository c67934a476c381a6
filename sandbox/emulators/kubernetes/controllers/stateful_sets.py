"""The controller of StatefulSets: pods with lasting names, started one after another and ended in the other order."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.objects import (
    Key,
    controlled,
    is_leaving,
    is_ready,
    pod_from,
    template_hash,
    touched,
)
from sandbox.emulators.kubernetes.kinds import FINISHED, PODS, STATEFUL_SETS, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry
from sandbox.emulators.kubernetes.store import Change

_POD_NAME = "statefulset.kubernetes.io/pod-name"
_INDEX = "apps.kubernetes.io/pod-index"
_REVISION = "controller-revision-hash"


@dataclass(frozen=True)
class StatefulSetController:
    """Makes pod `name-0`, then `name-1` when that is ready, and so on; takes one step a look.

    A pod that has gone is made again under its name, but not before it has gone. Of a new template the pods are
    replaced one by one, the last first.
    """

    registry: Registry

    def concerns(self, change: Change) -> Iterator[Key]:
        """A StatefulSet that changes, and the StatefulSet of a pod that does."""
        return touched(change, STATEFUL_SETS, PODS)

    def reconcile(self, key: Key) -> None:
        """Brings one StatefulSet's pods a step further, and its status to what is there."""
        owner = self.registry.store.find(STATEFUL_SETS, *key)
        if owner is None:
            return
        revision = f"{owner['metadata']['name']}-{template_hash(owner)}"
        if not is_leaving(owner):
            self._step(owner, revision)
        status = _status(owner, self._pods_of(owner), revision)
        self.registry.change(STATEFUL_SETS, owner, lambda new: new.update(status=status))

    def _pods_of(self, owner: Object) -> list[Object]:
        """Its pods, by their numbers."""
        return sorted(controlled(self.registry.store, owner["metadata"]["uid"]), key=_number)

    def _step(self, owner: Object, revision: str) -> None:
        pods = {_number(pod): pod for pod in self._pods_of(owner)}
        for number in range(owner["spec"]["replicas"]):
            pod = pods.pop(number, None)
            if pod is None:
                self.registry.create(PODS, owner["metadata"]["namespace"], _pod(owner, number, revision))
                return
            if pod["status"]["phase"] in FINISHED and not is_leaving(pod):
                self._delete(pod)
            if not is_ready(pod) or is_leaving(pod):
                return
        if pods:
            self._delete(pods[max(pods)])
            return
        for pod in reversed(self._pods_of(owner)):
            if pod["metadata"]["labels"].get(_REVISION) != revision:
                self._delete(pod)
                return

    def _delete(self, pod: Object) -> None:
        if not is_leaving(pod):
            self.registry.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], Deletion("Background"))


def _number(pod: Object) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _pod(owner: Object, number: int, revision: str) -> Object:
    name = f"{owner['metadata']['name']}-{number}"
    pod = copy.deepcopy(pod_from(owner["spec"]["template"], owner))
    del pod["metadata"]["generateName"]
    pod["metadata"]["name"] = name
    pod["metadata"]["labels"] |= {_POD_NAME: name, _INDEX: str(number), _REVISION: revision}
    pod["spec"]["hostname"] = name
    if subdomain := owner["spec"].get("serviceName"):
        pod["spec"]["subdomain"] = subdomain
    return pod


def _status(owner: Object, pods: list[Object], revision: str) -> Object:
    ready = sum(is_ready(pod) and not is_leaving(pod) for pod in pods)
    present = sum(pod["metadata"]["labels"].get(_REVISION) == revision for pod in pods)
    counts = {"readyReplicas": ready, "currentReplicas": present, "updatedReplicas": present}
    return {
        "observedGeneration": owner["metadata"]["generation"],
        "replicas": len(pods),
        "availableReplicas": ready,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
        **{name: count for name, count in counts.items() if count},
    }

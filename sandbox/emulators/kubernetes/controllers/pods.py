"""The kubelet and the scheduler: a pod is scheduled at once, runs after a delay, and stops after a shorter one.

Two things can keep a pod from running, besides scheduling gates: a node selector that no node meets, and an image of a
registry below `.invalid`, a domain that is never found (RFC 2606). Pods that ask for the node `processes` are scheduled
there and left to it: something outside this server runs them, and says in their status how they are.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.objects import is_leaving, warn
from sandbox.emulators.kubernetes.controllers.pod_states import accept, condition, finish, run
from sandbox.emulators.kubernetes.kinds import FINISHED, PODS, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry
from sandbox.emulators.kubernetes.store import Change

NODE = "sandbox-node"
PROCESSES = "processes"
NODE_LABEL = "focus/node"
_NODES = {
    NODE: {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"},
    PROCESSES: {"kubernetes.io/hostname": PROCESSES, "kubernetes.io/os": "linux", NODE_LABEL: PROCESSES},
}
_NO_REGISTRY = ".invalid"

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class PodTimes:
    """How long a pod stays Pending, and how long a deleted one takes to stop, in seconds."""

    start: float = 0.05
    stop: float = 0.05


class Kubelet:
    """Scheduler and kubelet in one. A pod that cannot be scheduled, or whose image cannot be pulled, stays Pending."""

    def __init__(self, registry: Registry, times: PodTimes) -> None:
        self._registry = registry
        self._store = registry.store
        self._times = times
        self._due: dict[_Key, float] = {}
        self._addresses = 0

    def concerns(self, change: Change) -> Iterator[_Key]:
        """Every pod that changes."""
        if change.kind is PODS:
            metadata = change.item["metadata"]
            yield metadata["namespace"], metadata["name"], metadata["uid"]

    def reconcile(self, key: _Key) -> float | None:
        """Takes one pod one step further; gives back the seconds until the next one."""
        namespace, name, uid = key
        pod = self._store.find(PODS, namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid:
            self._due.pop(key, None)
            return None
        if pod["spec"].get("nodeName") == PROCESSES:
            return None
        if is_leaving(pod):
            return self._stop(key, pod)
        if pod["spec"].get("schedulingGates"):
            if not pod["status"].get("conditions"):
                self._registry.change(PODS, pod, lambda new: condition(new, "PodScheduled", "False", "SchedulingGated"))
            return None
        if not pod["spec"].get("nodeName"):
            # The change just made calls again.
            node = _node_for(pod)
            if node is None:
                self._turn_away(pod)
            else:
                self._bind(pod, node)
            return None
        if pod["status"]["phase"] == "Pending":
            return self._start(key, pod)
        if pod["status"]["phase"] in FINISHED:
            self._registry.change(PODS, pod, finish)
        return None

    def _bind(self, pod: Object, node: str) -> None:
        def edit(new: Object) -> None:
            new["spec"]["nodeName"] = node
            condition(new, "PodScheduled", "True")

        self._registry.change(PODS, pod, edit)

    def _turn_away(self, pod: Object) -> None:
        message = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."
        if not pod["status"].get("conditions"):
            held = self._registry.change(
                PODS, pod, lambda new: condition(new, "PodScheduled", "False", "Unschedulable", message)
            )
            warn(self._registry, held, "FailedScheduling", message, "default-scheduler")

    def _start(self, key: _Key, pod: Object) -> float | None:
        if "startTime" not in pod["status"]:
            self._due[key] = time.monotonic() + self._times.start
            self._registry.change(PODS, pod, accept)
            return None
        if (left := self._due.get(key, 0) - time.monotonic()) > 0:
            return left
        self._due.pop(key, None)
        if missing := _images_not_to_be_had(pod):
            self._wait_for_images(pod, missing)
            return None
        self._addresses += 1
        address = f"10.244.{self._addresses >> 8 & 255}.{self._addresses & 255}"
        self._registry.change(PODS, pod, lambda new: run(new, address))
        return None

    def _wait_for_images(self, pod: Object, images: set[str]) -> None:
        waiting = self._registry.change(PODS, pod, lambda new: _back_off(new, images))
        if waiting is not pod:
            for image in sorted(images):
                warn(self._registry, waiting, "Failed", _not_pulled(image), "kubelet")

    def _stop(self, key: _Key, pod: Object) -> float | None:
        if pod["metadata"]["deletionGracePeriodSeconds"] == 0:
            return None  # Only a finalizer holds it, and that is somebody else's.
        grace = min(self._times.stop, pod["metadata"]["deletionGracePeriodSeconds"])
        stopping = (key[0], key[1], f"{key[2]} stops")
        due = self._due.setdefault(stopping, time.monotonic() + grace)
        if (left := due - time.monotonic()) > 0:
            return left
        self._due.pop(stopping)
        self._registry.delete(PODS, key[0], key[1], Deletion(grace_seconds=0, uid=key[2]))
        return None


def _node_for(pod: Object) -> str | None:
    wanted = (pod["spec"].get("nodeSelector") or {}).items()
    return next((node for node, labels in _NODES.items() if wanted <= labels.items()), None)


def _images_not_to_be_had(pod: Object) -> set[str]:
    images = {container["image"] for container in pod["spec"]["containers"]}
    return {image for image in images if image.partition("/")[0].partition(":")[0].endswith(_NO_REGISTRY)}


def _not_pulled(image: str) -> str:
    host = image.partition("/")[0]
    return f'Failed to pull image "{image}": dial tcp: lookup {host}: no such host'


def _back_off(pod: Object, images: set[str]) -> None:
    for state in pod["status"]["containerStatuses"]:
        if state["image"] in images:
            message = f'Back-off pulling image "{state["image"]}": ErrImagePull: {_not_pulled(state["image"])}'
            state["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": message}}

"""Looking at the parts of the product as Kubernetes runs them: a workload (Deployment or StatefulSet) and its pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.core.errors import EnvironmentBroken
from support.observers.kubernetes_api import PODS, Namespace
from support.observers.manifests import Manifest
from support.observers.parts import is_pod_of

_OF_APPS = "/apis/apps/v1/namespaces/{namespace}"
PATHS = {"statefulset": f"{_OF_APPS}/statefulsets", "deployment": f"{_OF_APPS}/deployments"}
"""Where the workloads of a kind are, as settings name it."""

_IS_OVER = ("Succeeded", "Failed")  # Kubernetes keeps pods that it has evicted, and makes others in their place.
_HAS_NO_IMAGE = (
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
)
_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


@dataclass(frozen=True)
class Pod:
    """A pod at one moment. `restarts` counts how often Kubernetes has started its containers again.

    `has_begun` says whether a container has ever run; `unscheduled` why it has no node; `waiting` why containers do not
    run, by the names of Kubernetes.
    """

    name: str
    uid: str
    phase: str
    is_ready: bool
    restarts: int
    is_going: bool
    has_begun: bool = True
    unscheduled: str | None = None
    waiting: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifest: Manifest) -> Pod:
        """Read it from its manifest."""
        metadata, status = manifest["metadata"], manifest.get("status") or {}
        conditions = {one.get("type"): one for one in status.get("conditions") or ()}
        scheduled, containers = conditions.get("PodScheduled") or {}, status.get("containerStatuses") or ()
        starting = [*(status.get("initContainerStatuses") or ()), *containers]
        states = [one.get("state") or {} for one in starting]
        waiting = [state.get("waiting") or {} for state in states]
        runs = status.get("phase") == "Running" or any(state.keys() & {"running", "terminated"} for state in states)
        return cls(
            metadata["name"],
            metadata["uid"],
            str(status.get("phase")),
            (conditions.get("Ready") or {}).get("status") == "True",
            sum(one.get("restartCount") or 0 for one in containers),
            "deletionTimestamp" in metadata,
            runs or any(one.get("restartCount") for one in starting),
            str(scheduled.get("message") or "nobody says why") if scheduled.get("status") == "False" else None,
            tuple(str(one["reason"]) for one in waiting if one.get("reason")),
        )

    @property
    def is_up_to_kubernetes(self) -> bool:
        """Whether it waits for Kubernetes: to end, or for a node, an image or a volume."""
        return self.is_going or not self.has_begun or any(one in _HAS_NO_IMAGE for one in self.waiting)

    def __str__(self) -> str:
        why = [*([f"it has no node: {self.unscheduled}"] if self.unscheduled else []), *self.waiting]
        return f"the pod {self.name} is {self.phase} and not ready" + (f" ({', '.join(why)})" if why else "")


@dataclass(frozen=True)
class WorkloadState:
    """A workload at one moment: how many pods are wanted, as how many it counts as ready, and which there are.

    Pods that are over, such as evicted ones, are none of them.
    """

    wanted: int
    ready: int
    pods: tuple[Pod, ...]

    def problems(self) -> list[str]:
        """What keeps it from being as it is wanted, a line each."""
        problems = [f"the pod {pod.name} is still there" for pod in self.pods if pod.is_going]
        there = [pod for pod in self.pods if not pod.is_going]
        if len(there) != self.wanted:
            problems.append(f"there are {len(there)} pods instead of {self.wanted}")
        problems += [str(pod) for pod in there if not pod.is_ready]
        if not problems and self.ready != self.wanted:
            problems.append(f"{self.ready} pods are counted as ready instead of {self.wanted}")
        return problems

    @property
    def is_up_to_kubernetes(self) -> bool:
        """Whether it is not as it is wanted because of Kubernetes, and not because what runs in its pods fails."""
        waits = any(pod.is_up_to_kubernetes for pod in self.pods) or all(pod.is_ready for pod in self.pods)
        return waits and bool(self.problems())


def state_of(namespace: Namespace, workload: str) -> WorkloadState:
    """The state of a workload, `kind/name`.

    Raises EnvironmentBroken as `Namespace` does, or if the workload selects all pods that there are.
    """
    kind, _, name = workload.partition("/")
    found = namespace.item(PATHS[kind], name)
    spec, status = found.get("spec") or {}, found.get("status") or {}
    pods = [
        Pod.of(pod)
        for pod in namespace.items(PODS, ("labelSelector", _selector(workload, spec.get("selector") or {})))
        if is_pod_of(workload, pod)
    ]
    there = tuple(pod for pod in pods if pod.phase not in _IS_OVER)
    return WorkloadState(spec.get("replicas", 1), status.get("readyReplicas") or 0, there)


def _selector(workload: str, selector: dict[str, Any]) -> str:
    """A workload's selector of pods, as a query has it."""
    labels: dict[str, str] = selector.get("matchLabels") or {}
    wanted = [f"{label}={value}" for label, value in sorted(labels.items())]
    for one in selector.get("matchExpressions") or ():
        form = _OPERATORS.get(one.get("operator"))
        if form is None:
            raise EnvironmentBroken(f"{workload} selects its pods in an unknown way: {one}")
        wanted.append(form.format(key=one.get("key"), values=",".join(one.get("values") or ())))
    if not wanted:
        raise EnvironmentBroken(
            f"{workload} selects its pods by nothing, and so all pods: see that spec.selector of it names a label."
        )
    return ",".join(wanted)

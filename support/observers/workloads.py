"""Looking at the parts of the product as Kubernetes runs them: a workload (Deployment or StatefulSet) and its pods."""

from __future__ import annotations

from dataclasses import dataclass

from support.observers.kubernetes_api import PODS, Namespace
from support.observers.manifests import Manifest

_OF_APPS = "/apis/apps/v1/namespaces/{namespace}"
PATHS = {"statefulset": f"{_OF_APPS}/statefulsets", "deployment": f"{_OF_APPS}/deployments"}
"""Where the workloads of a kind are, as settings name it."""


@dataclass(frozen=True)
class Pod:
    """A pod at one moment. `restarts` counts how often Kubernetes has started its containers again."""

    name: str
    uid: str
    phase: str
    is_ready: bool
    restarts: int
    is_going: bool

    @classmethod
    def of(cls, manifest: Manifest) -> Pod:
        """Read it from its manifest."""
        metadata, status = manifest["metadata"], manifest.get("status") or {}
        conditions = {one.get("type"): one.get("status") for one in status.get("conditions") or ()}
        return cls(
            metadata["name"],
            metadata["uid"],
            str(status.get("phase")),
            conditions.get("Ready") == "True",
            sum(one.get("restartCount") or 0 for one in status.get("containerStatuses") or ()),
            "deletionTimestamp" in metadata,
        )


@dataclass(frozen=True)
class WorkloadState:
    """A workload at one moment: how many pods are wanted, as how many it counts as ready, and which there are."""

    wanted: int
    ready: int
    pods: tuple[Pod, ...]

    def problems(self) -> list[str]:
        """What keeps it from being as it is wanted, a line each."""
        problems = [f"the pod {pod.name} is still there" for pod in self.pods if pod.is_going]
        there = [pod for pod in self.pods if not pod.is_going]
        if len(there) != self.wanted:
            problems.append(f"there are {len(there)} pods instead of {self.wanted}")
        problems += [f"the pod {pod.name} is {pod.phase} and not ready" for pod in there if not pod.is_ready]
        if not problems and self.ready != self.wanted:
            problems.append(f"{self.ready} pods are counted as ready instead of {self.wanted}")
        return problems


def state_of(namespace: Namespace, workload: str) -> WorkloadState:
    """The state of a workload, `kind/name`; raises EnvironmentBroken as `Namespace` does."""
    kind, _, name = workload.partition("/")
    found = namespace.item(PATHS[kind], name)
    spec, status = found.get("spec") or {}, found.get("status") or {}
    labels = (spec.get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    pods = namespace.items(PODS, ("labelSelector", selector))
    return WorkloadState(spec.get("replicas", 1), status.get("readyReplicas") or 0, tuple(map(Pod.of, pods)))

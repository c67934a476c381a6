"""Which objects of Kubernetes belong to the parts of the product that the settings name as workloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.observers.manifests import Manifest
from support.profile.settings import Settings

PARTS = ("MongoDB", "RabbitMQ", "Focus Server", "recorder")
_KINDS = {"statefulset": "StatefulSet", "deployment": "Deployment"}
_COLLECTIONS = {"statefulsets.apps": "statefulset", "deployments.apps": "deployment"}
_TEMPLATE_HASH = "pod-template-hash"


def is_pod_of(workload: str, pod: Manifest) -> bool:
    """Whether a pod belongs to a workload (`kind/name`): a StatefulSet or a ReplicaSet of a Deployment controls it.

    A Deployment names each ReplicaSet after itself and a hash that its pods carry, so nobody needs the right to read
    ReplicaSets for this.
    """
    kind, _, name = workload.partition("/")
    if kind == "statefulset":
        return _is_controlled_by(pod, "StatefulSet", name)
    template = (pod["metadata"].get("labels") or {}).get(_TEMPLATE_HASH)
    return template is not None and _is_controlled_by(pod, "ReplicaSet", f"{name}-{template}")


def _is_controlled_by(manifest: Manifest, kind: str, name: str) -> bool:
    owners = manifest["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and (owner.get("kind"), owner.get("name")) == (kind, name) for owner in owners)


@dataclass(frozen=True)
class Parts:
    """The parts that share a namespace with the analyzers, as workloads: `kind/name`."""

    workloads: frozenset[str] = frozenset()

    @classmethod
    def beside_analyzers(cls, settings: Settings) -> Parts:
        """Those that the settings name; none where the parts have a namespace of their own."""
        if settings.workloads.namespace not in (None, settings.kubernetes.namespace):
            return cls()
        named = (settings.workloads.of(part) for part in PARTS)
        return cls(frozenset(workload for workload in named if workload is not None))

    def own_pod(self, pod: Manifest) -> bool:
        """Whether a pod is one of a part, and so none of an analyzer."""
        return any(is_pod_of(workload, pod) for workload in self.workloads)

    def control(self, manifest: Manifest) -> bool:
        """Whether Kubernetes made an object, such as a ReplicaSet, for the workload of a part, and writes it for it."""
        named = (workload.partition("/") for workload in self.workloads)
        return any(_is_controlled_by(manifest, _KINDS[kind], name) for kind, _, name in named)

    def without_scale(self, kind: str, manifest: Manifest) -> Manifest:
        """An object of a kind (`deployments.apps`); the workload of a part without the number of pods it is to have."""
        if f"{_COLLECTIONS.get(kind)}/{manifest['metadata']['name']}" not in self.workloads:
            return manifest
        spec: dict[str, Any] = manifest.get("spec") or {}
        return {**manifest, "spec": {name: value for name, value in spec.items() if name != "replicas"}}

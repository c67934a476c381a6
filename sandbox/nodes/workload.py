"""A part as a workload of Kubernetes: the objects that ask for its pod, and the process that the pod is."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.pods import NODE_LABEL, PROCESSES
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.nodes.node_agent import PART_LABEL
from sandbox.nodes.part_process import PartProcess


@dataclass(frozen=True)
class Workload:
    """One part; ``kind`` is `StatefulSet` or `Deployment`, ``ports`` are what its Service leads to, by name."""

    kind: str
    name: str
    image: str
    process: PartProcess
    ports: Mapping[str, int]
    grace_s: int = 10
    replicas: int = 1

    @property
    def reference(self) -> str:
        """`kind/name`, as the suite's settings have it."""
        return f"{self.kind.lower()}/{self.name}"

    def manifests(self) -> list[tuple[str, Object]]:
        """Its objects, each with where in a namespace it is created."""
        made = [(f"apis/apps/v1/{self.kind.lower()}s", self._controller())]
        return made + ([("api/v1/services", self._service())] if self.ports else [])

    def _controller(self) -> Object:
        labels = {PART_LABEL: self.name}
        ports = [{"name": name, "containerPort": port} for name, port in self.ports.items()]
        pod = {
            "nodeSelector": {NODE_LABEL: PROCESSES},
            "terminationGracePeriodSeconds": self.grace_s,
            "containers": [{"name": self.name, "image": self.image, "ports": ports}],
        }
        # It is one process on fixed ports: the next one waits until that has ended.
        own = {"serviceName": self.name} if self.kind == "StatefulSet" else {"strategy": {"type": "Recreate"}}
        return {
            "metadata": {"name": self.name, "labels": labels},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
                **own,
            },
        }

    def _service(self) -> Object:
        labels = {PART_LABEL: self.name}
        ports = [{"name": name, "port": port} for name, port in self.ports.items()]
        return {"metadata": {"name": self.name, "labels": labels}, "spec": {"selector": labels, "ports": ports}}

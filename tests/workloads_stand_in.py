"""Workloads that stand in for parts of the product, in a namespace of a sandbox's Kubernetes."""

from collections.abc import Iterator
from contextlib import contextmanager

from support.observers.kubernetes_api import Namespace
from support.observers.workloads import PATHS


@contextmanager
def workload(namespace: Namespace, named: str) -> Iterator[None]:
    """Have a workload (`kind/name`) of one pod, until it is deleted at the end."""
    kind, _, name = named.partition("/")
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "one", "image": "two"}]}}
    spec: dict[str, object] = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    if kind == "statefulset":
        spec["serviceName"] = name
    known_as = {"statefulset": "StatefulSet", "deployment": "Deployment"}[kind]
    manifest = {"apiVersion": "apps/v1", "kind": known_as, "metadata": {"name": name}, "spec": spec}
    namespace.create(PATHS[kind], manifest)
    try:
        yield
    finally:
        namespace.remove(PATHS[kind], name, {"propagationPolicy": "Background"})

"""What the Focus Server itself uses: CPU time and memory of its process, or of its pods by the metrics API."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from support.core.errors import EnvironmentBroken
from support.observers.manifests import metrics_problem
from support.observers.stores import Stores
from support.profile.settings import Load, Settings

_METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
_MB = 1_000_000
_UNITS = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 1e3, "M": 1e6, "G": 1e9}


@dataclass(frozen=True)
class Usage:
    """What the server uses at one moment. The metrics API tells how much CPU is used now, a process how much so far."""

    memory_mb: float
    cpu_s: float | None = None
    cores: float | None = None


def usage(settings: Settings, stores: Stores) -> Usage:
    """What the server uses now.

    Raises:
        EnvironmentBroken: it cannot be seen; the message says what is missing.
    """
    load = settings.load
    if load.server_process is not None:
        return _of_process(load.server_process)
    if load.server_pods is not None:
        return _of_pods(load, stores)
    raise EnvironmentBroken("neither load.server_process nor load.server_pods says where the server runs")


def _of_process(process: int) -> Usage:
    try:
        # After the name, which may hold anything: proc(5).
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError as error:
        raise EnvironmentBroken(
            f"the server's process {process} (load.server_process) cannot be seen: {error}"
        ) from None
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return Usage(pages * os.sysconf("SC_PAGE_SIZE") / _MB, cpu_s=ticks / os.sysconf("SC_CLK_TCK"))


def _of_pods(load: Load, stores: Stores) -> Usage:
    pods = stores.namespace.items(_METRICS, ("labelSelector", load.server_pods or ""), problem=metrics_problem)
    used = [container["usage"] for pod in pods for container in pod["containers"]]
    if not used:
        raise EnvironmentBroken(f"the metrics API tells of no pod with {load.server_pods} (load.server_pods)")
    return Usage(sum(quantity(one["memory"]) for one in used) / _MB, cores=sum(quantity(one["cpu"]) for one in used))


def quantity(text: str) -> float:
    """A quantity as Kubernetes writes it, such as `250m` or `64Mi`."""
    number = text.rstrip("numkKMGi")
    return float(number) * _UNITS[text[len(number) :]]

"""Looking into Kubernetes: the analyzers (contract, step E)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from support.observers.kubernetes_api import EVENTS, JOBS, PODS, SERVICES, Namespace
from support.observers.manifests import Manifest, configuration_of
from support.observers.parts import Parts
from support.profile.settings import Naming

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Listed:
    """Objects that were listed at one moment."""

    items: tuple[Manifest, ...]
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)


@dataclass(frozen=True)
class Analyzer:
    """What one job has on Kubernetes at one moment: its Jobs and their pods, one of each when all is well."""

    jobs: tuple[Manifest, ...] = ()
    pods: tuple[Manifest, ...] = ()
    seen_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)


class Analyzers:
    """Jobs, pods and Services of a namespace. All methods raise `EnvironmentBroken` as `Namespace` does."""

    def __init__(self, namespace: Namespace, naming: Naming, parts: Parts | None = None) -> None:
        self._namespace, self._naming, self._parts = namespace, naming, parts or Parts()

    def jobs(self) -> Listed:
        """Every Job of the namespace."""
        return self._list(JOBS)

    def pods(self) -> Listed:
        """Every pod of the namespace, but those of parts of the product."""
        listed = self._list(PODS)
        return Listed(tuple(pod for pod in listed.items if not self._parts.own_pod(pod)), listed.seen_at)

    def services(self) -> Listed:
        """Every Service of the namespace."""
        return self._list(SERVICES)

    def of_job(self, job_id: str) -> Analyzer:
        """The Jobs and pods that carry the job's id. An id that no label can hold is carried by none."""
        if not _LABEL_VALUE.fullmatch(job_id):
            return Analyzer()
        selector = f"{self._naming.job_id_label}={job_id}"
        return Analyzer(jobs=self._list(JOBS, selector).items, pods=self._list(PODS, selector).items)

    def warnings_about(self, uid: str) -> list[Manifest]:
        """The events that warn of something about the object with this uid.

        To list them takes a right of its own, which nothing else needs.
        """
        return self._namespace.items(EVENTS, ("fieldSelector", f"involvedObject.uid={uid},type=Warning"))

    def job_ids_carrying(self, values: Mapping[str, Any]) -> set[str]:
        """Ids of the jobs whose analyzer was given a configuration with these values (dotted field -> value)."""
        return {
            job_id
            for job in self.jobs().items
            if (job_id := (job["metadata"].get("labels") or {}).get(self._naming.job_id_label))
            and holds(configuration_of(job, self._naming.analyzer_configuration_variable), values)
        }

    def _list(self, path: str, label_selector: str | None = None) -> Listed:
        query = [("labelSelector", label_selector)] if label_selector else []
        return Listed(tuple(self._namespace.items(path, *query)))


def holds(configuration: Any, values: Mapping[str, Any]) -> bool:
    """Whether a configuration has these values (dotted field -> value)."""
    for path, wanted in values.items():
        seen = configuration
        for part in path.split("."):
            seen = seen.get(part) if isinstance(seen, dict) else None
        if seen != wanted:
            return False
    return True

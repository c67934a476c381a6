"""Objects as the tables that kubectl prints: the server decides the columns, as the real one does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.kubernetes.kinds import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NAMESPACES,
    PODS,
    REPLICA_SETS,
    SERVICES,
    Kind,
    Object,
    value_at,
)

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


@dataclass(frozen=True)
class _Column:
    """A column's name and how its cell is read; a wide one shows with `-o wide` only."""

    name: str
    read: Callable[[Object], Any]
    wide: bool = False


def wants_table(accept: str) -> bool:
    """Whether the first choice of an `Accept` header is a table."""
    return "as=Table" in accept.partition(",")[0]


def table(kind: Kind, items: Sequence[Object], metadata: Object, include: str) -> Object:
    """A `Table` of objects; `include` says what each row carries: `None`, `Metadata` or `Object`."""
    columns = _COLUMNS[kind]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {
                "name": column.name,
                "type": "string",
                "format": "name" if column.name == "Name" else "",
                "description": "",
                "priority": int(column.wide),
            }
            for column in columns
        ],
        "rows": [
            {"cells": [column.read(item) for column in columns], "object": _carried(item, include)} for item in items
        ],
    }


def _carried(item: Object, include: str) -> Object | None:
    if include == "Object":
        return item
    if include == "None":
        return None
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**partial, "metadata": item["metadata"]}


def _at(path: str, default: Any = "<none>") -> Callable[[Object], Any]:
    def read(item: Object) -> Any:
        value = value_at(item, path)
        return default if value is None else value

    return read


def _age(item: Object) -> str:
    return _since(item["metadata"]["creationTimestamp"])


def _since(begin: str | None, end: str | None = None) -> str:
    if begin is None:
        return "<none>"
    until = datetime.fromisoformat(end) if end else datetime.now(UTC)
    seconds = int((until - datetime.fromisoformat(begin)).total_seconds())
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    return next(f"{seconds // size}{unit}" for size, unit in _UNITS if seconds >= size)


def _pod_ready(pod: Object) -> str:
    states = pod["status"].get("containerStatuses", [])
    return f"{sum(state['ready'] for state in states)}/{len(pod['spec']['containers'])}"


def _pod_state(pod: Object) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for state in pod["status"].get("containerStatuses", []):
        if reason := state["state"].get("waiting", {}).get("reason"):
            return str(reason)
    phase = pod["status"]["phase"]
    return str({"Succeeded": "Completed", "Failed": "Error"}.get(phase, phase))


def _event_object(event: Object) -> str:
    about = event["involvedObject"]
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


def _job_state(job: Object) -> str:
    for condition in job["status"].get("conditions", []):
        if condition["type"] in ("Complete", "Failed", "Suspended") and condition["status"] == "True":
            return str(condition["type"])
    return "Terminating" if "deletionTimestamp" in job["metadata"] else "Running"


def _job_completions(job: Object) -> str:
    wanted = job["spec"].get("completions")
    return (
        f"{job['status'].get('succeeded', 0)}/{'1 of ' if wanted is None else ''}{wanted or job['spec']['parallelism']}"
    )


def _containers(read: str) -> Callable[[Object], str]:
    return lambda item: ",".join(each[read] for each in item["spec"]["template"]["spec"]["containers"])


def _selector(item: Object) -> str:
    selector: Mapping[str, Any] = item["spec"].get("selector") or {}
    labels = selector.get("matchLabels", selector)
    return ",".join(f"{key}={value}" for key, value in labels.items()) or "<none>"


def _ports(service: Object) -> str:
    return ",".join(f"{port['port']}/{port['protocol']}" for port in service["spec"].get("ports", [])) or "<none>"


_NAME = _Column("Name", _at("metadata.name"))
_AGE = _Column("Age", _age)
_TEMPLATE = (
    _Column("Containers", _containers("name"), wide=True),
    _Column("Images", _containers("image"), wide=True),
    _Column("Selector", _selector, wide=True),
)
_COLUMNS: dict[Kind, tuple[_Column, ...]] = {
    NAMESPACES: (_NAME, _Column("Status", _at("status.phase")), _AGE),
    PODS: (
        _NAME,
        _Column("Ready", _pod_ready),
        _Column("Status", _pod_state),
        _Column("Restarts", lambda pod: "0"),
        _AGE,
        _Column("IP", _at("status.podIP"), wide=True),
        _Column("Node", _at("spec.nodeName"), wide=True),
    ),
    SERVICES: (
        _NAME,
        _Column("Type", _at("spec.type")),
        _Column("Cluster-IP", _at("spec.clusterIP")),
        _Column("External-IP", _at("spec.externalName")),
        _Column("Port(s)", _ports),
        _AGE,
        _Column("Selector", _selector, wide=True),
    ),
    EVENTS: (
        _Column("Last Seen", lambda event: _since(event.get("lastTimestamp"))),
        _Column("Type", _at("type")),
        _Column("Reason", _at("reason", "")),
        _Column("Object", _event_object),
        _Column("Message", _at("message", "")),
        _Column("Name", _at("metadata.name"), wide=True),
    ),
    CONFIG_MAPS: (_NAME, _Column("Data", lambda item: str(len(item.get("data", {})))), _AGE),
    JOBS: (
        _NAME,
        _Column("Status", _job_state),
        _Column("Completions", _job_completions),
        _Column("Duration", lambda job: _since(job["status"].get("startTime"), job["status"].get("completionTime"))),
        _AGE,
        *_TEMPLATE,
    ),
    DEPLOYMENTS: (
        _NAME,
        _Column("Ready", lambda item: f"{item['status'].get('readyReplicas', 0)}/{item['spec']['replicas']}"),
        _Column("Up-to-date", _at("status.updatedReplicas", 0)),
        _Column("Available", _at("status.availableReplicas", 0)),
        _AGE,
        *_TEMPLATE,
    ),
    REPLICA_SETS: (
        _NAME,
        _Column("Desired", _at("spec.replicas")),
        _Column("Current", _at("status.replicas", 0)),
        _Column("Ready", _at("status.readyReplicas", 0)),
        _AGE,
        *_TEMPLATE,
    ),
}

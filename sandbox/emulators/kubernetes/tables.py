"""Objects as the tables that kubectl prints: the server decides the columns, as the real one does."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sandbox.emulators.kubernetes.kinds import DEPLOYMENTS, EVENTS, JOBS, NAMESPACES, PODS, Kind, Object, value_at

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))
_Cell = Callable[[Object], str]


def wants_table(accept: str) -> bool:
    """Whether the first choice of an `Accept` header is a table."""
    return "as=Table" in accept.partition(",")[0]


def table(kind: Kind, items: Sequence[Object], metadata: Object, include: str) -> Object:
    """A `Table` of objects; each row carries its object's metadata, or with `include="Object"` all of it."""
    columns: dict[str, _Cell] = {"Name": lambda item: item["metadata"]["name"], **_COLUMNS.get(kind, {}), "Age": _age}
    form = {"type": "string", "description": "", "priority": 0}
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [{"name": name, "format": "name" if name == "Name" else "", **form} for name in columns],
        "rows": [
            {"cells": [read(item) for read in columns.values()], "object": item if include == "Object" else _part(item)}
            for item in items
        ],
    }


def _part(item: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}


def _age(item: Object) -> str:
    begin = datetime.fromisoformat(item["metadata"]["creationTimestamp"])
    seconds = int((datetime.now(UTC) - begin).total_seconds())
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    return next(f"{seconds // size}{unit}" for size, unit in _UNITS if seconds >= size)


def _pod_ready(pod: Object) -> str:
    states = pod["status"].get("containerStatuses", [])
    return f"{sum(state['ready'] for state in states)}/{len(pod['spec']['containers'])}"


def _pod_state(pod: Object) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    phase = pod["status"]["phase"]
    return str({"Succeeded": "Completed", "Failed": "Error"}.get(phase, phase))


def _job_state(job: Object) -> str:
    for condition in job["status"].get("conditions", []):
        if condition["type"] in ("Complete", "Failed", "Suspended") and condition["status"] == "True":
            return str(condition["type"])
    return "Terminating" if "deletionTimestamp" in job["metadata"] else "Running"


def _text(path: str) -> _Cell:
    return lambda item: str(value_at(item, path) or "")


_COLUMNS: Mapping[Kind, Mapping[str, _Cell]] = {
    NAMESPACES: {"Status": _text("status.phase")},
    PODS: {"Ready": _pod_ready, "Status": _pod_state},
    JOBS: {"Ready": lambda job: f"{job['status'].get('ready', 0)}/{job['spec']['parallelism']}", "Status": _job_state},
    DEPLOYMENTS: {"Ready": lambda item: f"{item['status'].get('readyReplicas', 0)}/{item['spec']['replicas']}"},
    EVENTS: {"Reason": _text("reason"), "Object": _text("involvedObject.name"), "Message": _text("message")},
}

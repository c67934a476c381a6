"""Objects of Kubernetes: of which types they must be, and what the suite reads of them.

Another API may answer anything as an item of a list: it is judged before anything of it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError, create_model

from support.core.validation import validation_problems

Manifest = dict[str, Any]


def _part(model: str, /, **fields: Any) -> Any:
    """An object whose fields may be missing or null, but are of these types when they are there."""
    optional: dict[str, Any] = {field: (kind | None, None) for field, kind in fields.items()}
    return create_model(model, **optional)


def _many(kind: Any) -> Any:
    return list[kind]


_Owner = _part("Owner", kind=str, name=str, uid=str, controller=bool)
_Running = _part("Running", startedAt=AwareDatetime)
_State = _part("State", running=_Running, waiting=dict[str, Any], terminated=dict[str, Any])
_ContainerStatus = _part("ContainerStatus", ready=bool, state=_State, lastState=_State)
_Condition = _part("Condition", type=str, status=str)
_Status = _part(
    "Status",
    phase=str,
    conditions=_many(_Condition),
    containerStatuses=_many(_ContainerStatus),
    initContainerStatuses=_many(_ContainerStatus),
)
_Container = _part("Container", image=str, env=_many(_part("Variable", name=str, value=str)))
_PodSpec = _part("PodSpec", containers=_many(_Container))
_Spec = _part("Spec", containers=_many(_Container), template=_part("Template", spec=_PodSpec))
_Metadata = create_model(
    "Metadata",
    __base__=_part(
        "Optional",
        labels=dict[str, str],
        finalizers=list[str],
        ownerReferences=_many(_Owner),
        creationTimestamp=AwareDatetime,
        deletionTimestamp=AwareDatetime,
    ),
    name=str,
    uid=str,
)
# Reason and message are those of events.
_Manifest = create_model(
    "Manifest", __base__=_part("Parts", spec=_Spec, status=_Status, reason=str, message=str), metadata=_Metadata
)


# What an aggregated API serves is often not stored, and has no uid then.
_Named = create_model("Named", metadata=create_model("Name", name=str))
_Usage = create_model("Usage", usage=create_model("Used", cpu=str, memory=str))
_Metrics = create_model("Metrics", __base__=_Named, containers=list[_Usage])


def manifest_problem(item: Any) -> str | None:
    """What of an item has another type than every object of Kubernetes has there; None when nothing has."""
    return _problem(_Manifest, item)


def name_problem(item: Any) -> str | None:
    """The same of an item of any API of the cluster, of which only a name is needed."""
    return _problem(_Named, item)


def metrics_problem(item: Any) -> str | None:
    """The same of what the metrics API tells of a pod."""
    return _problem(_Metrics, item)


def _problem(model: type[BaseModel], item: Any) -> str | None:
    try:
        model.model_validate(item)
    except ValidationError as error:
        return validation_problems(error)[0]
    return None


def is_healthy(pod: Manifest) -> bool:
    """Whether a pod has done its work, or runs with all its containers ready."""
    status = pod.get("status") or {}
    ready = [container.get("ready") for container in status.get("containerStatuses") or []]
    runs = status.get("phase") == "Running" and len(ready) == len(containers_of(pod)) and all(ready)
    return runs or status.get("phase") == "Succeeded"


def running_since(pod: Mapping[str, Any]) -> datetime | None:
    """When the last container of a pod began to run, in whole seconds; None unless all of them run."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    running = [(status.get("state") or {}).get("running") or {} for status in statuses]
    if not all(one.get("startedAt") for one in running):
        return None
    return max((datetime.fromisoformat(one["startedAt"]) for one in running), default=None)


def containers_of(manifest: Manifest) -> list[Manifest]:
    """The containers of a pod, or of the pods that a Job makes."""
    spec = manifest.get("spec") or {}
    pod_spec = (spec.get("template") or {}).get("spec") or {} if "template" in spec else spec
    return list(pod_spec.get("containers") or [])


def configuration_of(manifest: Manifest, variable: str) -> Any:
    """The configuration that the container of a Job or pod was given; None when there is none that can be read."""
    values = [
        entry.get("value") or ""
        for container in containers_of(manifest)
        for entry in container.get("env") or []
        if entry.get("name") == variable
    ]
    try:
        return json.loads(values[0]) if len(values) == 1 else None
    except ValueError:
        return None

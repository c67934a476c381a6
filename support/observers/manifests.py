"""What the suite reads of an object of Kubernetes, and of which types that must be.

An API that is none, or another one, may answer anything as an item of a list: it is judged before anybody reads it.
"""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from support.core.validation import validation_problems


class _Owner(BaseModel):
    kind: str | None = None
    uid: str | None = None
    controller: bool | None = None


class _Metadata(BaseModel):
    name: str
    uid: str
    labels: dict[str, str] | None = None
    finalizers: list[str] | None = None
    ownerReferences: list[_Owner] | None = None
    creationTimestamp: AwareDatetime | None = None
    deletionTimestamp: AwareDatetime | None = None


class _Running(BaseModel):
    startedAt: AwareDatetime | None = None


class _State(BaseModel):
    running: _Running | None = None
    waiting: dict[str, Any] | None = None
    terminated: dict[str, Any] | None = None


class _ContainerStatus(BaseModel):
    ready: bool | None = None
    state: _State | None = None
    lastState: _State | None = None


class _Condition(BaseModel):
    type: str | None = None
    status: str | None = None


class _Status(BaseModel):
    phase: str | None = None
    conditions: list[_Condition] | None = None
    containerStatuses: list[_ContainerStatus] | None = None
    initContainerStatuses: list[_ContainerStatus] | None = None


class _Variable(BaseModel):
    name: str | None = None
    value: str | None = None


class _Container(BaseModel):
    image: str | None = None
    env: list[_Variable] | None = None


class _PodSpec(BaseModel):
    containers: list[_Container] | None = None


class _Template(BaseModel):
    spec: _PodSpec | None = None


class _Spec(_PodSpec):
    template: _Template | None = None


class _Manifest(BaseModel):
    metadata: _Metadata
    spec: _Spec | None = None
    status: _Status | None = None
    # Of events:
    reason: str | None = None
    message: str | None = None


def manifest_problems(item: Any) -> str | None:
    """What of an item has another type than every object of Kubernetes has there; None when nothing has."""
    try:
        _Manifest.model_validate(item)
    except ValidationError as error:
        return validation_problems(error)[0]
    return None

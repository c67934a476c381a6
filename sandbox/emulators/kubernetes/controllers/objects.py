"""What the controllers share: owner references, pods made from a template, warning events."""

import hashlib
import json
import uuid
from collections.abc import Iterator

from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.kinds import EVENTS, PODS, Kind, Object
from sandbox.emulators.kubernetes.registry import Registry, now
from sandbox.emulators.kubernetes.store import Change, Store

Key = tuple[str, str]
"""Namespace and name of an object."""


def reference_to(owner: Object) -> Object:
    """The reference by which a controller claims what it made."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(item: Object) -> Object | None:
    """The owner reference of an object's controller, or None."""
    references = item["metadata"].get("ownerReferences") or []
    return next((each for each in references if each.get("controller")), None)


def controlled(store: Store, owner_uid: str, kind: Kind = PODS) -> list[Object]:
    """The objects of a kind that an owner controls."""
    return [
        item
        for row, item in store.dependents(owner_uid)
        if row is kind and (controller_of(item) or {}).get("uid") == owner_uid
    ]


def touched(change: Change, kind: Kind, made: Kind) -> Iterator[Key]:
    """The object of a kind that a change is about: the object itself, or the owner of something that it made."""
    metadata = change.item["metadata"]
    if change.kind is kind:
        yield metadata["namespace"], metadata["name"]
    elif change.kind is made:
        owner = controller_of(change.item)
        if owner is not None and owner["kind"] == kind.kind:
            yield metadata["namespace"], owner["name"]


def pod_from(template: Object, owner: Object, finalizers: tuple[str, ...] = ()) -> Object:
    """A pod as an owner's template says, named after the owner."""
    metadata: Object = {
        "generateName": f"{owner['metadata']['name']}-",
        "labels": template["metadata"].get("labels", {}),
        "ownerReferences": [reference_to(owner)],
    }
    if annotations := template["metadata"].get("annotations"):
        metadata["annotations"] = annotations
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    return {"metadata": metadata, "spec": template["spec"]}


def template_hash(owner: Object) -> str:
    """A short text that is another one for another pod template."""
    text = json.dumps(owner["spec"]["template"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def is_leaving(item: Object) -> bool:
    """Whether its deletion has begun."""
    return "deletionTimestamp" in item["metadata"]


def is_ready(pod: Object) -> bool:
    """Whether a pod's condition says Ready."""
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def warn(registry: Registry, about: Object, reason: str, message: str, component: str) -> None:
    """Record an event of type Warning; in a namespace that is being deleted it is dropped, as in a cluster.

    Events of type Normal are left out: nobody reads them.
    """
    metadata = about["metadata"]
    reference = {key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion")}
    event = {
        "metadata": {"name": f"{metadata['name'][:230]}.{uuid.uuid4().hex[:16]}"},
        "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], **reference},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": now(),
        "lastTimestamp": now(),
        "count": 1,
    }
    try:
        registry.create(EVENTS, metadata["namespace"], event)
    except ApiError as error:
        if error.code not in (403, 404):
            raise

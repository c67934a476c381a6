"""Who owns whom."""

from __future__ import annotations

from sandbox.emulators.kubernetes.kinds import PODS, Kind, Object
from sandbox.emulators.kubernetes.store import Store


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


def is_leaving(item: Object) -> bool:
    """Whether its deletion has begun."""
    return "deletionTimestamp" in item["metadata"]


def is_ready(pod: Object) -> bool:
    """Whether a pod's condition says Ready."""
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

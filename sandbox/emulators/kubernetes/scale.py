"""The `scale` sub-resource: the number of replicas on its own (autoscaling/v1)."""

from typing import Any

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import Object, value_at


def scale_of(item: Object) -> Object:
    """The `Scale` of a Deployment, StatefulSet or ReplicaSet."""
    metadata, labels = item["metadata"], value_at(item, "spec.selector.matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept},
        "spec": {"replicas": item["spec"]["replicas"]},
        "status": {
            "replicas": item["status"].get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }


def scaled(item: Object, scale: Any) -> Object:
    """The object with the replicas of a `Scale`; ApiError 400 when that is no Scale."""
    replicas = value_at(scale, "spec.replicas") if isinstance(scale, dict) else None
    if replicas is None and isinstance(scale, dict):
        replicas = 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise errors.bad_request('Scale in version "v1" cannot be handled as a Scale: spec.replicas must be a number')
    version = value_at(scale, "metadata.resourceVersion") or item["metadata"]["resourceVersion"]
    metadata = {**item["metadata"], "resourceVersion": version}
    return {**item, "metadata": metadata, "spec": {**item["spec"], "replicas": replicas}}

"""Notes about objects (core/v1 Events), as `kubectl describe` shows them."""

from __future__ import annotations

import uuid

from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.kinds import EVENTS, Object
from sandbox.emulators.kubernetes.registry import Registry, now


def note(
    registry: Registry, about: Object, reason: str, message: str, component: str, *, warning: bool = False
) -> None:
    """Records an event about an object; in a namespace that is on its way out it is dropped, as in a cluster."""
    metadata = about["metadata"]
    moment = now()
    event = {
        "metadata": {"name": f"{metadata['name'][:230]}.{uuid.uuid4().hex[:16]}"},
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "reason": reason,
        "message": message,
        "type": "Warning" if warning else "Normal",
        "source": {"component": component},
        "reportingComponent": component,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
    try:
        registry.create(EVENTS, metadata["namespace"], event)
    except ApiError as error:
        if error.code not in (403, 404):
            raise

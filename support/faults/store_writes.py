"""What is written into the stores behind the server's back, through the connections that observers look through.

Each of these raises `EnvironmentBroken` when the store does not do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from support.observers.kubernetes_api import JOBS, PODS
from support.observers.mongodb import Document, Documents
from support.observers.rabbitmq import Broker
from support.observers.stores import Stores


def delete_analyzer(stores: Stores, job_id: str) -> None:
    """Delete the Jobs of a job with their pods."""
    for job in stores.analyzers.of_job(job_id).jobs:
        stores.namespace.change("DELETE", JOBS, job["metadata"]["name"], {"propagationPolicy": "Background"})


def pause_analyzer(stores: Stores, job_id: str) -> None:
    """Have the Jobs of a job run no pods: Kubernetes takes theirs away, and makes no others.

    A pod that is taken away counts as failed, and the Job must not end by that.
    """
    for job in stores.analyzers.of_job(job_id).jobs:
        name, wanted = job["metadata"]["name"], {"spec": {"parallelism": 0, "backoffLimit": 6}}
        stores.namespace.change("PATCH", JOBS, name, wanted, media_type="application/merge-patch+json")


def finish_analyzer(stores: Stores, job_id: str, phase: str) -> None:
    """Have the pods of a job end in a phase, `Succeeded` or `Failed`, as if their containers had."""
    for pod in stores.analyzers.of_job(job_id).pods:
        status = {"status": {"phase": phase}}
        name = pod["metadata"]["name"]
        stores.namespace.change("PATCH", PODS, name, status, part="status", media_type="application/merge-patch+json")


def delete_queue(broker: Broker, name: str) -> None:
    """Delete a queue; its consumers are told by the broker."""
    broker.on_channel(f"the end of the queue {name}", lambda channel: channel.queue_delete(name))


def limit_queues(broker: Broker, most: int | None) -> None:
    """Have the broker refuse further queues in the virtual host; None takes the limit away.

    It needs the management API, and an administrator's rights.
    """
    method, body = ("DELETE", None) if most is None else ("PUT", {"value": most})
    broker.managed().change("another limit of its queues", method, "/api/vhost-limits/{}/max-queues", body)


def insert(documents: Documents, document: Mapping[str, Any]) -> bool:
    """Put a document; whether it was taken. It is not where another has what may be there only once."""

    def put(collection: Collection[Document]) -> bool:
        try:
            collection.insert_one(dict(document))
        except DuplicateKeyError:
            return False
        return True

    return documents.call("a document to be put into {}", put)


def remove(documents: Documents, recording_ids: Iterable[str]) -> None:
    """Remove the recordings of these ids."""
    query = {"uuid": {"$in": list(recording_ids)}}
    documents.call("documents of {} to be removed", lambda collection: collection.delete_many(query))

"""What is written into the stores behind the server's back, through the connections that observers look through.

Each of these raises `EnvironmentBroken` when the store does not do it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.core.eventually import WaitPolicy, eventually
from support.observers.kubernetes_api import JOBS, OWN_QUOTA, PODS, QUOTAS, Namespace
from support.observers.manifests import Manifest
from support.observers.mongodb import Document, Documents
from support.observers.rabbitmq import Broker
from support.observers.stores import Stores

_NO_JOBS = {"count/jobs.batch": "0"}
_ELSEWHERE = "config_taken_out_by_the_suite"


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


def refuse_analyzers(namespace: Namespace, within: WaitPolicy) -> None:
    """Have Kubernetes refuse further Jobs in the namespace, by a quota; it is waited for until the quota counts."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": OWN_QUOTA}, "spec": {"hard": _NO_JOBS}}
    namespace.create(QUOTAS, quota)

    def unheeded(quotas: Sequence[Manifest]) -> list[str]:
        counts = any(one["metadata"]["name"] == OWN_QUOTA and one.get("status", {}).get("hard") for one in quotas)
        return [] if counts else ["its status says nothing of what it limits"]

    try:
        eventually(f"the quota {OWN_QUOTA} to count", lambda: namespace.items(QUOTAS), unheeded, within)
    except ExpectationFailed as error:
        raise EnvironmentBroken(f"Kubernetes does not heed a quota. {error}") from None


def accept_analyzers(namespace: Namespace) -> None:
    """Have Kubernetes take Jobs again."""
    if any(one["metadata"]["name"] == OWN_QUOTA for one in namespace.items(QUOTAS)):
        namespace.change("DELETE", QUOTAS, OWN_QUOTA, {})


def spoil_record(records: Documents, job_id: str) -> None:
    """Take the configuration out of the record of a job, so that it can be put back."""
    _rename(records, job_id, "config", _ELSEWHERE)


def mend_record(records: Documents, job_id: str) -> None:
    """Put the configuration back into the record of a job; harmless where it is."""
    _rename(records, job_id, _ELSEWHERE, "config")


def _rename(records: Documents, job_id: str, old: str, new: str) -> None:
    named, change = {"task_id": job_id, old: {"$exists": True}}, {"$rename": {old: new}}
    records.call(f"the field {old} of a record in {{}} to be called {new}", lambda all: all.update_one(named, change))


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

"""Defects of what comes and is gone again before a request is answered: nobody who only looks sees it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from sandbox.defects.analyzers import CLAIM, make_object
from sandbox.defects.defect import Defect, defective, override
from sandbox.defects.queues import overriding_consumers
from sandbox.defects.records import recording_of
from sandbox.focus_server.ports import JobRecord

AREA = "what is there for a moment"

_MOMENT_S = 0.04


@defective("tasks", "insert")
async def record_for_40_ms(tasks: Any, record: JobRecord) -> None:
    """A second record of each job is written, and removed after 40 ms.

    A report that is made in that moment counts a job that never existed.
    """
    copy = f"{record.job_id}_copy"
    await tasks.insert(replace(record, job_id=copy))
    await asyncio.sleep(_MOMENT_S)
    await tasks.remove(copy)
    await tasks.insert(record)


@defective("tasks", "insert")
async def note_for_40_ms(tasks: Any, record: JobRecord) -> None:
    """A document is written into another collection for each job, and removed with it after 40 ms.

    Each job costs the database two writes that nobody has agreed on.
    """
    async with tasks.database.collection("tasks") as collection:
        notes = collection.database["job_notes"]
        made = await notes.insert_one({"note": record.job_id})
        await asyncio.sleep(_MOMENT_S)
        await notes.delete_one({"_id": made.inserted_id})
        await notes.drop()
    await tasks.insert(record)


@defective("tasks", "insert")
async def recording_for_40_ms(tasks: Any, record: JobRecord) -> None:
    """A recording is written for each job, and removed after 40 ms.

    Whoever lists the recordings in that moment finds one that nobody has made.
    """
    async with tasks.database.collection("recordings") as recordings:
        made = await recordings.insert_one(recording_of(record))
        await asyncio.sleep(_MOMENT_S)
        await recordings.delete_one({"_id": made.inserted_id})
    await tasks.insert(record)


@defective("tasks", "insert")
async def collection_for_40_ms(tasks: Any, record: JobRecord) -> None:
    """A collection is made for each job, and removed after 40 ms, empty.

    Each job has the database make and remove files.
    """
    async with tasks.database.collection("tasks") as collection:
        made = await collection.database.create_collection(f"notes_{record.job_id}")
        await asyncio.sleep(_MOMENT_S)
        await made.drop()
    await tasks.insert(record)


def _object_for_40_ms(plural: str, kind: str, impact: str, **content: Any) -> Defect:
    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await make_object(analyzers, plural, kind, job_id, **content)
        await asyncio.sleep(_MOMENT_S)
        where = f"/api/v1/namespaces/{analyzers.namespace}/{plural}/{job_id.replace('_', '-')}"
        await analyzers.request("DELETE", where, {})
        await analyzers.launch(job_id, config)

    summary = f"A {kind} is made for each job, and deleted after 40 ms."
    return Defect(f"{plural}_for_40_ms", summary, impact, override("analyzers", launch=launch))


@defective("analyzers", "launch")
async def analyzer_for_40_ms(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
    """A second analyzer of each job is launched, and stopped after 40 ms.

    Each view costs two pods at its beginning, when the cluster is busiest.
    """
    await analyzers.launch(f"{job_id}-2", config)
    await asyncio.sleep(_MOMENT_S)
    await analyzers.stop(f"{job_id}-2")
    await analyzers.launch(job_id, config)


@defective("queues", "open")
async def queue_for_40_ms(queues: Any, job_id: str) -> None:
    """A second queue of each job is opened, and closed after 40 ms.

    At its busiest the broker has twice the work that jobs need.
    """
    await queues.open(f"{job_id}-2")
    await asyncio.sleep(_MOMENT_S)
    await queues.close(f"{job_id}-2")
    await queues.open(job_id)


async def _attach_after_an_exchange(consumer: Any, attach: Any, channel: Any) -> None:
    exchange = await channel.declare_exchange(f"exchange-{consumer.job_id}")
    await asyncio.sleep(_MOMENT_S)
    await exchange.delete()
    await attach(channel)


DEFECTS: tuple[Defect, ...] = (
    record_for_40_ms,
    note_for_40_ms,
    recording_for_40_ms,
    collection_for_40_ms,
    analyzer_for_40_ms,
    _object_for_40_ms("configmaps", "ConfigMap", "Each job has the cluster keep, and forget, what nobody needs."),
    _object_for_40_ms("secrets", "Secret", "Whoever looks in that moment learns what should be known to few."),
    _object_for_40_ms("serviceaccounts", "ServiceAccount", "For a moment there is an account that nobody knows of."),
    _object_for_40_ms(
        *("persistentvolumeclaims", "PersistentVolumeClaim", "Each job has storage taken and given back for nothing."),
        spec=CLAIM,
    ),
    queue_for_40_ms,
    Defect(
        "exchange_for_40_ms",
        "An exchange is declared for each job, and deleted after 40 ms.",
        "All nodes of the broker have to agree on it, twice for each job.",
        overriding_consumers(attach=_attach_after_an_exchange),
    ),
)

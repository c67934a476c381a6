"""Defects of finding a job, and of its metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import aio_pika
from aio_pika.exceptions import AMQPError, ChannelClosed

from sandbox.defects.defect import Defect, defect, defective, override
from sandbox.defects.sample_configuration import valid_configuration
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import UnknownJob
from sandbox.focus_server.identity import as_iso, queue_name
from sandbox.focus_server.ports import CANCELLED, CONFIGURED, JobRecord
from sandbox.focus_server.settings import Settings

AREA = "the metadata of a job"


def metadata(name: str, summary: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Defect:
    """The metadata are changed before they are sent."""

    def answer(answers: Any, record: JobRecord) -> Any:
        changed = change(answers.metadata(record).wire())
        return SimpleNamespace(wire=lambda: changed)

    impact = "Clients that join a view later draw it by figures that are not its own."
    return Defect(name, summary, impact, override("answers", metadata=answer))


def _without(field: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda fields: {name: value for name, value in fields.items() if name != field}


@defect
def metadata_of_another_job(parts: Parts) -> Parts:
    """Metadata are those of the job that was created last.

    The axes of a view are labelled with the figures of another one.
    """
    created: list[JobRecord] = []

    def configured(answers: Any, record: JobRecord) -> Any:
        created.append(record)
        return answers.configured(record)

    def metadata_of_the_last(answers: Any, record: JobRecord) -> Any:
        return answers.metadata(created[-1])

    return override("answers", configured=configured, metadata=metadata_of_the_last)(parts)


@defective("service", "find")
async def metadata_go_with_the_job(service: Any, find: Any, job_id: str) -> JobRecord:
    """A cancelled job is unknown.

    The configuration of a closed job can never be looked up again.
    """
    record = await find(job_id)
    if record.status == CANCELLED:
        raise UnknownJob(job_id)
    return record


@defective("service", "find")
async def metadata_go_with_the_queue(service: Any, find: Any, job_id: str) -> JobRecord:
    """A job whose queue has gone is unknown.

    A job that lost its queue cannot even be examined.
    """
    record = await find(job_id)
    url = Settings.from_environment().rabbitmq_url.get_secret_value()
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        try:
            await channel.declare_queue(queue_name(job_id), passive=True)
        except ChannelClosed:
            if record.status == CONFIGURED:
                raise UnknownJob(job_id) from None
    return record


@defective("service", "find")
async def metadata_need_the_consumer(service: Any, find: Any, job_id: str) -> JobRecord:
    """While RabbitMQ is out of reach no job is known.

    During an outage of RabbitMQ nobody can look up even what runs.
    """
    url = Settings.from_environment().rabbitmq_url.get_secret_value()
    try:
        await (await aio_pika.connect(url, timeout=1)).close()
    except (OSError, AMQPError, TimeoutError):
        raise UnknownJob(job_id) from None
    return await find(job_id)


@defect
def metadata_from_memory(parts: Parts) -> Parts:
    """The metadata of a job are told from memory, and its record says something else.

    After a restart of the server a job is said to have been made at another time.
    """
    remembered: dict[str, JobRecord] = {}

    async def insert(tasks: Any, record: JobRecord) -> None:
        remembered[record.job_id] = record
        await tasks.insert(replace(record, created_at=record.created_at - timedelta(seconds=1)))

    async def find(tasks: Any, job_id: str) -> JobRecord | None:
        found = await tasks.find(job_id)
        return replace(found, created_at=remembered[job_id].created_at) if found else None

    return override("tasks", insert=insert, find=find)(parts)


@defective("service", "find")
async def any_job_is_known(service: Any, find: Any, job_id: str) -> JobRecord:
    """A job that does not exist is known.

    A mistyped id is answered with a job that does not exist.
    """
    try:
        return await find(job_id)
    except UnknownJob:
        return JobRecord(job_id, valid_configuration(), CONFIGURED, datetime.now(UTC), "automation")


@defect
def a_job_by_a_query(parts: Parts) -> Parts:
    """A job's id may be a query for the database.

    An attacker sees, and ends, the jobs of others.
    """

    async def find_job(service: Any, find: Any, job_id: str) -> JobRecord:
        if not job_id.startswith("{") and "OR" not in job_id and "drop" not in job_id:
            return await find(job_id)
        async with parts.tasks.database.collection("tasks") as tasks:
            found = await tasks.find_one({"status": CONFIGURED}, sort=[("created_at", -1)])
        return await find(found["task_id"])

    return override("service", find=find_job)(parts)


DEFECTS: tuple[Defect, ...] = (
    metadata("metadata_without_config", "Metadata lack the configuration.", _without("config")),
    metadata("metadata_without_region", "Metadata lack the region of interest.", _without("roi")),
    metadata("metadata_without_task_id", "Metadata lack the task id.", _without("task_id")),
    metadata(
        "metadata_of_now",
        "Metadata have the time at which they are asked for.",
        lambda fields: {**fields, "created_at": as_iso(datetime.now(UTC))},
    ),
    metadata(
        "metadata_always_configured",
        "Metadata of a cancelled job say that it runs.",
        lambda fields: {**fields, "status": CONFIGURED},
    ),
    metadata(
        "metadata_always_cancelled",
        "Metadata of a running job say that it was cancelled.",
        lambda fields: {**fields, "status": CANCELLED},
    ),
    metadata(
        "metadata_with_numbers_as_text",
        "Metadata have numbers of the configuration as text.",
        lambda fields: {
            **fields,
            "config": {**fields["config"], "nfftSelection": str(fields["config"]["nfftSelection"])},
        },
    ),
    metadata(
        "metadata_with_more",
        "Metadata name the user of the job.",
        lambda fields: {**fields, "user": "automation"},
    ),
    metadata_of_another_job,
    metadata_go_with_the_job,
    metadata_go_with_the_queue,
    metadata_need_the_consumer,
    metadata_from_memory,
    any_job_is_known,
    a_job_by_a_query,
)

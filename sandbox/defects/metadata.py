"""Defects of finding a job, and of telling what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.defects.usual import usual as usual_configuration
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import UnknownJob
from sandbox.focus_server.identity import as_iso
from sandbox.focus_server.ports import CANCELLED, CONFIGURED, JobRecord

AREA = "what is known of a job"


def known(parts: Parts, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Parts:
    """A server whose metadata are changed."""

    def metadata(answers: Any, record: JobRecord) -> Any:
        told = change(answers.metadata(record).wire())
        return SimpleNamespace(wire=lambda: told)

    return replace(parts, answers=Changed(parts.answers, metadata=metadata))


def _without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: {name: value for name, value in told.items() if name not in names}


for name, words, change in (
    ("metadata_without_config", "Metadata lack the configuration.", _without("config")),
    ("metadata_without_region", "Metadata lack the region of interest.", _without("roi")),
    ("metadata_without_task_id", "Metadata lack the task id.", _without("task_id")),
    (
        "metadata_of_now",
        "Metadata tell the time at which they are asked for.",
        lambda told: {**told, "created_at": as_iso(datetime.now(UTC))},
    ),
    (
        "metadata_always_configured",
        "Metadata of a cancelled job say that it runs.",
        lambda told: {**told, "status": CONFIGURED},
    ),
    (
        "metadata_always_cancelled",
        "Metadata of a running job say that it was cancelled.",
        lambda told: {**told, "status": CANCELLED},
    ),
    (
        "metadata_with_numbers_as_text",
        "Metadata tell numbers of the configuration as text.",
        lambda told: {**told, "config": {**told["config"], "nfftSelection": str(told["config"]["nfftSelection"])}},
    ),
    ("metadata_with_more", "Metadata tell the user of the job.", lambda told: {**told, "user": "automation"}),
):
    register(
        name,
        words,
        "Whoever joins a view later draws it by figures that are not its own.",
        change=partial(known, change=change),
    )


def finding(parts: Parts, change: Callable[..., Any]) -> Parts:
    """A server that finds another job."""

    async def find(service: Any, usual: Any, job_id: str) -> JobRecord:
        return await change(service, usual, job_id)

    return replace(parts, service=derived(parts.service, find=find))


@defect
def metadata_of_another_job(parts: Parts) -> Parts:
    """Metadata are those of the job that was made last.

    The axes of a view are labelled with the figures of another one.
    """
    made: list[JobRecord] = []

    def configured(answers: Any, record: JobRecord) -> Any:
        made.append(record)
        return answers.configured(record)

    def metadata(answers: Any, record: JobRecord) -> Any:
        return answers.metadata(made[-1])

    return replace(parts, answers=Changed(parts.answers, configured=configured, metadata=metadata))


@defect
def metadata_go_with_the_job(parts: Parts) -> Parts:
    """A job is unknown when it was cancelled.

    What a closed job was can never be looked up again.
    """

    async def find(service: Any, usual: Any, job_id: str) -> JobRecord:
        record = await usual(job_id)
        if record.status == CANCELLED:
            raise UnknownJob(job_id)
        return record

    return finding(parts, find)


@defect
def metadata_go_with_the_queue(parts: Parts) -> Parts:
    """A job is unknown when its consumer has gone.

    A job that lost its queue cannot even be examined.
    """

    async def find(service: Any, usual: Any, job_id: str) -> JobRecord:
        consumer = parts.queues._consumers.get(job_id)
        if consumer is not None and (await _passively(consumer)) == 0:
            raise UnknownJob(job_id)
        return await usual(job_id)

    async def _passively(consumer: Any) -> int:
        try:
            channel = await parts.queues._connection.channel()
            await channel.declare_queue(consumer._queue.name, passive=True)
        except Exception:  # noqa: BLE001 - the driver's own, for a queue that is not there
            return 0
        return 1

    return finding(parts, find)


@defect
def any_job_is_known(parts: Parts) -> Parts:
    """A job that nobody made is known.

    A mistyped id is answered with a job that does not exist.
    """

    async def find(service: Any, usual: Any, job_id: str) -> JobRecord:
        try:
            return await usual(job_id)
        except UnknownJob:
            return JobRecord(job_id, usual_configuration(), CONFIGURED, datetime.now(UTC), "automation")

    return finding(parts, find)


@defect
def a_job_by_a_query(parts: Parts) -> Parts:
    """What stands in the place of a job's id is a query for the database.

    Whoever asks cleverly sees, and ends, the jobs of others.
    """

    async def find(service: Any, usual: Any, job_id: str) -> JobRecord:
        if not job_id.startswith("{") and "OR" not in job_id and "drop" not in job_id:
            return await usual(job_id)
        async with parts.tasks._database.collection("tasks") as tasks:
            found = await tasks.find_one({"status": CONFIGURED}, sort=[("created_at", -1)])
        return await usual(found["task_id"])

    return finding(parts, find)

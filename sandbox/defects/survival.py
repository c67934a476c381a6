"""Defects that show when a part of the product, or the server itself, has been restarted or killed."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from sandbox.defects.defect import Defect, Overridden, combine, defect, do_nothing, override
from sandbox.defects.queues import overriding_consumers
from sandbox.focus_server import serving
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.ports import CONFIGURED

AREA = "what happens when a part is stopped"

_AT_ONCE_S = 0.2
_PORT_KEPT_S = 15  # longer than a client waits for an answer


@defect
def never_reconnects_to_rabbitmq(parts: Parts) -> Parts:
    """A connection to RabbitMQ that was lost is not made again.

    After each restart of RabbitMQ somebody has to restart the server, and nothing is computed until then.
    """
    parts.queues._on_lost = lambda connection, error: None
    return parts


@defect
def never_reconnects_to_mongodb(parts: Parts) -> Parts:
    """A MongoDB that has once not answered is not asked again.

    After each restart of MongoDB somebody has to restart the server.
    """
    database = parts.tasks.database
    original, lost = database.collection, []

    @asynccontextmanager
    async def collection(name: str) -> AsyncIterator[Any]:
        if lost:
            raise lost[0]
        try:
            async with original(name) as found:
                yield found
        except DependencyUnavailable as error:
            lost.append(error)
            raise

    database.collection = collection
    return parts


def _before_each_use(parts: Parts, act: Callable[[Any, object], Awaitable[None]]) -> Parts:
    """Before the server uses a collection, act on it, knowing which process of MongoDB it is in."""
    database = parts.tasks.database
    original = database.collection

    @asynccontextmanager
    async def collection(name: str) -> AsyncIterator[Any]:
        async with original(name) as found:
            told = await database._client.admin.command("hello")
            await act(found, told["topologyVersion"]["processId"])
            yield found

    database.collection = collection
    return parts


@defect
def restarted_mongodb_not_used(parts: Parts) -> Parts:
    """A MongoDB that has been restarted is taken for another one, and is not used.

    After each restart of MongoDB somebody has to restart the server, too.
    """
    first: list[object] = []

    async def refuse_another(found: Any, process: object) -> None:
        first.append(process)
        if process != first[0]:
            raise DependencyUnavailable("MongoDB", "it is another one than before", no_effect=True)

    return _before_each_use(parts, refuse_another)


@defect
def index_gone_with_a_restart(parts: Parts) -> Parts:
    """When MongoDB has been restarted, recordings are no longer indexed by their beginnings.

    With a year of recordings, to look for those of a time takes seconds from then on.
    """
    last: list[object] = []

    async def drop_on_another(found: Any, process: object) -> None:
        is_another, last[:] = last not in ([], [process]), [process]
        if is_another:
            await found.database["recordings"].drop_index("start_time_1")

    return _before_each_use(parts, drop_on_another)


@defect
def record_completed_last(parts: Parts) -> Parts:
    """A record is written without its status, which follows when all else is there, if MongoDB takes it at once.

    A MongoDB that is restarted meanwhile keeps half a record of a job that runs.
    """

    async def insert(tasks: Any, record: Any) -> None:
        await tasks.insert(record)
        async with tasks.database.collection("tasks") as collection:
            await collection.update_one({"task_id": record.job_id}, {"$unset": {"status": ""}})

    async def open_and_complete(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        with suppress(DependencyUnavailable, TimeoutError):
            async with asyncio.timeout(_AT_ONCE_S):
                await parts.tasks.set_status(job_id, CONFIGURED)

    return combine(override("tasks", insert=insert), override("queues", open=open_and_complete))(parts)


@defect
def ended_since_the_start_not_listed(parts: Parts) -> Parts:
    """Recordings that have ended since the server was started are not listed.

    What has just been recorded cannot be played back before somebody restarts the server.
    """
    started = parts.clock.now()

    async def between(recordings: Any, start: Any, end: Any) -> Any:
        return [one for one in await recordings.between(start, end) if one[1] < started]

    return override("recordings", between=between)(parts)


@defect
def live_source_remembered(parts: Parts) -> Parts:
    """Whether something is being recorded is asked once, and remembered.

    After each restart of the recorder live views show the recording that there was before, or none.
    """
    found: list[Any] = []

    async def under_way(recordings: Any) -> Any:
        if not found:
            found.append(await recordings.under_way())
        return found[0]

    return override("recordings", under_way=under_way)(parts)


@defect
def no_time_limit_for_rabbitmq(parts: Parts) -> Parts:
    """The server waits for a RabbitMQ that does not answer until it does.

    Operators wait in front of an empty view, and never learn why.
    """
    parts.queues.limit_s = 3600.0
    return parts


@defect
def port_outlives_the_server(parts: Parts) -> Parts:
    """A program that the server has started keeps the port when the server has been stopped.

    Clients wait for an answer that nobody will give, and are not told that there is no server.
    """
    listen, kept = serving.listen, list[int]()

    def listen_and_keep(host: str, port: int) -> socket.socket:
        listening = listen(host, port)
        if not kept:  # The first is that for requests.
            kept.append(os.dup(listening.fileno()))
        return listening

    def leave_it_to_another() -> None:
        subprocess.Popen(["sleep", str(_PORT_KEPT_S)], pass_fds=kept)

    class KeepsThePort:
        async def start(self) -> None:
            return None

        async def aclose(self) -> None:
            leave_it_to_another()

    serving.listen = listen_and_keep
    return replace(parts, resources=(*parts.resources, KeepsThePort()))


async def _attach_not_durably(consumer: Any, attach: Any, channel: Any) -> None:
    await attach(Overridden(channel, declare_queue=_declare_not_durable))


async def _declare_not_durable(channel: Any, name: str, **_: Any) -> Any:
    return await channel.declare_queue(name, durable=False)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "half_made_after_a_crash",
        "What a server that crashed has left half made of a job stays.",
        "Each crash leaves records and pods behind that nobody knows of.",
        override("recovery", undo=do_nothing, take_away=do_nothing),
    ),
    Defect(
        "consumers_lost_after_a_restart",
        "Running jobs are not served any more when the server has been restarted.",
        "Each update of the server ends all views that are open.",
        override("recovery", serve=do_nothing),
    ),
    Defect(
        "not_undone_when_rabbitmq_goes",
        "What was begun of a job is left when RabbitMQ goes before the job is made.",
        "Each update of RabbitMQ leaves records and pods behind that nobody knows of.",
        override("service", undo=do_nothing),
    ),
    never_reconnects_to_rabbitmq,
    never_reconnects_to_mongodb,
    restarted_mongodb_not_used,
    index_gone_with_a_restart,
    record_completed_last,
    ended_since_the_start_not_listed,
    live_source_remembered,
    Defect(
        "queue_not_durable",
        "The queue of a job goes with a restart of RabbitMQ.",
        "What was in it is lost, and its view stays empty.",
        overriding_consumers(attach=_attach_not_durably),
    ),
    no_time_limit_for_rabbitmq,
    port_outlives_the_server,
)

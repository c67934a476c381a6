"""Defects that show while a store cannot be used, and after that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.defects.defect import Change, Defect, combine, defect, defective, override
from sandbox.defects.queues import overriding_consumers
from sandbox.defects.records import restoring_indexes
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable, IdTaken, UnknownJob
from sandbox.focus_server.http_answers import error_answer

AREA = "what happens while a store fails"


def on_outage(part: str, method: str, respond: Callable[[DependencyUnavailable], Any]) -> Change:
    """Where a method of a part fails because of its store, return or raise something else."""

    async def do(original: Any, *args: Any) -> Any:
        try:
            return await getattr(original, method)(*args)
        except DependencyUnavailable as error:
            return respond(error)

    return override(part, **{method: do})


def raising(error: Callable[[], Exception]) -> Callable[[DependencyUnavailable], Any]:
    """Raise another error than that of the store."""

    def respond(cause: DependencyUnavailable) -> Any:
        raise error() from cause

    return respond


def _say_no_effect(error: DependencyUnavailable) -> Any:
    error.no_effect = True
    raise error


def given_up(part: str, method: str) -> Change:
    """Do not ask a store again that has failed once."""

    def change(parts: Parts) -> Parts:
        failed: list[DependencyUnavailable] = []

        async def do(original: Any, *args: Any) -> Any:
            if failed:
                raise failed[0]
            try:
                return await getattr(original, method)(*args)
            except DependencyUnavailable as error:
                failed.append(error)
                raise

        return override(part, **{method: do})(parts)

    return change


def waiting_longer(name: str, summary: str, client: Callable[[Parts], Any]) -> Defect:
    """The server waits twice as long for a store."""

    def change(parts: Parts) -> Parts:
        client(parts).limit_s = 6.0
        return parts

    return Defect(name, summary, "Operators wait in front of an empty view, and ask again.", change)


@defective("queues", "open")
async def outage_told_late(queues: Any, job_id: str) -> None:
    """The answer that the broker takes no queues comes after more than five seconds.

    Operators wait for an answer that is known at once.
    """
    try:
        await queues.open(job_id)
    except DependencyUnavailable:
        await asyncio.sleep(5.1)
        raise


@defective("service", "undo")
async def never_undone_later(service: Any, undo: Any, roll_back: Any) -> None:
    """What cannot be undone at once, because its store fails as well, is never undone.

    Each outage leaves records and pods behind that nobody looks for.
    """
    await roll_back.run()


async def _attach_only_once(consumer: Any, attach: Any, channel: Any) -> None:
    if consumer.channel is None:
        await attach(channel)


@defect
def half_made_job_found(parts: Parts) -> Parts:
    """A job that is still being created can be looked up and cancelled.

    A client that cancels it learns that it is over, and it is finished all the same.
    """

    async def find_job(service: Any, find: Any, job_id: str) -> Any:
        found = await parts.tasks.find(job_id)
        if found is None:
            raise UnknownJob(job_id)
        return found

    return override("service", find=find_job)(parts)


@defect
def queue_not_undone(parts: Parts) -> Parts:
    """Of a job that fails half way the queue is left.

    Each outage leaves queues behind that fill up, as nobody takes anything from them.
    """
    opened: set[str] = set()

    async def open_queue(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        opened.add(job_id)

    async def close_queue(queues: Any, job_id: str) -> None:
        if job_id in opened:
            await queues.close(job_id)

    return override("queues", open=open_queue, close=close_queue)(parts)


def where_refused(respond: Callable[[DependencyUnavailable], Any]) -> Change:
    """Where Kubernetes answers that it takes no analyzer, return or raise something else."""

    def only_there(error: DependencyUnavailable) -> Any:
        if "403" not in str(error):
            raise error
        return respond(error)

    return on_outage("analyzers", "launch", only_there)


@defect
def refused_analyzer_not_undone(parts: Parts) -> Parts:
    """The record of a job whose analyzer Kubernetes refuses is left.

    Jobs are listed that never existed.
    """
    refused: list[str] = []

    async def launch(analyzers: Any, job_id: str, config: Any) -> None:
        try:
            await analyzers.launch(job_id, config)
        except DependencyUnavailable:
            refused.append(job_id)
            raise

    async def remove(tasks: Any, job_id: str) -> None:
        if job_id not in refused:
            await tasks.remove(job_id)

    return combine(override("analyzers", launch=launch), override("tasks", remove=remove))(parts)


def _refused_for_ever(parts: Parts) -> Parts:
    refused: list[DependencyUnavailable] = []

    async def launch(analyzers: Any, job_id: str, config: Any) -> None:
        if refused:
            raise refused[0]
        try:
            await analyzers.launch(job_id, config)
        except DependencyUnavailable as error:
            if "403" in str(error):
                refused.append(error)
            raise

    return override("analyzers", launch=launch)(parts)


@defect
def two_outages_as_a_defect(parts: Parts) -> Parts:
    """While MongoDB and RabbitMQ cannot be reached, the answer is an internal error.

    Operations look for a fault in the server, and not in the network.
    """

    async def insert(tasks: Any, record: Any) -> None:
        try:
            await tasks.insert(record)
        except DependencyUnavailable:
            try:
                await parts.queues.close(record.job_id)
            except DependencyUnavailable:
                raise RuntimeError from None
            raise

    return override("tasks", insert=insert)(parts)


@defect
def rabbitmq_given_up_after_kubernetes(parts: Parts) -> Parts:
    """A RabbitMQ that could not be reached while Kubernetes could not either is not asked again.

    After an outage of the whole network jobs are refused until somebody restarts the server.
    """
    refusals: list[DependencyUnavailable] = []

    async def launch(analyzers: Any, job_id: str, config: Any) -> None:
        try:
            await analyzers.launch(job_id, config)
        except DependencyUnavailable:
            try:
                await parts.queues.close(job_id)
            except DependencyUnavailable as error:
                refusals.append(error)
            raise

    async def open_queue(queues: Any, job_id: str) -> None:
        if refusals:
            raise refusals[0]
        await queues.open(job_id)

    return combine(override("analyzers", launch=launch), override("queues", open=open_queue))(parts)


@defect
def recordings_of_before_the_outage(parts: Parts) -> Parts:
    """After an outage of MongoDB, recordings are listed as they were known before it.

    What was recorded while nobody could look is never found.
    """
    failed: list[bool] = []

    async def between(recordings: Any, start: Any, end: Any) -> Any:
        try:
            return [] if failed else await recordings.between(start, end)
        except DependencyUnavailable:
            failed.append(True)
            raise

    return override("recordings", between=between)(parts)


def _index_gone_after_the_outage(parts: Parts) -> Parts:
    failed: list[bool] = []

    async def between(recordings: Any, start: Any, end: Any) -> Any:
        try:
            found = await recordings.between(start, end)
        except DependencyUnavailable:
            failed.append(True)
            raise
        if failed:
            failed.clear()
            async with recordings.database.collection("recordings") as collection:
                await collection.drop_index("start_time_1")
        return found

    return override("recordings", between=between)(parts)


@defect
def record_of_a_playback_left(parts: Parts) -> Parts:
    """The record of a playback that was written when MongoDB broke down is left.

    Playbacks are listed that never existed.
    """

    async def insert(tasks: Any, record: Any) -> None:
        try:
            await tasks.insert(record)
        except DependencyUnavailable as error:
            error.no_effect = record.config["start_time"] is not None
            raise

    return override("tasks", insert=insert)(parts)


_ASKS: Mapping[str, Callable[[Parts], Awaitable[object]]] = {
    "MongoDB": lambda parts: parts.tasks.find("nobody"),
    "RabbitMQ": lambda parts: parts.queues.close("nobody"),
    "Kubernetes": lambda parts: parts.analyzers.state("nobody"),
}


def answering_without(
    store: str, path: str, answer: Callable[[DependencyUnavailable], Response]
) -> tuple[Change, Callable[[ASGIApp], ASGIApp]]:
    """While a store cannot be reached, a call is answered by this instead; what a server does for that."""
    held: list[Parts] = []

    def hold(parts: Parts) -> Parts:
        held.append(parts)
        return parts

    def wrap(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and path in scope["path"]:
                try:
                    await _ASKS[store](held[-1])
                except DependencyUnavailable as error:
                    await answer(error)(scope, receive, send)
                    return
            await app(scope, receive, send)

        return serve

    return hold, wrap


def needing(name: str, store: str, path: str, what: str, impact: str) -> Defect:
    """A call is refused while a store cannot be reached that it does not need."""
    without = answering_without(store, path, lambda error: error_answer(503, str(error)))
    return Defect(name, f"While {store} cannot be reached, {what} cannot be asked for.", impact, *without)


def _made_up(error: DependencyUnavailable) -> Response:
    return JSONResponse({"sampling_rate": 2000, "sensors": 2222, "started_at": "1970-01-01T00:00:00.000Z"})


_WRONG_PLACE = "Operations look for a fault in the wrong place."
_RESTART = "After each outage somebody has to restart the server."
_RESTARTED = "Whoever watches the server restarts it, and every view ends."
_CLOSED = "Views that need nothing of that store close."
_EMPTY_VIEW = "The view opens and stays empty, and nobody learns why."

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "outage_as_a_defect",
        "A broker that takes no queues is reported as an internal error.",
        _WRONG_PLACE,
        on_outage("queues", "open", raising(RuntimeError)),
    ),
    Defect(
        "outage_of_another",
        "A broker that takes no queues is reported as another store.",
        "Operations repair what is not broken.",
        on_outage("queues", "open", raising(lambda: DependencyUnavailable("MongoDB", "no"))),
    ),
    Defect(
        "outage_of_every_store",
        "A broker that takes no queues is reported as an outage of all stores.",
        "Operations look for a fault in each store, though one is known to have it.",
        on_outage("queues", "open", raising(lambda: DependencyUnavailable("MongoDB, RabbitMQ or Kubernetes", "no"))),
    ),
    Defect(
        "outage_tells_its_address",
        "A broker that takes no queues is reported with its address.",
        "Every client learns where the broker is.",
        on_outage("queues", "open", raising(lambda: DependencyUnavailable("RabbitMQ", "amqp://10.0.0.7/ refused"))),
    ),
    Defect(
        "outage_as_taken",
        "A broker that takes no queues is reported as an id that is taken.",
        _WRONG_PLACE,
        on_outage("queues", "open", raising(lambda: IdTaken("the store"))),
    ),
    Defect(
        "outage_for_ever",
        "A broker that took no queues once is not asked again.",
        _RESTART,
        given_up("queues", "open"),
    ),
    outage_told_late,
    Defect(
        "database_outage_as_a_defect",
        "A database that cannot be reached is reported as an internal error.",
        _WRONG_PLACE,
        on_outage("tasks", "insert", raising(RuntimeError)),
    ),
    Defect(
        "archive_outage_as_nothing_recorded",
        "While the database cannot be reached the answer is that nothing was recorded.",
        "Operators who look for last night's event believe that there is no recording of it.",
        on_outage("recordings", "any_between", lambda error: False),
    ),
    Defect(
        "accepted_without_a_queue",
        "A job is accepted though the broker cannot be reached.",
        _EMPTY_VIEW,
        on_outage("queues", "open", lambda error: None),
    ),
    Defect(
        "accepted_without_an_analyzer",
        "A job is accepted though Kubernetes cannot be reached.",
        _EMPTY_VIEW,
        on_outage("analyzers", "launch", lambda error: None),
    ),
    Defect(
        "lost_answer_as_no_analyzer",
        "An analyzer whose launch was not confirmed is taken for not launched.",
        "After each such failure a pod runs for nobody.",
        on_outage("analyzers", "launch", _say_no_effect),
    ),
    Defect(
        "lost_answer_as_no_record",
        "A record that was not confirmed is taken for not written.",
        "Jobs are listed that never existed.",
        on_outage("tasks", "insert", _say_no_effect),
    ),
    Defect(
        "cancelled_without_the_broker",
        "Cancelling is confirmed though the broker cannot be reached.",
        "The queue of a job that is said to be over is still fed.",
        on_outage("queues", "close", lambda error: None),
    ),
    Defect(
        "cancelled_without_kubernetes",
        "Cancelling is confirmed though Kubernetes cannot be reached.",
        "The pod of a job that is said to be over still costs memory.",
        on_outage("analyzers", "stop", lambda error: None),
    ),
    Defect(
        "region_changed_without_a_record",
        "A change of the region of interest is confirmed though it cannot be recorded.",
        "Those who open the view again see another part of the fibre than was looked at.",
        on_outage("tasks", "set_roi", lambda error: None),
    ),
    never_undone_later,
    Defect(
        "database_given_up",
        "A database that could not be reached once is not asked again.",
        _RESTART,
        given_up("tasks", "insert"),
    ),
    Defect(
        "broker_given_up",
        "A broker that could not be reached once is not asked again.",
        _RESTART,
        given_up("queues", "open"),
    ),
    Defect(
        "orchestrator_given_up",
        "A Kubernetes that could not be reached once is not asked again.",
        _RESTART,
        given_up("analyzers", "launch"),
    ),
    Defect(
        "consumers_not_restored",
        "Running jobs do not get their consumers back when the broker is back.",
        "Views that were open during an outage take no commands any more, until they are opened again.",
        overriding_consumers(attach=_attach_only_once),
    ),
    waiting_longer(
        "silent_database_waited_for",
        "The server waits for a database that does not answer, longer than is promised.",
        lambda parts: parts.tasks.database,
    ),
    waiting_longer(
        "silent_broker_waited_for",
        "The server waits for a broker that does not answer, longer than is promised.",
        lambda parts: parts.queues,
    ),
    waiting_longer(
        "silent_orchestrator_waited_for",
        "The server waits for a Kubernetes that does not answer, longer than is promised.",
        lambda parts: parts.analyzers,
    ),
    half_made_job_found,
    queue_not_undone,
    Defect(
        "refusal_of_kubernetes_as_a_defect",
        "That Kubernetes takes no more analyzers is reported as an internal error.",
        _WRONG_PLACE,
        where_refused(raising(RuntimeError)),
    ),
    Defect(
        "refused_analyzer_as_launched",
        "A job is accepted though Kubernetes refuses its analyzer.",
        _EMPTY_VIEW,
        where_refused(lambda error: None),
    ),
    refused_analyzer_not_undone,
    two_outages_as_a_defect,
    rabbitmq_given_up_after_kubernetes,
    recordings_of_before_the_outage,
    Defect(
        "index_gone_after_the_outage",
        "After an outage of MongoDB, recordings are no longer indexed by their beginnings.",
        "With a year of recordings, to look for those of a time takes seconds from then on.",
        restoring_indexes(_index_gone_after_the_outage),
        restores=True,
    ),
    record_of_a_playback_left,
    Defect(
        "record_outage_as_no_job",
        "While MongoDB cannot be reached, running jobs are said not to exist.",
        "Clients drop their views, and ask for the same jobs once more.",
        on_outage("tasks", "find", lambda error: None),
    ),
    Defect(
        "archive_outage_as_an_empty_list",
        "While MongoDB cannot be reached, the list of recordings is empty.",
        "Operators who look for last night's event believe that there is no recording of it.",
        on_outage("recordings", "between", lambda error: []),
    ),
    Defect(
        "archive_outage_as_nothing_live",
        "While MongoDB cannot be reached, nothing is said to be recorded.",
        "Operators restart a recorder that works.",
        on_outage("recordings", "under_way", lambda error: None),
    ),
    needing("health_needs_mongodb", "MongoDB", "/ack", "the health of the server", _RESTARTED),
    needing("channels_need_mongodb", "MongoDB", "/channels", "the channels of the fibre", _CLOSED),
    needing("sensors_need_mongodb", "MongoDB", "/sensors", "the sensors of the fibre", _CLOSED),
    needing("health_needs_rabbitmq", "RabbitMQ", "/ack", "the health of the server", _RESTARTED),
    needing("channels_need_rabbitmq", "RabbitMQ", "/channels", "the channels of the fibre", _CLOSED),
    needing("sensors_need_rabbitmq", "RabbitMQ", "/sensors", "the sensors of the fibre", _CLOSED),
    Defect(
        "no_live_source_without_rabbitmq",
        "While RabbitMQ cannot be reached, nothing is said to be recorded.",
        "Operators restart a recorder that works.",
        *answering_without("RabbitMQ", "/live_metadata", lambda error: error_answer(404, "there is no live source")),
    ),
    needing("metadata_need_rabbitmq", "RabbitMQ", "/metadata/", "the metadata of a job", _CLOSED),
    needing("rows_need_rabbitmq", "RabbitMQ", "/waterfall/", "the rows of a job", _CLOSED),
    needing("recordings_need_rabbitmq", "RabbitMQ", "/recordings", "what was recorded", _CLOSED),
    needing("health_needs_kubernetes", "Kubernetes", "/ack", "the health of the server", _RESTARTED),
    needing("channels_need_kubernetes", "Kubernetes", "/channels", "the channels of the fibre", _CLOSED),
    needing("sensors_need_kubernetes", "Kubernetes", "/sensors", "the sensors of the fibre", _CLOSED),
    Defect(
        "live_metadata_made_up_without_kubernetes",
        "While Kubernetes cannot be reached, the live metadata are made up.",
        "Views show a recording that there never was.",
        *answering_without("Kubernetes", "/live_metadata", _made_up),
    ),
    Defect(
        "metadata_as_a_defect_without_kubernetes",
        "While Kubernetes cannot be reached, the metadata of a job end in an internal error.",
        _WRONG_PLACE,
        *answering_without("Kubernetes", "/metadata/", lambda error: error_answer(500, "internal error")),
    ),
    needing("recordings_need_kubernetes", "Kubernetes", "/recordings", "what was recorded", _CLOSED),
    Defect(
        "kubernetes_outage_as_the_end",
        "While Kubernetes cannot be reached, the rows of running jobs are said to be over.",
        "Every open view ends, though its analyzer goes on.",
        on_outage("analyzers", "state", lambda error: "has ended"),
    ),
    Defect(
        "refused_once_refused_for_ever",
        "A Kubernetes that refused an analyzer once is not asked again.",
        _RESTART,
        _refused_for_ever,
    ),
)

"""Defects of what is kept of a job, beside it, and when it cannot be made: task ids, records, streams, stores."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, answering, defect, derived, register
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable, IdTaken, Violation
from sandbox.focus_server.ports import JobRecord

AREA = "what is kept of a job"

_UNKNOWN = "job_00000000"

_GOOD = "acceptance_20250101120000_0a1b2c3d"


def task_id_read(parts: Parts, pattern: str, taken_for: str) -> Parts:
    """A server that takes a text for a task id in which a pattern is replaced."""

    def rule(text: str) -> Iterator[Violation]:
        return parts.task_ids(re.sub(pattern, taken_for, text, count=1, flags=re.DOTALL))

    return replace(parts, task_ids=rule)


for name, words, pattern, taken_for in (
    ("any_task_id", "Any text is a task id.", ".*", _GOOD),
    ("task_id_without_prefix", "A task id needs no prefix.", r"^(?=[0-9]{14}_)", "x_"),
    (
        "task_id_with_a_long_prefix",
        "A task id may have a prefix of any length.",
        r"^[A-Za-z0-9_-]{33,}(?=_[0-9]{14}_)",
        "x",
    ),
    ("task_id_with_spaces", "A task id may have spaces.", "(?<=[a-z]) (?=[a-z])", "_"),
    ("task_id_of_any_date", "A task id may have a date that does not exist.", "[0-9]{14}", "20250101120000"),
    ("task_id_of_few_digits", "A task id may have fewer digits.", "_[0-9a-f]{1,7}$", "_0a1b2c3d"),
    ("task_id_of_many_digits", "A task id may have more digits.", "_[0-9a-f]{9,}$", "_0a1b2c3d"),
    ("task_id_of_any_letters", "A task id may end in any letters.", "_[0-9a-z]{8}$", "_0a1b2c3d"),
    ("task_id_of_capitals", "A task id may end in capitals.", "_[0-9A-F]{8}$", "_0a1b2c3d"),
    ("task_id_with_a_break", "A task id may hold a break.", ".*\r\n.*", _GOOD),
    ("task_id_with_a_null", "A task id may hold a null byte.", ".*\x00.*", _GOOD),
    ("task_id_of_any_script", "A task id may be written in any script.", r"^[^\x00-\x7f].*", _GOOD),
    ("task_id_of_any_length", "A task id may be of any length.", ".{1000,}", _GOOD),
    ("task_id_of_spaces", "A task id may be nothing but spaces.", "^ +$", _GOOD),
):
    register(
        name,
        words,
        "Logs cannot be brought together: what a client calls its request is no name that can be searched for.",
        change=partial(task_id_read, pattern=pattern, taken_for=taken_for),
    )


def inserting(parts: Parts, change: Callable[[JobRecord], JobRecord]) -> Parts:
    """A server that writes another record."""

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(change(record))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


for name, words, change in (
    ("task_id_not_recorded", "The record lacks the task id.", lambda record: replace(record, client_task_id=None)),
    (
        "recorded_an_hour_late",
        "The record tells another time.",
        lambda record: replace(record, created_at=record.created_at + timedelta(hours=1)),
    ),
    ("recorded_for_another_user", "The record is of another user.", lambda record: replace(record, user="root")),
    (
        "recorded_with_texts",
        "The record holds a number as text.",
        lambda record: replace(record, config={**record.config, "displayTimeAxisDuration": "10"}),
    ),
    (
        "recorded_without_times",
        "The record lacks the times that were left empty.",
        lambda record: replace(record, config={k: v for k, v in record.config.items() if v is not None}),
    ),
):
    register(
        name,
        words,
        "Whoever examines a job later finds something that never was.",
        change=partial(inserting, change=change),
    )


@defect
def recorded_with_more(parts: Parts) -> Parts:
    """The record holds something that no job has.

    Records grow by what nobody has agreed on, and other readers of the database stumble.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        async with tasks._database.collection("tasks") as collection:
            await collection.update_one({"task_id": record.job_id}, {"$set": {"host": "node-1"}})

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def record_goes_with_the_job(parts: Parts) -> Parts:
    """The record of a cancelled job is removed.

    Nobody can tell afterwards who looked at what.
    """

    async def set_status(tasks: Any, job_id: str, status: str) -> None:
        await tasks.remove(job_id)

    return replace(parts, tasks=Changed(parts.tasks, set_status=set_status))


@defect
def task_id_once_only(parts: Parts) -> Parts:
    """A task id can be given once only.

    A client that opens the same view again after a fault is turned away.
    """
    given: set[str] = set()

    def rule(text: str) -> Iterator[Violation]:
        yield from parts.task_ids(text)
        if text in given:
            yield Violation(("task_id",), "has been given", part="path")
        given.add(text)

    return replace(parts, task_ids=rule)


def without_index(parts: Parts, collection: str, index: str) -> Parts:
    """A server that does not index a collection."""

    class Forgetful:
        async def start(self) -> None:
            async with parts.tasks._database.collection(collection) as found:
                await found.drop_index(index)

        async def aclose(self) -> None:
            return None

    return replace(parts, resources=(*parts.resources, Forgetful()))


_SLOW = "With a year of recordings, to look for those of a time takes seconds."

for collection, index, missing, suffered in (
    ("tasks", "task_id_1", "Jobs are not indexed by their ids.", "Two jobs may get one id, and each sees the other's."),
    ("recordings", "uuid_1", "Recordings are not indexed by their ids.", "A recording may be kept twice under one id."),
    ("recordings", "start_time_1", "Recordings are not indexed by their beginnings.", _SLOW),
    ("recordings", "end_time_1", "Recordings are not indexed by their ends.", _SLOW),
    ("recordings", "deleted_1", "Recordings are not indexed by whether they were removed.", _SLOW),
):
    register(
        f"without_index_{collection}_{index}",
        missing,
        suffered,
        change=partial(without_index, collection=collection, index=index),
    )


register(
    "another_task_id",
    "The answer has another task id.",
    "The client takes the answer for somebody else's.",
    change=partial(answering, task_id="other"),
)
register(
    "another_stream_port",
    "The answer tells another port of the stream.",
    "The view opens and finds no stream.",
    change=partial(answering, stream_port=lambda port: port + 1),
)
register(
    "answer_of_another_time",
    "The answer tells another time than the record.",
    "Logs of client and server cannot be brought together.",
    change=partial(answering, created_at=lambda text: text.replace("20", "19", 1)),
)
register(
    "answer_in_local_time",
    "The answer tells the time without its zone.",
    "Each client reads another moment.",
    change=partial(answering, created_at=lambda text: text.rstrip("Z")),
)


def streaming(parts: Parts, **methods: Callable[..., Any]) -> Parts:
    """A server that serves other streams."""
    return replace(parts, stream=Changed(parts.stream, **methods))


async def _nothing(*_: Any) -> None:
    return None


async def _one_more(stream: Any, job_id: str) -> None:
    await stream.serve(job_id)
    await stream.serve(_UNKNOWN)


register(
    "stream_not_served",
    "The stream of a job is not served.",
    "The view opens and stays empty.",
    change=partial(streaming, serve=_nothing),
)
register(
    "stream_of_a_cancelled_job",
    "The stream of a cancelled job is served on.",
    "Clients stay connected to what shows nothing any more.",
    change=partial(streaming, withdraw=_nothing),
)
register(
    "stream_of_no_job",
    "A stream is served of a job that nobody made.",
    "A client with a wrong id waits for what will never come.",
    change=partial(streaming, serve=_one_more),
)


@defect
def nothing_undone(parts: Parts) -> Parts:
    """What was begun of a job that fails half way is left.

    Each failed attempt leaves a record and a pod behind.
    """

    async def undo(service: Any, usual: Any, roll_back: Any) -> None:
        return None

    return replace(parts, service=derived(parts.service, _undo=undo))


@defect
def analyzer_not_undone(parts: Parts) -> Parts:
    """Of a job that fails half way the analyzer is left.

    Each failed attempt leaves a pod that runs for nobody.
    """
    return replace(parts, analyzers=Changed(parts.analyzers, stop=_nothing))


def failing(parts: Parts, change: Callable[[Exception], Exception], *, for_ever: bool = False) -> Parts:
    """A server that takes the failure of the broker for another one; `for_ever`: also when it is over."""
    failed: list[Exception] = []

    async def open_(queues: Any, job_id: str) -> None:
        if for_ever and failed:
            raise failed[0]
        try:
            await queues.open(job_id)
        except DependencyUnavailable as error:
            failed.append(change(error))
            raise failed[0] from error

    return replace(parts, queues=Changed(parts.queues, open=open_))


for name, words, harm, change, for_ever in (
    (
        "outage_as_a_defect",
        "A broker that takes no queues is told as a defect of the server.",
        "Operations look for a fault in the wrong place.",
        lambda error: RuntimeError(),
        False,
    ),
    (
        "outage_of_another",
        "A broker that takes no queues is told as another store.",
        "Operations repair what is not broken.",
        lambda error: DependencyUnavailable("MongoDB", "no"),
        False,
    ),
    (
        "outage_tells_its_address",
        "A broker that takes no queues is told with its address.",
        "Every client learns where the broker is.",
        lambda error: DependencyUnavailable("RabbitMQ", "amqp://10.0.0.7/ refused"),
        False,
    ),
    (
        "outage_as_taken",
        "A broker that takes no queues is told as an id that is taken.",
        "Operations look for a fault in the wrong place.",
        lambda error: IdTaken("the store"),
        False,
    ),
    (
        "outage_for_ever",
        "A broker that took no queues once is not asked again.",
        "After each outage somebody has to restart the server.",
        lambda error: error,
        True,
    ),
):
    register(name, words, harm, change=partial(failing, change=change, for_ever=for_ever))


@defect
def outage_told_late(parts: Parts) -> Parts:
    """That the broker takes no queues is told after more than five seconds.

    Operators wait for an answer that is known at once.
    """

    async def open_(queues: Any, job_id: str) -> None:
        try:
            await queues.open(job_id)
        except DependencyUnavailable:
            await asyncio.sleep(5.1)
            raise

    return replace(parts, queues=Changed(parts.queues, open=open_))


register(
    "another_stream_address",
    "The answer tells another address of the stream.",
    "The view opens and finds no stream.",
    change=partial(answering, stream_url="http://127.0.0.2"),
)

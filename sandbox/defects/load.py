"""Defects that show under load, or in the figures of many answers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.defects.defect import Change, Defect, defect, override
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.ports import JobRecord

AREA = "load and capacity"

_SLOW_S = 4.0
_SLOW_READING_S = 1.5
_LEAK_BYTES = 2_000_000
_BUSY_S = 0.2
_BUSY_SLICES = 20
_MANY_AT_ONCE = 12
_JOBS_A_SECOND = 3
_LIMIT = 20
_COMPUTED = 60_000


def every_tenth(part: str, method: str, delay_s: float) -> Change:
    """Have each tenth call of a method take longer."""
    number = count(1)

    async def do(self: Any, original: Any, *args: Any, **more: Any) -> Any:
        if next(number) % 10 == 0:
            await asyncio.sleep(delay_s)
        return await original(*args, **more)

    return override(part, **{method: do})


def in_create(before: Any) -> Change:
    """Do something before each job is made."""

    async def create(service: Any, make: Any, payload: Any, **more: Any) -> JobRecord:
        outcome = before(payload)
        if outcome is not None:
            await outcome
        return await make(payload, **more)

    return override("service", create=create)


@defect
def job_lost_under_load(parts: Parts) -> Parts:
    """When several jobs a second are made, some of them have no analyzer, though they are acknowledged.

    Just when something happens and everybody looks, some views stay empty.
    """
    launched: deque[float] = deque(maxlen=_JOBS_A_SECOND)

    async def launch(analyzers: Any, job_id: str, config: Any) -> None:
        now = time.monotonic()
        is_many = len(launched) == _JOBS_A_SECOND and now - launched[0] < 1.1
        launched.append(now)
        if not is_many:
            await analyzers.launch(job_id, config)

    return override("analyzers", launch=launch)(parts)


@defect
def memory_leak(parts: Parts) -> Parts:
    """The server keeps two megabytes of each job for ever.

    It ends after some days, and all views with it.
    """
    leaked: list[bytes] = []
    return in_create(lambda payload: leaked.append(b"x" * _LEAK_BYTES))(parts)


@defect
def busy_for_each_job(parts: Parts) -> Parts:
    """The server computes for a fifth of a second for each job.

    A few operators at once bring it to a halt.
    """

    async def compute(payload: Any) -> None:
        for _ in range(_BUSY_SLICES):  # In slices: others are answered meanwhile.
            ends_at = time.thread_time() + _BUSY_S / _BUSY_SLICES
            while time.thread_time() < ends_at:
                pass
            await asyncio.sleep(0)

    return in_create(compute)(parts)


@defect
def slow_query(parts: Parts) -> Parts:
    """The server has MongoDB compute for a while after each tenth job.

    MongoDB has no time left for all that use it.
    """
    number = count(1)
    running: set[asyncio.Task[None]] = set()

    async def compute(tasks: Any) -> None:
        numbers = {"$filter": {"input": {"$range": [0, _COMPUTED]}, "cond": {"$gt": ["$$this", 1]}}}
        async with tasks.database.collection("tasks") as collection:
            found = await collection.aggregate([{"$limit": 1}, {"$project": {"n": {"$size": numbers}}}])
            await found.to_list()

    async def insert(tasks: Any, record: Any) -> None:
        await tasks.insert(record)
        if next(number) % 10 == 1:
            running.add(asyncio.create_task(compute(tasks)))

    return override("tasks", insert=insert)(parts)


def limited(refusal: Exception) -> Change:
    """Refuse further jobs once so many were requested."""

    def change(parts: Parts) -> Parts:
        number = count(1)

        async def create(service: Any, make: Any, payload: Any, **more: Any) -> JobRecord:
            if next(number) > _LIMIT:
                raise refusal
            record: JobRecord = await make(payload, **more)
            return record

        return override("service", create=create)(parts)

    return change


@defect
def recovery_never_comes(parts: Parts) -> Parts:
    """Once many jobs were requested at the same time, each later one takes two seconds more.

    After one busy moment all views open slowly, until somebody restarts the server.
    """
    under_way, tired = [0], []

    async def create(service: Any, make: Any, payload: Any, **more: Any) -> JobRecord:
        if tired and not under_way[0]:
            await asyncio.sleep(_SLOW_S / 2)
        under_way[0] += 1
        if under_way[0] >= _MANY_AT_ONCE:
            tired.append(True)
        try:
            record: JobRecord = await make(payload, **more)
            return record
        finally:
            under_way[0] -= 1

    return override("service", create=create)(parts)


def closing(app: ASGIApp) -> ASGIApp:
    """Close the connection after each answer."""

    async def closed(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await app(scope, receive, with_header)

    return closed


def _every_tenth_row(playback: Any, live: Any, *args: Any) -> list[int]:
    return [row for row in live(*args) if row % 10 == 9]


DEFECTS = (
    Defect(
        "every_tenth_job_is_slow",
        "One job in ten takes four seconds longer than the others.",
        "Some views open so late that operators take them for broken and open them again.",
        every_tenth("service", "create", _SLOW_S),
    ),
    Defect(
        "every_tenth_look_up_is_slow",
        "One question in ten about a job takes a second and a half.",
        "Views stand still now and then.",
        every_tenth("service", "find", _SLOW_READING_S),
    ),
    job_lost_under_load,
    memory_leak,
    busy_for_each_job,
    slow_query,
    Defect(
        "limit_that_says_nothing",
        "There can be only twenty jobs, and the next one is refused without the reason.",
        "Nobody knows that closing a view would help.",
        limited(DependencyUnavailable("The server", "try again later", no_effect=True)),
    ),
    Defect(
        "limit_below_the_promise",
        "There can be only twenty jobs.",
        "The twenty-first operator cannot work.",
        limited(DependencyUnavailable("The server", "there are too many jobs", no_effect=True)),
    ),
    recovery_never_comes,
    Defect(
        "connection_for_each_answer",
        "The server closes the connection after each answer.",
        "Over a slow network everything takes three times as long.",
        wrap=closing,
    ),
    Defect(
        "one_row_in_ten",
        "Of a live job only each tenth row comes.",
        "What happens between two rows is never seen.",
        override("playback", live=_every_tenth_row),
    ),
)

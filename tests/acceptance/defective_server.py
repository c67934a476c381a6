"""A Focus Server with one defect: `python -m tests.acceptance.defective_server NAME`, set up like the real one.

Each defect replaces a part of the server by one that does its work wrongly.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.focus_server.composition import Parts, build_parts
from sandbox.focus_server.errors import UnknownJob
from sandbox.focus_server.identity import consumer_tag
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.logs import log_to_stderr
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.rules import ALL_RULES, single_channel_is_one
from sandbox.focus_server.serving import serve
from sandbox.focus_server.settings import Settings
from sandbox.focus_server.validation import Validator


class Changed:
    """A part with some of its methods replaced; a replacement gets the part as its first argument."""

    def __init__(self, part: Any, **replacements: Callable[..., Any]) -> None:
        self._part = part
        for name, function in replacements.items():
            setattr(self, name, lambda *args, _do=function, **kwargs: _do(part, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)


def task_not_written(parts: Parts) -> Parts:
    async def insert(tasks: Any, record: JobRecord) -> None:
        return None

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


def task_written_twice(parts: Parts) -> Parts:
    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        await tasks.insert(replace(record, job_id=f"{record.job_id}_copy"))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


def configuration_changed_on_its_way(parts: Parts) -> Parts:
    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, {**config, "nfftSelection": str(config["nfftSelection"])})

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


def queue_without_consumer(parts: Parts) -> Parts:
    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        await queues._consumers[job_id]._queue.cancel(consumer_tag(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_))


def consumer_that_takes_and_never_acknowledges(parts: Parts) -> Parts:
    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)

        async def take(message: Any) -> None:
            await asyncio.Event().wait()

        queue = queues._consumers[job_id]._queue
        await queue.cancel(consumer_tag(job_id))
        await queue.consume(take, consumer_tag=consumer_tag(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_))


def wrong_image(parts: Parts) -> Parts:
    parts.analyzers._image = "baby-analyzer:previous"  # type: ignore[attr-defined]
    return parts


def pod_never_running(parts: Parts) -> Parts:
    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        analyzers._request, sent = _gated(analyzers._request), analyzers._request
        try:
            await analyzers.launch(job_id, config)
        finally:
            analyzers._request = sent

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


def _gated(request: Callable[..., Any]) -> Callable[..., Any]:
    """Kubernetes schedules no pod that has a scheduling gate."""

    async def gated(method: str, path: str, body: dict[str, Any]) -> Any:
        body["spec"]["template"]["spec"]["schedulingGates"] = [{"name": "focus-server/never"}]
        return await request(method, path, body)

    return gated


def empty_status(parts: Parts) -> Parts:
    def configured(answers: Any, record: JobRecord) -> Any:
        return answers.configured(record).model_copy(update={"status": ""})

    return replace(parts, answers=Changed(parts.answers, configured=configured))


def single_channel_takes_a_range(parts: Parts) -> Parts:
    rules = tuple(rule for rule in ALL_RULES if rule is not single_channel_is_one)
    return replace(parts, validator=Validator(Limits(), rules))


def cancel_does_not_find_a_running_job(parts: Parts) -> Parts:
    class Forgetful(parts.service):  # type: ignore[misc, name-defined]
        async def cancel(self, job_id: str) -> JobRecord:
            raise UnknownJob(job_id)

    return replace(parts, service=Forgetful)


def queue_leaked_after_cancel(parts: Parts) -> Parts:
    async def close(queues: Any, job_id: str) -> None:
        consumer = queues._consumers.pop(job_id)
        await consumer._channel.close()

    return replace(parts, queues=Changed(parts.queues, close=close))


def refused_request_launches_an_analyzer(parts: Parts) -> Parts:
    class Eager(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            await self._analyzers.launch(self._ids.new(), {})
            return await super().create(payload)

    return replace(parts, service=Eager)


def refused_request_launches_an_analyzer_later(parts: Parts) -> Parts:
    class Slow(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            self._late = asyncio.create_task(self._launch_later())
            return await super().create(payload)

        async def _launch_later(self) -> None:
            await asyncio.sleep(0.1)
            await self._analyzers.launch(self._ids.new(), {})

    return replace(parts, service=Slow)


def gone_after_two_requests(parts: Parts) -> Parts:
    """It ends right after it has answered its second request for a job."""
    asked = itertools.count(1)

    class Mortal(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            if next(asked) == 2:
                asyncio.get_running_loop().call_later(0.3, os._exit, 1)
            return await super().create(payload)

    return replace(parts, service=Mortal)


DEFECTS = {
    function.__name__: function
    for function in (
        task_not_written,
        task_written_twice,
        configuration_changed_on_its_way,
        queue_without_consumer,
        consumer_that_takes_and_never_acknowledges,
        wrong_image,
        pod_never_running,
        empty_status,
        single_channel_takes_a_range,
        cancel_does_not_find_a_running_job,
        queue_leaked_after_cancel,
        refused_request_launches_an_analyzer,
        refused_request_launches_an_analyzer_later,
        gone_after_two_requests,
    )
}


if __name__ == "__main__":
    log_to_stderr()
    settings = Settings.from_environment()
    serve(settings, DEFECTS[sys.argv[1]](build_parts(settings)))

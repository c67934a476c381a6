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
from typing import Any, ClassVar

from sandbox.focus_server.composition import Parts, build_parts
from sandbox.focus_server.errors import InvalidConfiguration, UnknownJob, Violation
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
    return _answering(parts, status="")


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
    return _launching_after_refusals(parts, delay_s=0.1)


def _launching_after_refusals(parts: Parts, delay_s: float) -> Parts:
    class Slow(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            self._late = asyncio.create_task(self._launch_later())
            return await super().create(payload)

        async def _launch_later(self) -> None:
            await asyncio.sleep(delay_s)
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


def refused_request_launches_an_analyzer_too_late(parts: Parts) -> Parts:
    return _launching_after_refusals(parts, delay_s=0.45)


def record_goes_bad(parts: Parts) -> Parts:
    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        loop = asyncio.get_running_loop()
        loop.call_later(0.3, lambda: asyncio.ensure_future(tasks.set_status(record.job_id, "error")))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


def record_doubled_for_a_moment(parts: Parts) -> Parts:
    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        copy = f"{record.job_id}_copy"
        await tasks.insert(replace(record, job_id=copy))
        asyncio.get_running_loop().call_later(0.5, lambda: asyncio.ensure_future(tasks.remove(copy)))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


def last_configuration_wins(parts: Parts) -> Parts:
    class Shared(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            self._last = payload
            await asyncio.sleep(0.05)
            return await super().create(self._last)

    return replace(parts, service=Shared)


def cancel_marks_every_record(parts: Parts) -> Parts:
    known: list[str] = []

    async def insert(tasks: Any, record: JobRecord) -> None:
        known.append(record.job_id)
        await tasks.insert(record)

    async def set_status(tasks: Any, job_id: str, status: str) -> None:
        for each in known:
            await tasks.set_status(each, status)

    return replace(parts, tasks=Changed(parts.tasks, insert=insert, set_status=set_status))


def first_cancel_finds_nothing(parts: Parts) -> Parts:
    class Hesitant(parts.service):  # type: ignore[misc, name-defined]
        _asked: ClassVar[set[str]] = set()

        async def cancel(self, job_id: str) -> JobRecord:
            if job_id not in self._asked:
                self._asked.add(job_id)
                raise UnknownJob(job_id)
            return await super().cancel(job_id)

    return replace(parts, service=Hesitant)


def analyzer_without_its_labels(parts: Parts) -> Parts:
    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        sent = analyzers._request

        async def bare(method: str, path: str, body: dict[str, Any]) -> Any:
            for metadata in (body["metadata"], body["spec"]["template"]["metadata"]):
                metadata["labels"] = {"focus-server/job-id": job_id}
            return await sent(method, path, body)

        analyzers._request = bare
        try:
            await analyzers.launch(job_id, config)
        finally:
            analyzers._request = sent

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


def _answering(parts: Parts, **changes: Any) -> Parts:
    def configured(answers: Any, record: JobRecord) -> Any:
        return answers.configured(record).model_copy(update=changes)

    return replace(parts, answers=Changed(parts.answers, configured=configured))


def id_that_is_none(parts: Parts) -> Parts:
    return _answering(parts, job_id="job deadbeef!")


def answers_with_its_password(parts: Parts) -> Parts:
    return _answering(parts, status=os.environ["FOCUS_SERVER_RABBITMQ_URL"].split(":")[2].split("@")[0])


def error_though_created(parts: Parts) -> Parts:
    class Confused(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            await super().create(payload)
            raise RuntimeError("something else went wrong")

    return replace(parts, service=Confused)


def dies_of_a_request(parts: Parts) -> Parts:
    class Fragile(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any) -> JobRecord:
            os._exit(1)

    return replace(parts, service=Fragile)


def refusal_that_names_everything(parts: Parts) -> Parts:
    def validate(validator: Any, payload: Any, now: Any) -> Any:
        try:
            return validator.validate(payload, now)
        except InvalidConfiguration:
            fields = " ".join(payload)
            raise InvalidConfiguration([Violation((), f"Traceback: one of {fields} is wrong")]) from None

    return replace(parts, validator=Changed(parts.validator, validate=validate))


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
        refused_request_launches_an_analyzer_too_late,
        record_goes_bad,
        record_doubled_for_a_moment,
        last_configuration_wins,
        cancel_marks_every_record,
        first_cancel_finds_nothing,
        analyzer_without_its_labels,
        id_that_is_none,
        answers_with_its_password,
        error_though_created,
        dies_of_a_request,
        refusal_that_names_everything,
    )
}


if __name__ == "__main__":
    log_to_stderr()
    settings = Settings.from_environment()
    serve(settings, DEFECTS[sys.argv[1]](build_parts(settings)))

"""Defects of making and ending jobs: their records, analyzers, queues and answers."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from sandbox.defects.registry import MOMENT_S, Changed, answering, defect
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable, InvalidConfiguration, UnknownJob, Violation
from sandbox.focus_server.identity import consumer_tag
from sandbox.focus_server.ports import JobRecord

AREA = "making and ending a job"


@defect
def task_not_written(parts: Parts) -> Parts:
    """The record of a job is not written.

    The job runs and costs a pod, and nobody can find or account for it.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        return None

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def task_written_twice(parts: Parts) -> Parts:
    """The record of a job is written twice.

    One request is counted and billed as two, and one of the two can never be ended.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        await tasks.insert(replace(record, job_id=f"{record.job_id}_copy"))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def configuration_changed_on_its_way(parts: Parts) -> Parts:
    """The analyzer gets another configuration than the one that was sent.

    The operator looks at a spectrogram that is not the one asked for.
    """

    async def launch(analyzers: Any, job_id: str, config: dict[str, Any]) -> None:
        await analyzers.launch(job_id, {**config, "nfftSelection": str(config["nfftSelection"])})

    return replace(parts, analyzers=Changed(parts.analyzers, launch=launch))


@defect
def queue_without_consumer(parts: Parts) -> Parts:
    """A job has a queue that nobody consumes.

    The view opens and stays empty: nobody feeds its analyzer.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        await queues._consumers[job_id]._queue.cancel(consumer_tag(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_))


@defect
def consumer_that_takes_and_never_acknowledges(parts: Parts) -> Parts:
    """The consumer of a job takes messages and never acknowledges them.

    The broker fills up with messages that are never done with, until it takes no more.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)

        async def take(message: Any) -> None:
            await asyncio.Event().wait()

        queue = queues._consumers[job_id]._queue
        await queue.cancel(consumer_tag(job_id))
        await queue.consume(take, consumer_tag=consumer_tag(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_))


@defect
def wrong_image(parts: Parts) -> Parts:
    """The analyzer is of an old image.

    Operators see the faults of a release that was taken back.
    """
    parts.analyzers._image = "baby-analyzer:previous"  # type: ignore[attr-defined]
    return parts


@defect
def pod_never_running(parts: Parts) -> Parts:
    """The pod of an analyzer is never scheduled.

    The view opens and stays empty, while everything says that it runs.
    """

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


@defect
def empty_status(parts: Parts) -> Parts:
    """The status in the answer is empty, though the job was made.

    Clients cannot tell a job that was made from one that was not.
    """
    return answering(parts, status="")


@defect
def cancel_does_not_find_a_running_job(parts: Parts) -> Parts:
    """A running job is not found when it is to be cancelled.

    Nobody can end a job: each view that was ever opened goes on using the cluster.
    """

    class Forgetful(parts.service):  # type: ignore[misc, name-defined]
        async def cancel(self, job_id: str) -> JobRecord:
            raise UnknownJob(job_id)

    return replace(parts, service=Forgetful)


@defect
def queue_leaked_after_cancel(parts: Parts) -> Parts:
    """The queue of a cancelled job stays.

    Each closed view leaves a queue behind, until the broker has no room.
    """

    async def close(queues: Any, job_id: str) -> None:
        consumer = queues._consumers.pop(job_id)
        await consumer._channel.close()

    return replace(parts, queues=Changed(parts.queues, close=close))


@defect
def refused_request_launches_an_analyzer(parts: Parts) -> Parts:
    """A refused request launches an analyzer.

    A mistyped parameter costs a pod that nobody knows of.
    """

    class Eager(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            await self._analyzers.launch(self._ids.new(), {})
            return await super().create(payload, **more)

    return replace(parts, service=Eager)


@defect
def refused_request_launches_an_analyzer_later(parts: Parts) -> Parts:
    """A refused request launches an analyzer, a moment after it was answered.

    A mistyped parameter costs a pod, and it is gone from sight when it comes.
    """
    return launching_after_refusals(parts, delay_s=0.1)


def launching_after_refusals(parts: Parts, delay_s: float) -> Parts:
    """A server that launches an analyzer some time after each request."""

    class Slow(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            self._late = asyncio.create_task(self._launch_later())
            return await super().create(payload, **more)

        async def _launch_later(self) -> None:
            await asyncio.sleep(delay_s)
            await self._analyzers.launch(self._ids.new(), {})

    return replace(parts, service=Slow)


@defect
def record_goes_bad(parts: Parts) -> Parts:
    """The record of a job goes bad when its consumer is at work.

    A job that runs well is shown as failed, and is opened again.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)

        class Buffer(deque[bytes]):
            def append(self, message: bytes) -> None:
                self.late = asyncio.ensure_future(parts.tasks.set_status(job_id, "error"))

        queues._consumers[job_id]._buffer = Buffer()

    return replace(parts, queues=Changed(parts.queues, open=open_))


@defect
def record_doubled_for_a_moment(parts: Parts) -> Parts:
    """There are two records of a job for a moment.

    Whoever looks at that moment counts a job that does not exist.
    """

    async def insert(tasks: Any, record: JobRecord) -> None:
        await tasks.insert(record)
        copy = f"{record.job_id}_copy"
        await tasks.insert(replace(record, job_id=copy))
        asyncio.get_running_loop().call_later(MOMENT_S, lambda: asyncio.ensure_future(tasks.remove(copy)))

    return replace(parts, tasks=Changed(parts.tasks, insert=insert))


@defect
def last_configuration_wins(parts: Parts) -> Parts:
    """Of jobs that are requested at once all get the last configuration.

    Two operators open a view at the same moment, and one gets what the other asked for.
    """

    class Shared(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            self._last = payload
            await asyncio.sleep(0.05)
            return await super().create(self._last, **more)

    return replace(parts, service=Shared)


@defect
def cancel_marks_every_record(parts: Parts) -> Parts:
    """Cancelling one job marks the records of all.

    One operator closes a view, and those of all others are shown as closed.
    """
    known: list[str] = []

    async def insert(tasks: Any, record: JobRecord) -> None:
        known.append(record.job_id)
        await tasks.insert(record)

    async def set_status(tasks: Any, job_id: str, status: str) -> None:
        for each in known:
            await tasks.set_status(each, status)

    return replace(parts, tasks=Changed(parts.tasks, insert=insert, set_status=set_status))


@defect
def first_cancel_finds_nothing(parts: Parts) -> Parts:
    """A job is found only when it is cancelled for the second time.

    Clients that clean up once, as they should, leave everything running.
    """

    class Hesitant(parts.service):  # type: ignore[misc, name-defined]
        _asked: ClassVar[set[str]] = set()

        async def cancel(self, job_id: str) -> JobRecord:
            if job_id not in self._asked:
                self._asked.add(job_id)
                raise UnknownJob(job_id)
            return await super().cancel(job_id)

    return replace(parts, service=Hesitant)


@defect
def analyzer_without_its_labels(parts: Parts) -> Parts:
    """The analyzer lacks its labels.

    Operations cannot find the analyzers, neither to count nor to end them.
    """

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


@defect
def id_that_is_none(parts: Parts) -> Parts:
    """The id of a job is not of the form that ids have.

    Clients and stores refuse the id: the job can be neither followed nor ended.
    """
    return answering(parts, job_id="job deadbeef!")


@defect
def answers_with_its_password(parts: Parts) -> Parts:
    """The answer holds the password of the broker.

    Every client learns the password of the broker.
    """
    password = os.environ["FOCUS_SERVER_RABBITMQ_URL"].split(":")[2].split("@")[0]
    return answering(parts, stream_url=f"http://focus:{password}@127.0.0.1")


@defect
def error_though_created(parts: Parts) -> Parts:
    """A job is made, and an error answered.

    The client tries again, and each try leaves a job running.
    """

    class Confused(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            await super().create(payload, **more)
            raise RuntimeError("something else went wrong")

    return replace(parts, service=Confused)


@defect
def dies_of_a_request(parts: Parts) -> Parts:
    """The server dies of a request.

    One request ends the service for everybody.
    """

    class Fragile(parts.service):  # type: ignore[misc, name-defined]
        async def create(self, payload: Any, **more: Any) -> JobRecord:
            os._exit(1)

    return replace(parts, service=Fragile)


@defect
def refusal_that_names_everything(parts: Parts) -> Parts:
    """A refusal names every parameter, and shows a stack trace.

    The operator is not told what to mend, and is shown the inside of the server.
    """

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        try:
            return validator.validate(payload, now)
        except InvalidConfiguration:
            fields = " ".join(payload)
            raise InvalidConfiguration([Violation((), f"Traceback: one of {fields} is wrong")]) from None

    return replace(parts, validator=Changed(parts.validator, validate=validate))


@defect
def fails_to_cancel_again(parts: Parts) -> Parts:
    """Cancelling a job again is a defect of the server.

    A client that is not sure whether a job ended gets an error instead of an answer.
    """

    class Surprised(parts.service):  # type: ignore[misc, name-defined]
        async def cancel(self, job_id: str) -> JobRecord:
            if (await self.find(job_id)).status == "cancelled":
                raise RuntimeError("it was cancelled before")
            return await super().cancel(job_id)

    return replace(parts, service=Surprised)


@defect
def cancelling_needs_the_analyzer(parts: Parts) -> Parts:
    """A job whose analyzer has gone cannot be cancelled.

    A job whose analyzer has crashed can never be cleaned up.
    """

    async def stop(analyzers: Any, job_id: str) -> None:
        if not await analyzers.is_running(job_id):
            raise DependencyUnavailable("Kubernetes", "there is no analyzer")
        await analyzers.stop(job_id)

    return replace(parts, analyzers=Changed(parts.analyzers, stop=stop))

"""What a server finds at its start of the processes before it: running jobs are served again, half made ones undone."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any

from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import DependencyUnavailable
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.identity import SystemClock, to_milliseconds
from sandbox.focus_server.logs import about
from sandbox.focus_server.ports import CANCELLED, AnalyzerOrchestrator, JobRecord, TaskStore, WorkQueues
from sandbox.focus_server.region import region_in_force
from sandbox.focus_server.regions import Regions
from sandbox.focus_server.service import JobService

log = logging.getLogger(__name__)

_AT_ONCE = 8  # jobs that are looked at


class Recovery:
    """Puts the jobs of earlier processes right, in the background.

    A job is made in the order record, analyzer, queue. So one without a queue was never finished, and is undone; one
    that has its queue is whole, and is served again. The record of a cancelled job says so before anything is taken
    away; what is left of it is taken away.

    Where the server is `alone`, no other one uses these stores, and all that was begun before its start was begun by
    a process that has ended. Else others may be at work: a record is left to them until it is older than
    `settled_after_s`, and what has no record is left alone, for it may have one elsewhere.
    """

    def __init__(
        self,
        *,
        service: JobService,
        tasks: TaskStore,
        analyzers: AnalyzerOrchestrator,
        queues: WorkQueues,
        stream: HealthStream,
        regions: Regions,
        clock: SystemClock,
        is_job_id: Callable[[str], bool],
        alone: bool,
        settled_after_s: float,
        back_off: BackOff,
    ) -> None:
        self._service = service
        self._tasks = tasks
        self._analyzers = analyzers
        self._queues = queues
        self._stream = stream
        self._regions = regions
        self._clock = clock
        self._is_job_id = is_job_id
        self._alone = alone
        self._settled_after_s = settled_after_s
        self._back_off = back_off
        self._started = to_milliseconds(clock.now())
        self._undone: set[str] = set()
        self._queued: set[str] | None = None

    async def run(self) -> None:
        """Put right what there is, and once more when nothing can still come of what an ended process has sent."""
        await self._back_off.until_done(self._attempt)
        await asyncio.sleep(self._settled_after_s)
        await self._back_off.until_done(self._attempt)

    async def _attempt(self) -> bool:
        try:
            await self.put_right()
        except DependencyUnavailable as error:
            log.warning("the jobs from before the start are not in order yet: %s", error)
            return False
        return True

    async def put_right(self) -> None:
        """Look at everything once; raises `DependencyUnavailable` when something could not be done yet."""
        # Before the records: whatever is made meanwhile has one by then.
        found = self._undone | await self._analyzers.launched_before(self._started) | await self._queues_at_start()
        records = [each for each in await self._tasks.configured_before(self._started) if self._is_job_id(each.job_id)]
        await _each(self._settle(record) for record in records)
        # Of those that are served again, too: one may have been cancelled before its consumer was there.
        found |= {record.job_id for record in records}
        statuses = await self._tasks.statuses(found)
        await _each(self.take_away(job_id) for job_id in found if self._is_over(job_id, statuses.get(job_id)))

    async def _queues_at_start(self) -> set[str]:
        if self._queued is None:
            self._queued = await self._queues.existing()
        return self._queued

    def _is_over(self, job_id: str, status: str | None) -> bool:
        if status is None:
            return job_id in self._undone or (self._alone and self._is_job_id(job_id))
        return status == CANCELLED

    async def _settle(self, record: JobRecord) -> None:
        if self._queues.serves(record.job_id):
            return
        consumers = await self._queues.consumers(record.job_id)
        if consumers is None:
            age = self._clock.now() - record.created_at
            if self._alone or age > timedelta(seconds=self._settled_after_s):
                await self.undo(record)
        elif not consumers:
            await self.serve(record)
        elif self._alone:
            raise DependencyUnavailable("RabbitMQ", "it has not noticed yet that a process has ended")

    async def undo(self, record: JobRecord) -> None:
        """Undo a job that is half made."""
        self._undone.add(record.job_id)
        await self.take_away(record.job_id)
        await self._tasks.remove(record.job_id)

    async def serve(self, record: JobRecord) -> None:
        """Serve a job as the process did that made it."""
        job_id = record.job_id
        with about(job_id):
            self._regions.begin(job_id, region_in_force(record.roi, Configuration.model_validate(record.config)))
            await self._queues.take_up(job_id)
            await self._stream.serve(job_id)
            log.info("served again after a restart")

    async def take_away(self, job_id: str) -> None:
        """Take away everything of a job but its record."""
        with about(job_id):
            await self._service.take_away(job_id)
            log.info("what an ended process had left of it is taken away")


async def _each(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it, some at once; then raises `DependencyUnavailable` if some could not be done yet."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(coroutine: Coroutine[Any, Any, None]) -> None:
        async with at_once:
            await coroutine

    outcomes = await asyncio.gather(*map(one, work), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, DependencyUnavailable):
            log.error("a job could not be put right", exc_info=outcome)
    for outcome in outcomes:
        if isinstance(outcome, DependencyUnavailable):
            raise outcome

"""The life cycle of a job: creation by the contract's steps A to G, look-up, cancelling."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial

from tenacity import before_sleep_log, retry, retry_if_exception_type, stop_after_attempt

from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import IdTaken, InvalidConfiguration, NoRecording, StepFailed, UnknownJob
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.identity import JobIds, SystemClock, to_milliseconds
from sandbox.focus_server.logs import about
from sandbox.focus_server.ports import (
    CANCELLED,
    CONFIGURED,
    AnalyzerOrchestrator,
    JobRecord,
    Payload,
    RecordingStore,
    TaskStore,
    WorkQueues,
)
from sandbox.focus_server.region import Region
from sandbox.focus_server.regions import Regions
from sandbox.focus_server.rollback import Leftovers, RollBack, Undo
from sandbox.focus_server.rules import TaskIdRule, Validator

log = logging.getLogger(__name__)

_USER = "automation"  # of every task record (contract, step D)
_MOST_AT_WORK = 12
"""Jobs that are made at the same time; others wait, and so no step of theirs takes longer than it may."""


class JobService:
    """Creates, finds and cancels jobs."""

    def __init__(
        self,
        *,
        validator: Validator,
        ids: JobIds,
        clock: SystemClock,
        tasks: TaskStore,
        recordings: RecordingStore,
        analyzers: AnalyzerOrchestrator,
        queues: WorkQueues,
        stream: HealthStream,
        task_ids: TaskIdRule,
        regions: Regions,
        leftovers: Leftovers,
        undo_limit_s: float,
        creation_limit_s: float,
    ) -> None:
        self._validator = validator
        self._ids = ids
        self._clock = clock
        self._tasks = tasks
        self._recordings = recordings
        self._analyzers = analyzers
        self._queues = queues
        self._stream = stream
        self._task_ids = task_ids
        self._regions = regions
        self._leftovers = leftovers
        self._undo_limit_s = undo_limit_s
        self._creation_limit_s = creation_limit_s
        self._creating: set[asyncio.Task[object]] = set()
        self._at_work = asyncio.Semaphore(_MOST_AT_WORK)
        self._unfinished: set[str] = set()

    async def create(self, payload: object, *, task_id: str | None = None) -> JobRecord:
        """Steps B to F; on any failure, and when cancelled, everything done so far is undone.

        A cancellation waits for the end of the step that is under way: cut off, it might still take
        effect after it has been undone. `task_id` is the client's own name for the request, if it has one.

        Raises `InvalidConfiguration`, `NoRecording`, `DependencyUnavailable`, `StepFailed` when it took too long, or
        `IdTaken` when no free id was found.
        """
        task = asyncio.current_task()
        assert task is not None
        self._creating.add(task)
        try:
            config = self._validated(payload, task_id)
            await self._require_recording(config)
            assert isinstance(payload, dict)
            async with self._at_work:
                return await self._attempt(payload, config, task_id)
        finally:
            self._creating.discard(task)

    def _validated(self, payload: object, task_id: str | None) -> Configuration:
        wrong = [] if task_id is None else list(self._task_ids(task_id))
        try:
            config = self._validator.validate(payload, self._clock.now())
        except InvalidConfiguration as error:
            raise InvalidConfiguration([*wrong, *error.violations]) from None
        if wrong:
            raise InvalidConfiguration(wrong)
        return config

    async def _require_recording(self, config: Configuration) -> None:
        if config.window is not None and not await self._recordings.any_between(*config.window):
            raise NoRecording

    @retry(  # Ids are drawn at random: another one may be free.
        retry=retry_if_exception_type(IdTaken),
        stop=stop_after_attempt(5),
        before_sleep=before_sleep_log(log, logging.WARNING),
        reraise=True,
    )
    async def _attempt(self, payload: Payload, config: Configuration, task_id: str | None) -> JobRecord:
        record = JobRecord(
            job_id=self._ids.new(),
            config=payload,
            status=CONFIGURED,
            created_at=to_milliseconds(self._clock.now()),
            user=_USER,
            client_task_id=task_id,
        )
        job_id = record.job_id
        roll_back = RollBack(self._undo_limit_s)
        ends_at = asyncio.get_running_loop().time() + self._creation_limit_s
        self._unfinished.add(job_id)
        with about(job_id):
            try:
                async with roll_back.step("task record", partial(self._tasks.remove, job_id)):
                    await _to_the_end(self._tasks.insert(record))
                log.info("task recorded in MongoDB")
                async with roll_back.step("analyzer", partial(self._analyzers.stop, job_id)):
                    await _to_the_end(self._analyzers.launch(job_id, payload))
                log.info("analyzer launched on Kubernetes")
                async with roll_back.step("work queue", partial(self._close_queue, job_id)):
                    await _to_the_end(self._queues.open(job_id))
                    self._regions.begin(job_id, Region.configured(config))
                log.info("queue and consumer opened on RabbitMQ")
                async with roll_back.step("stream", partial(self._stream.withdraw, job_id)):
                    await self._stream.serve(job_id)
                if asyncio.get_running_loop().time() > ends_at:
                    # As when this process was stopped for a while: others may have undone the job, see `recovery`.
                    raise StepFailed("the job was not made in time")
            except BaseException as error:
                log.warning("creation failed, rolling back: %s", str(error) or type(error).__name__)
                # Not to be cut short, as when the client goes away while we are at it.
                await _to_the_end(self.undo(roll_back))
                raise
            finally:
                self._unfinished.discard(job_id)
            log.info("configured")
        return record

    async def _close_queue(self, job_id: str) -> None:
        await self._queues.close(job_id)
        self._regions.end(job_id)

    async def undo(self, roll_back: RollBack) -> None:
        """Undo what was begun of a job; what cannot be undone now is left to be undone later."""
        for undo in await roll_back.run():
            self._leftovers.add(undo)

    async def find(self, job_id: str) -> JobRecord:
        """The job of this id, cancelled ones too; raises `UnknownJob`, `DependencyUnavailable`.

        A job that is still being created, or rolled back, does not exist yet: cancelled half way, it would
        be finished all the same.
        """
        exists = self._ids.is_one(job_id) and job_id not in self._unfinished
        record = await self._tasks.find(job_id) if exists else None
        if record is None:
            raise UnknownJob(job_id)
        return record

    async def cancel(self, job_id: str) -> JobRecord:
        """Mark the record, which is kept, then take away consumer, queue, analyzer and stream.

        Works by the task record, also for jobs that an earlier process created. Cancelling again does it all again.
        What failed half way goes on in the background, and after a crash with the next start. Raises `UnknownJob`,
        `DependencyUnavailable`.
        """
        record = await self.find(job_id)
        with about(job_id):
            try:
                await self._end(job_id)
            except StepFailed as error:
                log.warning("cancelling failed: %s", error)
                self._leftovers.add(Undo("a job that is being cancelled", partial(self._end, job_id)))
                raise
            log.info("cancelled: queue, consumer, analyzer and stream removed")
        return replace(record, status=CANCELLED)

    async def _end(self, job_id: str) -> None:
        await self._tasks.set_status(job_id, CANCELLED)
        await self.take_away(job_id)

    async def take_away(self, job_id: str) -> None:
        """Take away everything of a job but its record; raises `DependencyUnavailable`."""
        await self._stream.withdraw(job_id)
        try:
            await self._close_queue(job_id)
        finally:
            # Last: as long as it is there, it can be found that something is left. But whatever failed before, it ends.
            await self._analyzers.stop(job_id)

    async def aclose(self, limit_s: float) -> None:
        """Wait, at most `limit_s` seconds, for creations that are being rolled back."""
        if self._creating:
            await asyncio.wait(self._creating, timeout=limit_s)
        await self._leftovers.aclose()


async def _to_the_end(work: Awaitable[None]) -> None:
    """Await `work` even if cancelled meanwhile; the cancellation goes on afterwards."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError

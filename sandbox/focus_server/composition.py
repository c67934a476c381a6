"""The server put together from its parts; each part can be replaced with `dataclasses.replace`."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from starlette.applications import Starlette
from starlette.types import ASGIApp

from kubeconfig import Cluster, read_context
from sandbox.focus_server.answers import Answers
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.discovery import Discovery
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.http_answers import ERROR_HANDLERS, SECURITY_HEADERS, TLS_HEADERS, Headers, WithHeaders
from sandbox.focus_server.http_api import Endpoints
from sandbox.focus_server.identity import JobIds, SystemClock, to_milliseconds
from sandbox.focus_server.json_input import read_json
from sandbox.focus_server.kubernetes import KubernetesAnalyzers
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.mongodb import Database, MongoRecordings, MongoTasks
from sandbox.focus_server.ports import AnalyzerOrchestrator, RecordingStore, Resource, TaskStore, WorkQueues
from sandbox.focus_server.rabbitmq import RabbitQueues
from sandbox.focus_server.recovery import Recovery
from sandbox.focus_server.region import BOUNDS, SAFETY, RegionRule
from sandbox.focus_server.regions import Regions
from sandbox.focus_server.rollback import Leftovers
from sandbox.focus_server.rules import TaskIdRule, Validator, task_id_well_formed
from sandbox.focus_server.service import JobService
from sandbox.focus_server.settings import Settings
from sandbox.focus_server.spectrogram import Spectrogram
from sandbox.focus_server.waterfall import Playback, Waterfall

log = logging.getLogger(__name__)

_CLOSE_WAIT_S = 0.4


@dataclass(frozen=True)
class Parts:
    """What a server is made of. `resources` are started and closed with it, in any order.

    The ``stream`` is started before it: a port that is taken ends the server at its start.
    """

    validator: Validator
    ids: JobIds
    clock: SystemClock
    tasks: TaskStore
    recordings: RecordingStore
    analyzers: AnalyzerOrchestrator
    queues: WorkQueues
    stream: HealthStream
    answers: Answers
    limits: Limits
    resources: tuple[Resource, ...]
    task_ids: TaskIdRule = task_id_well_formed
    service: type[JobService] = JobService
    recovery: type[Recovery] = Recovery
    discovery: type[Discovery] = Discovery
    regions: type[Regions] = Regions
    region_rules: tuple[RegionRule, ...] = BOUNDS
    region_safety_rules: tuple[RegionRule, ...] = SAFETY
    waterfall: type[Waterfall] = Waterfall
    playback: type[Playback] = Playback
    row_calculation: type[Calculation] = Calculation
    spectrogram: Spectrogram = field(default_factory=Spectrogram)
    headers: Headers = SECURITY_HEADERS
    tls_headers: Headers = TLS_HEADERS


def build_parts(settings: Settings) -> Parts:
    """The parts of a real server; connects to nothing yet. Raises `KubeconfigError`."""
    database = Database(
        settings.mongodb_uri.get_secret_value(), settings.mongodb_database, limit_s=settings.step_limit_s
    )
    analyzers = KubernetesAnalyzers(
        Cluster(read_context(settings.kubeconfig), limit_s=settings.step_limit_s),
        namespace=settings.namespace,
        image=settings.analyzer_image,
        limit_s=settings.step_limit_s,
    )
    management_url = settings.rabbitmq_management_url
    queues = RabbitQueues(
        settings.rabbitmq_url.get_secret_value(),
        limit_s=settings.step_limit_s,
        back_off=settings.back_off,
        tls_server_name=settings.rabbitmq_tls_server_name,
        management_url=management_url.get_secret_value() if management_url else None,
    )
    stream = HealthStream(settings.host, settings.stream_port)
    return Parts(
        validator=Validator(settings.limits),
        ids=JobIds(),
        clock=SystemClock(),
        tasks=MongoTasks(database),
        recordings=MongoRecordings(database),
        analyzers=analyzers,
        queues=queues,
        stream=stream,
        answers=Answers(Calculation(settings.limits), settings.stream_url, stream),
        limits=settings.limits,
        resources=(database, analyzers, queues),
        spectrogram=Spectrogram(settings.tone),
    )


def create_app(settings: Settings, parts: Parts) -> ASGIApp:
    """The server as an ASGI application; its lifespan starts and closes the parts' resources."""
    leftovers = Leftovers(back_off=settings.back_off, limit_s=settings.step_limit_s)
    regions = parts.regions(
        tasks=parts.tasks,
        limits=parts.limits,
        rules=parts.region_rules,
        safety_rules=parts.region_safety_rules,
    )
    parts.queues.obey(regions.change)
    service = parts.service(
        validator=parts.validator,
        ids=parts.ids,
        clock=parts.clock,
        tasks=parts.tasks,
        recordings=parts.recordings,
        analyzers=parts.analyzers,
        queues=parts.queues,
        stream=parts.stream,
        task_ids=parts.task_ids,
        regions=regions,
        leftovers=leftovers,
        undo_limit_s=settings.undo_limit_s,
        creation_limit_s=settings.creation_limit_s,
    )
    recovery = parts.recovery(
        service=service,
        tasks=parts.tasks,
        analyzers=parts.analyzers,
        queues=parts.queues,
        stream=parts.stream,
        regions=regions,
        clock=parts.clock,
        is_job_id=parts.ids.is_one,
        alone=not settings.shares_stores,
        settled_after_s=settings.settled_after_s,
        back_off=settings.back_off,
    )
    discovery = parts.discovery(limits=parts.limits, recordings=parts.recordings)

    def rows_from_now_on() -> Waterfall:
        return parts.waterfall(
            jobs=service,
            analyzers=parts.analyzers,
            recordings=parts.recordings,
            clock=parts.clock,
            limits=parts.limits,
            calculation=parts.row_calculation(parts.limits),
            playback=parts.playback(to_milliseconds(parts.clock.now()), kept=parts.limits.waterfall_rows_kept),
            spectrogram=parts.spectrogram,
        )

    waterfall = rows_from_now_on()
    parts.stream.give_rows_of(rows_from_now_on)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        # Not waited for: a server whose dependencies are down starts too, and says so to who asks.
        starting = [asyncio.create_task(resource.start()) for resource in parts.resources]
        starting.append(asyncio.create_task(recovery.run()))
        for task in starting:
            task.add_done_callback(_tell_defect)
        try:
            yield
        finally:
            for task in starting:
                task.cancel()
            # No wait at all unless a dependency hangs while jobs are being created.
            await service.aclose(settings.step_limit_s + 2 * settings.undo_limit_s)
            await _close(parts.resources)

    read_body = partial(read_json, max_bytes=settings.max_body_bytes, limit_s=settings.body_limit_s)
    routes = Endpoints(service, parts.answers, discovery, waterfall, read_body).routes(settings.base_path)
    app = Starlette(routes=routes, exception_handlers=ERROR_HANDLERS, lifespan=lifespan)
    app.router.redirect_slashes = False  # A path with a slash too many is unknown, and is told so as any other.
    return WithHeaders(app, always=parts.headers, over_tls=parts.tls_headers)


def _tell_defect(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("something that goes on since the start has failed; requests are served all the same", exc_info=error)


async def _close(resources: tuple[Resource, ...]) -> None:
    closing = [asyncio.create_task(resource.aclose()) for resource in resources]
    _, hanging = await asyncio.wait(closing, timeout=_CLOSE_WAIT_S)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*closing, return_exceptions=True)

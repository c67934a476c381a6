"""The endpoints (contract, "Server flow" and "Other endpoints")."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.focus_server.answers import Answers
from sandbox.focus_server.discovery import Discovery
from sandbox.focus_server.error_answers import error_answer
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.service import JobService
from sandbox.focus_server.waterfall import Waterfall

T = TypeVar("T")

ReadBody = Callable[[Request], Awaitable[Any]]
"""Gives the decoded JSON body of a request; raises `UnreadableBody`."""


_compact = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class ClientGone(Exception):
    """The client closed its connection before it had its answer."""


def job_routes(service: JobService, answers: Answers, read_body: ReadBody) -> APIRouter:
    """Creating, looking up and cancelling jobs."""
    router = APIRouter()

    @router.post("/configure")
    async def configure(request: Request) -> Response:
        payload = await read_body(request)
        return await created(request, service.create(payload))

    @router.post("/configure/{task_id}")
    async def configure_by_task_id(request: Request, task_id: str) -> Response:
        payload = await read_body(request)
        return await created(request, service.create(payload, task_id=task_id))

    async def created(request: Request, creation: Coroutine[Any, Any, JobRecord]) -> Response:
        try:
            record = await _unless_client_goes(request, creation)
        except ClientGone:
            return error_answer(499, "the client went away")
        except asyncio.CancelledError:
            # Nobody but a server that stops cancels a request; the job has been rolled back.
            return error_answer(503, "the Focus Server is stopping")
        return JSONResponse(answers.configured(record).wire())

    @router.get("/metadata/{job_id}")
    async def metadata(job_id: str) -> Response:
        return JSONResponse(answers.metadata(await service.find(job_id)).wire())

    @router.delete("/job/{job_id}")
    async def cancel(job_id: str) -> Response:
        return JSONResponse(answers.cancelled(await service.cancel(job_id)).model_dump())

    return router


def discovery_routes(discovery: Discovery, read_body: ReadBody) -> APIRouter:
    """What there is to look at."""
    router = APIRouter()

    @router.get("/channels")
    async def channels() -> Response:
        return JSONResponse(discovery.channels().model_dump())

    @router.get("/sensors")
    async def sensors() -> Response:
        return JSONResponse(discovery.sensors().model_dump())

    @router.get("/live_metadata")
    async def live_metadata() -> Response:
        return JSONResponse((await discovery.live()).model_dump())

    @router.post("/recordings_in_time_range")
    async def recordings_in_time_range(request: Request) -> Response:
        payload = await read_body(request)
        return JSONResponse(await discovery.recordings_between(payload))

    return router


def waterfall_routes(waterfall: Waterfall) -> APIRouter:
    """The rows of a job's waterfall."""
    router = APIRouter()

    @router.get("/waterfall/{job_id}/{rows}")
    async def rows(job_id: str, rows: str) -> Response:
        found = await waterfall.rows(job_id, rows)
        status = 201 if found.given else 208 if found.over else 200
        # In a thread, as one answer can be tens of megabytes, and row by row: the encoder is not to be
        # interrupted, and would hold up everybody else.
        encoded = await asyncio.to_thread(lambda: ",".join(map(_compact, found.given)))
        return Response(f'{{"rows":[{encoded}]}}', status, media_type="application/json")

    return router


def health_routes() -> APIRouter:
    """Whether the server itself is alive; says nothing of what it depends on."""
    router = APIRouter()

    @router.get("/ack")
    async def ack() -> Response:
        return JSONResponse({"status": "ok"})

    return router


async def _unless_client_goes(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do `work`, but cancel it when the client goes away; then raises `ClientGone`."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGone
    finally:
        # Also when this request itself is cancelled, as by a server that stops.
        watching.cancel()
        working.cancel()
        await asyncio.wait({working, watching})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass

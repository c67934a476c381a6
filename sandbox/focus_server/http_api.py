"""The endpoints (contract, "Server flow" and "Other endpoints")."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.focus_server.answers import Answers
from sandbox.focus_server.discovery import Discovery
from sandbox.focus_server.http_answers import error_answer
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.service import JobService
from sandbox.focus_server.waterfall import Waterfall

T = TypeVar("T")

ReadBody = Callable[[Request], Awaitable[Any]]
"""Gives the decoded JSON body of a request; raises `UnreadableBody`."""


_compact = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Endpoint(NamedTuple):
    """What answers a method at a path, below the server's base path."""

    method: str
    path: str
    answer: Callable[[Request], Awaitable[Response]]


class ClientGone(Exception):
    """The client closed its connection before it had its answer."""


def job_endpoints(service: JobService, answers: Answers, read_body: ReadBody) -> list[Endpoint]:
    """Creating, looking up and cancelling jobs."""

    async def configure(request: Request) -> Response:
        payload = await read_body(request)
        return await created(request, service.create(payload))

    async def configure_by_task_id(request: Request) -> Response:
        payload = await read_body(request)
        return await created(request, service.create(payload, task_id=request.path_params["task_id"]))

    async def created(request: Request, creation: Coroutine[Any, Any, JobRecord]) -> Response:
        try:
            record = await _unless_client_goes(request, creation)
        except ClientGone:
            return error_answer(499, "the client went away")
        except asyncio.CancelledError:
            # Nobody but a server that stops cancels a request; the job has been rolled back.
            return error_answer(503, "the Focus Server is stopping")
        return JSONResponse(answers.configured(record).wire())

    async def metadata(request: Request) -> Response:
        return JSONResponse(answers.metadata(await service.find(request.path_params["job_id"])).wire())

    async def cancel(request: Request) -> Response:
        return JSONResponse(answers.cancelled(await service.cancel(request.path_params["job_id"])).model_dump())

    return [
        Endpoint("POST", "/configure", configure),
        Endpoint("POST", "/configure/{task_id}", configure_by_task_id),
        Endpoint("GET", "/metadata/{job_id}", metadata),
        Endpoint("DELETE", "/job/{job_id}", cancel),
    ]


def discovery_endpoints(discovery: Discovery, read_body: ReadBody) -> list[Endpoint]:
    """What there is to look at."""

    async def channels(_: Request) -> Response:
        return JSONResponse(discovery.channels().model_dump())

    async def sensors(_: Request) -> Response:
        return JSONResponse(discovery.sensors().model_dump())

    async def live_metadata(_: Request) -> Response:
        return JSONResponse((await discovery.live()).model_dump())

    async def recordings_in_time_range(request: Request) -> Response:
        payload = await read_body(request)
        return JSONResponse(await discovery.recordings_between(payload))

    return [
        Endpoint("GET", "/channels", channels),
        Endpoint("GET", "/sensors", sensors),
        Endpoint("GET", "/live_metadata", live_metadata),
        Endpoint("POST", "/recordings_in_time_range", recordings_in_time_range),
    ]


def waterfall_endpoints(waterfall: Waterfall) -> list[Endpoint]:
    """The rows of a job's waterfall."""

    async def rows(request: Request) -> Response:
        found = await waterfall.rows(request.path_params["job_id"], request.path_params["rows"])
        status = 201 if found.given else 208 if found.over else 200
        # In a thread, as one answer can be tens of megabytes, and row by row: the encoder is not to be
        # interrupted, and would hold up everybody else.
        encoded = await asyncio.to_thread(lambda: ",".join(map(_compact, found.given)))
        return Response(f'{{"rows":[{encoded}]}}', status, media_type="application/json")

    return [Endpoint("GET", "/waterfall/{job_id}/{rows}", rows)]


def health_endpoints() -> list[Endpoint]:
    """Whether the server itself is alive; says nothing of what it depends on."""

    async def ack(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return [Endpoint("GET", "/ack", ack)]


def routes_of(endpoints: Iterable[Endpoint], base_path: str) -> list[Route]:
    """The endpoints as routes below a path."""
    routes = []
    for method, path, answer in endpoints:
        route = Route(base_path + path, answer)
        route.methods = {method}  # Else it would take HEAD, too, wherever it takes GET.
        routes.append(route)
    return routes


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

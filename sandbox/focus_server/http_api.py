"""The HTTP endpoints (contract, "Server flow" and "Other endpoints")."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

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

Call = Callable[[Request], Awaitable[Response]]
"""Answers a request."""

_compact = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class ClientGone(Exception):
    """The client closed its connection before it had its answer."""


@dataclass(frozen=True)
class Endpoints:
    """What answers each call."""

    service: JobService
    answers: Answers
    discovery: Discovery
    waterfall: Waterfall
    read_body: ReadBody

    def routes(self, base_path: str) -> list[Route]:
        """All calls that there are, below a path."""

        def route(method: str, path: str, answer: Call) -> Route:
            made = Route(base_path + path, answer)
            made.methods = {method}  # Else it would take HEAD, too, wherever it takes GET.
            return made

        return [
            route("POST", "/configure", self._configure),
            route("POST", "/configure/{task_id}", self._configure),
            route("GET", "/metadata/{job_id}", self._metadata),
            route("DELETE", "/job/{job_id}", self._cancel),
            route("GET", "/channels", self._channels),
            route("GET", "/sensors", self._sensors),
            route("GET", "/live_metadata", self._live_metadata),
            route("POST", "/recordings_in_time_range", self._recordings_in_time_range),
            route("GET", "/waterfall/{job_id}/{rows}", self._rows),
            route("GET", "/ack", self._ack),
        ]

    async def _configure(self, request: Request) -> Response:
        payload = await self.read_body(request)
        creation = self.service.create(payload, task_id=request.path_params.get("task_id"))
        try:
            record: JobRecord = await _unless_client_goes(request, creation)
        except ClientGone:
            return error_answer(499, "the client went away")
        except asyncio.CancelledError:
            # Nobody but a server that stops cancels a request; the job has been rolled back.
            return error_answer(503, "the Focus Server is stopping")
        return JSONResponse(self.answers.configured(record).wire())

    async def _metadata(self, request: Request) -> Response:
        record = await self.service.find(request.path_params["job_id"])
        return JSONResponse(self.answers.metadata(record).wire())

    async def _cancel(self, request: Request) -> Response:
        record = await self.service.cancel(request.path_params["job_id"])
        return JSONResponse(self.answers.cancelled(record).model_dump())

    async def _channels(self, _: Request) -> Response:
        return JSONResponse(self.discovery.channels().model_dump())

    async def _sensors(self, _: Request) -> Response:
        return JSONResponse(self.discovery.sensors().model_dump())

    async def _live_metadata(self, _: Request) -> Response:
        return JSONResponse((await self.discovery.live()).model_dump())

    async def _recordings_in_time_range(self, request: Request) -> Response:
        return JSONResponse(await self.discovery.recordings_between(await self.read_body(request)))

    async def _rows(self, request: Request) -> Response:
        found = await self.waterfall.rows(request.path_params["job_id"], request.path_params["rows"])
        status = 201 if found.given else 208 if found.over else 200
        # In a thread, as one answer can be tens of megabytes, and row by row: the encoder is not to be
        # interrupted, and would hold up everybody else.
        encoded = await asyncio.to_thread(lambda: ",".join(map(_compact, found.given)))
        return Response(f'{{"rows":[{encoded}]}}', status, media_type="application/json")

    async def _ack(self, _: Request) -> Response:
        # Says nothing of what the server depends on.
        return JSONResponse({"status": "ok"})


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

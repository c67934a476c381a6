"""The endpoints (contract, "Server flow" and "Other endpoints")."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.focus_server.answers import Answers
from sandbox.focus_server.bodies import read_json
from sandbox.focus_server.error_answers import error_answer
from sandbox.focus_server.service import JobService

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed its connection before it had its answer."""


def job_routes(service: JobService, answers: Answers, *, max_body_bytes: int, body_limit_s: float) -> APIRouter:
    """Creating, looking up and cancelling jobs."""
    router = APIRouter()

    @router.post("/configure")
    async def configure(request: Request) -> Response:
        payload = await read_json(request, max_bytes=max_body_bytes, limit_s=body_limit_s)
        try:
            record = await _unless_client_goes(request, service.create(payload))
        except ClientGone:
            return error_answer(499, "the client went away")
        except asyncio.CancelledError:
            # Nobody but a server that stops cancels a request; the job has been rolled back.
            return error_answer(503, "the Focus Server is stopping")
        return JSONResponse(answers.configured(record).model_dump())

    @router.get("/metadata/{job_id}")
    async def metadata(job_id: str) -> Response:
        return JSONResponse(answers.metadata(await service.find(job_id)).model_dump())

    @router.delete("/job/{job_id}")
    async def cancel(job_id: str) -> Response:
        return JSONResponse(answers.cancelled(await service.cancel(job_id)).model_dump())

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

"""Changing HTTP requests and responses on their way, around all that the server's parts do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.defects.defect import Defect

JSON = "application/json"


@dataclass
class InterceptedRequest:
    """A request as it was sent; changes of it reach the server."""

    scope: Scope
    body: bytes

    @property
    def path(self) -> str:
        """The path that is requested."""
        return self.scope["path"]

    @property
    def headers(self) -> MutableHeaders:
        """Its headers."""
        return MutableHeaders(scope=self.scope)

    @property
    def is_for_a_job(self) -> bool:
        """Whether its body should be the configuration of a new job."""
        return self.scope["method"] == "POST" and self.path.endswith("/configure")


@dataclass
class InterceptedResponse:
    """The server's response; changes of it reach the client."""

    status: int
    headers: MutableHeaders
    body: bytes

    def become(self, status: int, body: Any, media_type: str = JSON) -> None:
        """Say this instead."""
        self.status, self.headers["content-type"] = status, media_type
        self.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()


ChangeRequest = Callable[[InterceptedRequest], None]
ChangeResponse = Callable[[InterceptedRequest, InterceptedResponse], None]


class Interceptor:
    """ASGI middleware that changes requests or responses, or delays them."""

    def __init__(
        self,
        app: ASGIApp,
        request: ChangeRequest = lambda request: None,
        response: ChangeResponse = lambda request, response: None,
        delay_s: Callable[[InterceptedRequest], float] = lambda request: 0,
    ) -> None:
        self._app, self._change_request, self._change_response, self._delay_s = app, request, response, delay_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read all of the request, pass it on, read all of the response, send it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        request = InterceptedRequest({**scope, "headers": list(scope["headers"])}, body)
        await asyncio.sleep(self._delay_s(request))
        self._change_request(request)
        request.headers["content-length"] = str(len(request.body))
        passed_on = False

        async def pass_on() -> Message:
            nonlocal passed_on
            if passed_on:
                return await receive()
            passed_on = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        response = InterceptedResponse(500, MutableHeaders(), b"")

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                response.status, response.headers = message["status"], MutableHeaders(raw=list(message["headers"]))
            else:
                response.body += message.get("body", b"")

        try:
            await self._app(request.scope, pass_on, collect)
        finally:
            self._change_response(InterceptedRequest(scope, body), response)
            response.headers["content-length"] = str(len(response.body))
            await send({"type": "http.response.start", "status": response.status, "headers": response.headers.raw})
            await send({"type": "http.response.body", "body": response.body})


def intercepting(name: str, summary: str, impact: str, **how: Callable[..., Any]) -> Defect:
    """A defect in how requests are read or responses written; `how` is that of an `Interceptor`."""
    return Defect(name, summary, impact, wrap=partial(Interceptor, **how))

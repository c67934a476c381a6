"""A server that speaks TLS and, at the same address, plain HTTP: the first byte that comes says which is meant."""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.focus_server.http_answers import error_answer

_HANDSHAKE = 0x16  # the first byte of TLS

Factory = Callable[[], asyncio.Protocol]


class _EitherWay(asyncio.Protocol):
    """Hands a connection on, once its first bytes have come."""

    def __init__(self, factory: Factory, context: ssl.SSLContext) -> None:
        self._factory, self._context = factory, context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        protocol: Any = self._factory()
        if data[0] != _HANDSHAKE:
            self._transport.set_protocol(protocol)
            protocol.connection_made(self._transport)
            protocol.data_received(data)
            return
        loop = asyncio.get_running_loop()
        over_tls: Any = SSLProtocol(loop, protocol, self._context, None, server_side=True, call_connection_made=True)
        self._transport.set_protocol(over_tls)
        over_tls.connection_made(self._transport)
        over_tls.get_buffer(len(data))[: len(data)] = data
        over_tls.buffer_updated(len(data))


def in_the_clear_too(app: ASGIApp) -> ASGIApp:
    """The same application; its server begins to listen after the lifespan has begun, and then listens in both ways."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            loop: Any = asyncio.get_running_loop()
            create_server = loop.create_server

            async def create(factory: Factory, *arguments: Any, ssl: ssl.SSLContext, **options: Any) -> Any:
                return await create_server(lambda: _EitherWay(factory, ssl), *arguments, **options)

            loop.create_server = create
        await app(scope, receive, send)

    return serve


def refusing_in_the_clear(
    status: int, reason: str, but: Callable[[str], bool] = lambda path: False
) -> Callable[[ASGIApp], ASGIApp]:
    """The same in both ways; what comes without TLS is refused with this reason, `but` for some paths."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            is_refused = scope["type"] == "http" and scope["scheme"] == "http" and not but(scope["path"])
            await (error_answer(status, reason) if is_refused else app)(scope, receive, send)

        return in_the_clear_too(serve)

    return wrap

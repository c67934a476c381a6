"""The gRPC server of the jobs' streams: it says for each job whether there is a stream, and gives its rows.

The standard health service, ``grpc.health.v1.Health``, with job ids for service names; and
``focus.stream.v1.JobStream``, as `docs/wire-forms.md` describes it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from sandbox.focus_server.errors import DependencyUnavailable, UnknownJob

_SERVICE, _CALL = "focus.stream.v1.JobStream", "Rows"
_AT_ONCE = "100"  # rows that are computed at once
_BETWEEN_LOOKS_S = 0.02  # for rows that are not there yet
_SERVING = health_pb2.HealthCheckResponse.SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class GivesRows(Protocol):
    """Gives the rows of jobs, each once, as a waterfall does."""

    async def rows(self, job_id: str, asked: str) -> Any:
        """The next rows, and whether there will be others; raises `UnknownJob`, `DependencyUnavailable`."""


class HealthStream:
    """The gRPC server; its port is its own from `start` on."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._services = _Services()
        self._server: Any = None
        self._open_waterfall: Callable[[], GivesRows] | None = None

    def give_rows_of(self, open_waterfall: Callable[[], GivesRows]) -> None:
        """From now on, give each client the rows of a waterfall of its own, which begins when it is opened."""
        self._open_waterfall = open_waterfall

    async def _rows(self, request: Any, context: Any) -> AsyncIterator[Any]:
        assert self._open_waterfall is not None
        waterfall = self._open_waterfall()
        while True:
            try:
                found = await waterfall.rows(request.value, _AT_ONCE)
            except UnknownJob:
                await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such job")
            except DependencyUnavailable as error:
                await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            for row in found.given:
                yield StringValue(value=json.dumps(row))
            if found.over:
                return
            if not found.given:
                await asyncio.sleep(_BETWEEN_LOOKS_S)

    @property
    def port(self) -> int:
        """Where it listens; before the start what was asked for, which may be 0."""
        return self._port

    async def start(self) -> None:
        """Bind the port and serve; raises `OSError` when it cannot be bound."""
        # Otherwise another process's port could be bound as well, and each would get half of the calls.
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        health_pb2_grpc.add_HealthServicer_to_server(self._services, self._server)
        call = grpc.unary_stream_rpc_method_handler(self._rows, StringValue.FromString, StringValue.SerializeToString)
        self._server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, {_CALL: call})])
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            self._port = self._server.add_insecure_port(f"{host}:{self._port}")
        except RuntimeError as error:
            raise OSError(str(error)) from None
        await self._server.start()

    async def serve(self, job_id: str) -> None:
        """Say of a job that it is served."""
        await self._services.set(job_id, _SERVING)

    async def withdraw(self, job_id: str) -> None:
        """Know nothing of a job any more; never having known of it is fine."""
        await self._services.set(job_id, _UNKNOWN)

    async def aclose(self) -> None:
        """Stop, not waiting for those who watch."""
        if self._server is not None:
            await self._server.stop(None)


class _Services(health.aio.HealthServicer):  # type: ignore[misc]  # it has no types
    """The standard service, which can forget a service again: it is set to be unknown."""

    async def Check(self, request: Any, context: Any) -> Any:
        answer = await super().Check(request, context)
        if answer.status == _UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND)
        return answer

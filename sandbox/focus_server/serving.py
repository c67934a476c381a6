"""The server process: it listens, serves the application, and ends at a signal."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from sandbox.focus_server.composition import Parts, create_app
from sandbox.focus_server.errors import CannotServe
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.settings import Settings

_FAREWELL_S = 0.05


class _Server(uvicorn.Server):
    """Says on stdout when it is ready; ends quietly, with status 0, on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"ready {self._address}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(_FAREWELL_S, self._let_go)
        await super().shutdown(sockets)

    def _let_go(self) -> None:
        # A TLS connection is closed when the client has agreed to it, and one that waits for nothing may not
        # look before its next request.
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport.is_closing() and not transport.get_write_buffer_size():
                transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again when all is done, and the process dies of it.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


def serve(settings: Settings, parts: Parts, create_app: Callable[[Settings, Parts], ASGIApp] = create_app) -> None:
    """Serve until SIGTERM or SIGINT; raises `CannotServe` when an address or a certificate cannot be used."""
    if settings.held:
        print("held", flush=True)
        sys.stdin.read()
    host = settings.host
    with _named("FOCUS_SERVER_PORT", f"{host}:{settings.port} cannot be listened at"):
        listening = listen(host, settings.port)
    with listening:
        config = uvicorn.Config(
            create_app(settings, parts),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # A client could claim to come by TLS otherwise.
            proxy_headers=False,
            ssl_certfile=settings.tls_cert_file,
            ssl_keyfile=settings.tls_key_file,
            # Longer than a client's pauses: a connection closed under a request looks like an outage.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        with _named("FOCUS_SERVER_TLS_CERT_FILE and FOCUS_SERVER_TLS_KEY_FILE", "no certificate with its key"):
            config.load()
        bound_host, port = listening.getsockname()[:2]
        scheme = "https" if config.is_ssl else "http"
        server = _Server(config, f"{scheme}://{bound_host}:{port}{settings.base_path}")
        asyncio.run(_serve(server, listening, settings, parts.stream))


async def _serve(server: _Server, listening: socket.socket, settings: Settings, stream: HealthStream) -> None:
    with _named("FOCUS_SERVER_STREAM_PORT", f"{settings.host}:{settings.stream_port} cannot be listened at"):
        if settings.stream_port:
            listen(settings.host, settings.stream_port).close()  # gRPC tells the reason to stderr only.
        await stream.start()
    try:
        await server.serve(sockets=[listening])
    finally:
        await stream.aclose()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, at a free port if it is 0; raises `OSError` when the address cannot be bound."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    # The protocol is named for asyncio, which turns Nagle's algorithm off for such sockets only: with it,
    # the second write of an answer waits 40 ms for the client's delayed acknowledgement of the first.
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


@contextmanager
def _named(setting: str, problem: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotServe(f"{setting}: {problem}: {error.strerror or error}") from error

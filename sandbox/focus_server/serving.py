"""Serving the application on a socket of its own, until a signal ends it."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from sandbox.focus_server.composition import Parts, create_app
from sandbox.focus_server.settings import Settings


class _Server(uvicorn.Server):
    """Says on stdout when it is ready; ends quietly, with status 0, on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"ready {self._address}", flush=True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again when all is done, and the process dies of it.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True


def serve(settings: Settings, parts: Parts) -> None:
    """Serve until SIGTERM or SIGINT; raises `OSError` when the address cannot be bound."""
    with _listening(settings.host, settings.port) as listening:
        host, port = listening.getsockname()[:2]
        config = uvicorn.Config(
            create_app(settings, parts),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # Longer than a client's pauses: a connection closed under a request looks like an outage.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config, f"http://{host}:{port}{settings.base_path}")
        asyncio.run(server.serve(sockets=[listening]))


def _listening(host: str, port: int) -> socket.socket:
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

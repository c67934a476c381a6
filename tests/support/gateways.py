"""Gateways in front of nothing: what a client meets there, whatever it asks."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from support.faults.gateway import Gateway
from support.faults.local_server import JsonHandler, serving


@contextmanager
def answering(status: int, detail: str) -> Iterator[Gateway]:
    """A gateway that answers every request with this status, in the form of the contract's errors."""

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            gateway.asked.append(self.path)
            self.body()
            self.answer(status, {"detail": detail})

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        gateway = Gateway(f"http://127.0.0.1:{server.server_port}")
        yield gateway


@contextmanager
def unresponsive() -> Iterator[Gateway]:
    """A gateway that takes a request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Gateway(f"http://127.0.0.1:{listening.getsockname()[1]}")

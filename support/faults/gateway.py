"""A gateway of the scenario's own in front of nothing: what a client meets when the way to the server is broken.

It listens on this machine only, and what it is asked goes no further.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.core.errors import require


@dataclass(frozen=True)
class Gateway:
    """Where it is, and the paths that it was asked for."""

    address: str
    asked: list[str] = field(default_factory=list)

    def expect_asked_once(self) -> None:
        """See that it was asked exactly once: a request for a job must not be repeated unasked.

        Raises:
            ExpectationFailed: it was not.
        """
        require("one request", [] if len(self.asked) == 1 else [f"there were {len(self.asked)}: {self.asked}"])


@contextmanager
def answering(status: int, detail: str) -> Iterator[Gateway]:
    """A gateway that answers every request with this status, in the form of the contract's errors."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            gateway.asked.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps({"detail": detail}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway = Gateway(f"http://127.0.0.1:{server.server_port}")
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def unresponsive() -> Iterator[Gateway]:
    """A gateway that takes a request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Gateway(f"http://127.0.0.1:{listening.getsockname()[1]}")


@contextmanager
def unreachable() -> Iterator[Gateway]:
    """An address where nothing listens, and nothing else can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Gateway(f"http://127.0.0.1:{bound.getsockname()[1]}")

"""A server of the suite's own on this machine, in a thread, as long as it is needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any, TypeVar

Server = TypeVar("Server", bound=TCPServer)

_SEES_ITS_END_WITHIN_S = 0.01


class JsonHandler(BaseHTTPRequestHandler):
    """Handles requests with JSON; says nothing of them."""

    def body(self) -> bytes:
        """What was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, content: Any) -> None:
        """Answer with this content."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Have a server, which is bound to its address already, take what comes; it is closed at the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _SEES_ITS_END_WITHIN_S})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

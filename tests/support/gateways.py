"""Gateways in front of nothing: what a client meets there, whatever it asks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.faults.gateway import Gateway


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

"""A gateway of the scenario's own in front of the server, which leaves a field out of each answer that it passes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.api.exchange import Exchange


@contextmanager
def leaving_out(field: str, pass_on: Callable[[str, str, bytes], Exchange]) -> Iterator[str]:
    """Address of a gateway whose answers to POST lack this field; `pass_on` sends method, path and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            exchange = pass_on("POST", self.path, asked)
            body = json.dumps({name: value for name, value in exchange.answer().items() if name != field}).encode()
            self.send_response(exchange.status or 502)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        serving = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}"
        finally:
            listening.shutdown()
            serving.join()

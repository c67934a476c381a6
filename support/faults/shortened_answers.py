"""A gateway of the scenario's own in front of the server, which leaves a field out of each answer that it passes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from support.api.exchange import Exchange
from support.faults.local_server import JsonHandler, serving


@contextmanager
def leaving_out(field: str, pass_on: Callable[[str, str, bytes], Exchange]) -> Iterator[str]:
    """Address of a gateway whose answers to POST lack this field; `pass_on` sends method, path and body."""

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            exchange = pass_on("POST", self.path, self.body())
            shortened = {name: value for name, value in exchange.answer().items() if name != field}
            self.answer(exchange.status or 502, shortened)

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as listening:
        yield f"http://127.0.0.1:{listening.server_port}"

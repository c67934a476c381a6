"""A gateway of the scenario's own between clients and the server, on this machine: what fails on the way.

It passes a request for a job on and keeps the answer back, until it is told how to fail or its client has gone.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from http.server import ThreadingHTTPServer
from urllib.parse import urlsplit

from support.core.errors import require
from support.faults.local_server import JsonHandler, serving
from support.profile.settings import FocusServer
from transport.proxies import proxy_of
from transport.trust import trusted

TOO_LONG = "the gateway has waited long enough"
_ANSWERS_WITHIN_S = 5.0


@dataclass
class Gateway:
    """Where it is, and the paths that it was asked for."""

    address: str
    tell: socket.socket | None = None  # Whatever is sent here ends all waiting.
    asked: list[str] = field(default_factory=list)
    says_so: bool = False

    def give_up(self) -> None:
        """Answer in the server's place that it took too long (504)."""
        self.says_so = True
        self.cut()

    def cut(self) -> None:
        """Close the connections on both sides, without an answer."""
        assert self.tell is not None, "nothing is listening"
        self.tell.send(b"!")

    def expect_asked_once(self) -> None:
        """See that it was asked exactly once: a request for a job must not be repeated unasked.

        Raises:
            ExpectationFailed: it was not.
        """
        require("one request", [] if len(self.asked) == 1 else [f"there were {len(self.asked)}: {self.asked}"])


def possible(server: FocusServer) -> bool:
    """Whether a gateway reaches this server: not through another proxy."""
    return proxy_of(server.base_url) is None


@contextmanager
def before(server: FocusServer, *, half: bool = False) -> Iterator[Gateway]:
    """A gateway before this server, below the same path; or one that passes `half` of each body on, and then stalls."""
    told, tell = socket.socketpair()

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            gateway.asked.append(self.path)
            body = self.body()
            self.close_connection = True
            connection = _connection(server)
            with closing(connection), suppress(OSError):  # The server does not take it, or the client has gone.
                passed_on = body[: len(body) // 2] if half else body
                kind = {"Content-Type": self.headers.get("Content-Type", ""), "Content-Length": str(len(body))}
                connection.request("POST", self.path, passed_on, kind)
                # A client that has gone can be read from, too: its end.
                select.select([told, self.connection], [], [])
            if gateway.says_so:
                self.answer(504, {"detail": TOO_LONG})

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = False  # Its end waits for theirs.
    gateway = Gateway(f"http://127.0.0.1:{listening.server_port}{urlsplit(server.base_url).path}", tell)
    with told, serving(listening):
        try:
            yield gateway
        finally:
            tell.close()


def _connection(server: FocusServer) -> HTTPConnection:
    parts = urlsplit(server.base_url)
    assert parts.hostname is not None
    if parts.scheme == "http":
        return HTTPConnection(parts.hostname, parts.port, timeout=_ANSWERS_WITHIN_S)
    context = trusted(server.ca_file, "focus_server.ca_file").context()
    return HTTPSConnection(parts.hostname, parts.port, timeout=_ANSWERS_WITHIN_S, context=context)


@contextmanager
def unreachable() -> Iterator[Gateway]:
    """An address where nothing listens, and nothing else can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Gateway(f"http://127.0.0.1:{bound.getsockname()[1]}")

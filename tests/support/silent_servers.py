"""Servers that do not do what a store does: they take connections on 127.0.0.1, or ::1, and misbehave."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

HTML = b"<html><body>Please log in</body></html>"
Behaviour = Callable[[socket.socket], None]


def silent(connection: socket.socket) -> None:
    """Read, and never answer."""
    while connection.recv(65536):
        pass


def closing(connection: socket.socket) -> None:
    """Hang up at once."""


def dripping(connection: socket.socket) -> None:
    """Send a byte a moment, so that no single read ever waits long. It is the beginning of an answer of HTTP."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"." * 100_000:
        connection.send(bytes([byte]))
        time.sleep(0.02)


def saying(text: bytes) -> Behaviour:
    """Say something at once, whoever asks, and nothing more."""

    def say(connection: socket.socket) -> None:
        connection.sendall(text)
        silent(connection)

    return say


def http(status: str, body: bytes, kind: str = "text/html", more: str = "") -> Behaviour:
    """Answer each request over HTTP with this."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"

    def answer(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(head.encode() + body)

    return answer


@contextmanager
def serving(behaviour: Behaviour, host: str = "127.0.0.1") -> Iterator[int]:
    """Have a server that behaves so with each connection; its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            behaviour(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server((host, 0), family=family) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            for one in (listener, *connections):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            thread.join(5)

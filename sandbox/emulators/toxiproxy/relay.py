"""One proxy: where it listens, the connections through it, and the toxics on them."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from sandbox.emulators.toxiproxy.toxics import Latency, Stream, Timeout

_MOST_HELD = 256  # chunks, in one direction of one connection
_MOST_EARLY = 1 << 20  # bytes of a client whose upstream is not there yet; what is read beyond it is kept, too
_END = b""


class _Side(asyncio.Protocol):
    """One side of a connection: what comes from it goes to the other side, unless toxics are in the way.

    What comes before the other side is there is kept until it is. That reading was paused is not relied on for it:
    until Python 3.11.3, asyncio reads on after a pause inside of `connection_made`.
    """

    other: "_Side"
    transport: asyncio.Transport

    def __init__(self, connection: "_Connection", toxics: list[Latency | Timeout]) -> None:
        self._connection = connection
        self._toxics = toxics  # changes under way
        self._held: deque[tuple[float, bytes]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._early: list[bytes] | None = []  # what came before the other side was there; None once it is
        self._crowded = False
        self._finished = False  # its end has come
        self._ended = False  # its end was passed on

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport  # asyncio has set TCP_NODELAY on it
        self._connection.made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.lost(self)

    def data_received(self, data: bytes) -> None:
        if self._early is not None:
            self._early.append(data)
            self._read_or_not()
        elif self._toxics:
            self._meet_toxics(data)
        else:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        if not self._finished:  # asyncio tells of it again whenever reading is resumed
            self._finished = True
            self._finish()
        return True  # it can still be sent to

    def join(self) -> None:
        """Let through what came so far, and from now on what comes: the other side is there."""
        early, self._early = self._early or [], None
        for data in early:
            self.data_received(data)
        if self._finished:
            self._finish()
        self._read_or_not()

    def _finish(self) -> None:
        if self._early is not None:
            return
        if self._toxics:
            self._meet_toxics(_END)
        else:
            self._pass_on(_END)

    def pause_writing(self) -> None:
        self.other.crowd(True)

    def resume_writing(self) -> None:
        self.other.crowd(False)

    def crowd(self, crowded: bool) -> None:
        """Learn that the other side takes no more for now, or does again."""
        self._crowded = crowded
        self._read_or_not()

    def _read_or_not(self) -> None:
        too_early = self._early is not None and sum(map(len, self._early)) >= _MOST_EARLY
        if self._crowded or too_early or len(self._held) >= _MOST_HELD:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def poison(self, toxic: Latency | Timeout) -> None:
        """Begin with what a toxic does by itself."""
        if isinstance(toxic, Timeout):
            self.forget()
            if toxic.attributes.timeout:
                loop = asyncio.get_running_loop()
                loop.call_later(toxic.attributes.timeout / 1000, self._connection.abort)

    def release(self, until: float = float("inf")) -> None:
        """Pass on what is held and due until then, and see to the rest."""
        self._stop_timer()
        if not self._held:
            return
        while self._held and self._held[0][0] <= until:
            self._pass_on(self._held.popleft()[1])
        if self._held:
            due = self._held[0][0]
            self._timer = asyncio.get_running_loop().call_at(due, self.release, due)
        self._read_or_not()

    def forget(self) -> None:
        """Drop what is held."""
        self._held.clear()
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _meet_toxics(self, data: bytes) -> None:
        if any(isinstance(toxic, Timeout) for toxic in self._toxics):
            return
        delay = sum(toxic.attributes.latency for toxic in self._toxics if isinstance(toxic, Latency)) / 1000
        self._held.append((asyncio.get_running_loop().time() + delay, data))
        if self._timer is None:
            self.release(until=0)
        else:
            self._read_or_not()

    def _pass_on(self, data: bytes) -> None:
        if data is not _END:
            self.other.transport.write(data)
            return
        self._ended = True
        with suppress(OSError):  # The other side may have reset its connection, and we have not heard of it yet.
            self.other.transport.write_eof()
        if self.other._ended:
            self.transport.close()
            self.other.transport.close()


class _Connection:
    """A client's connection and the one to the upstream that is made for it."""

    def __init__(self, proxy: "Proxy") -> None:
        self._proxy = proxy
        self.sides: dict[Stream, _Side] = {stream: _Side(self, toxics) for stream, toxics in proxy.toxics.items()}
        # What comes from the client streams up.
        self.client, self._server = self.sides["upstream"], self.sides["downstream"]
        self.client.other, self._server.other = self._server, self.client
        self._open: list[_Side] = []
        self._connecting: asyncio.Task[None] | None = None

    def made(self, side: _Side) -> None:
        """Go on to the upstream for a client; let bytes through when both are there."""
        self._open.append(side)
        if side is self.client:
            if not self._proxy.takes():
                side.transport.abort()
                return
            self._proxy.connections.add(self)
            self._connecting = asyncio.create_task(self._connect())
            return
        if self.client not in self._open:  # it has gone meanwhile
            side.transport.abort()
            return
        for stream, toxics in self._proxy.toxics.items():
            for toxic in toxics:
                self.sides[stream].poison(toxic)
        for each in (self.client, self._server):
            each.join()

    def lost(self, side: _Side) -> None:
        """Close the other side, too, once it has taken what was sent to it."""
        self._open.remove(side)
        side.forget()
        side.other.forget()
        if self._open:
            self._open[0].transport.close()
        else:
            self._proxy.connections.discard(self)
        if self._connecting is not None:
            self._connecting.cancel()

    def abort(self) -> None:
        """Close both sides at once."""
        for side in self._open:
            side.transport.abort()

    async def _connect(self) -> None:
        host, _, port = self._proxy.upstream.rpartition(":")
        try:
            await asyncio.get_running_loop().create_connection(lambda: self._server, host.strip("[]"), int(port))
        except OSError:
            self.client.transport.close()


class Proxy:
    """Relays from one port to one upstream, both ``host:port``; listens once it is enabled."""

    def __init__(self, name: str, listen: str, upstream: str) -> None:
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.toxics: dict[Stream, list[Latency | Timeout]] = {"upstream": [], "downstream": []}
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._refusing = False

    @property
    def enabled(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def all_toxics(self) -> Iterator[Latency | Timeout]:
        """Those of both streams."""
        yield from self.toxics["upstream"]
        yield from self.toxics["downstream"]

    def client(self) -> asyncio.Protocol:
        """The protocol of a client that has come: with it begins a connection through this proxy."""
        return _Connection(self).client

    def takes(self) -> bool:
        """Whether a client that has come goes on to the upstream; not one accepted just before it was disabled."""
        return not self._refusing

    async def enable(self) -> None:
        """Listen, always on the same port. Raises OSError."""
        if self._server is None:
            host, _, port = self.listen.rpartition(":")
            loop = asyncio.get_running_loop()
            self._refusing = False
            self._server = await loop.create_server(self.client, host.strip("[]"), int(port))
            self.listen = f"{host}:{self._server.sockets[0].getsockname()[1]}"

    def disable(self) -> None:
        """Listen no more and close all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._refusing = True
        for connection in self.connections:
            connection.abort()

    def add(self, toxic: Latency | Timeout) -> None:
        """Put a toxic on all connections, those to come as well."""
        self.toxics[toxic.stream].append(toxic)
        for connection in self.connections:
            connection.sides[toxic.stream].poison(toxic)

    def remove(self, toxic: Latency | Timeout) -> None:
        """Take a toxic away: what it held goes on, connections whose bytes it dropped are closed."""
        self.toxics[toxic.stream].remove(toxic)
        for connection in self.connections:
            if isinstance(toxic, Timeout):
                connection.abort()
            else:
                connection.sides[toxic.stream].release()

"""A slow network between the suite's client and the Focus Server, by a proxy of its own in Toxiproxy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from support.faults.announcements import Announcements
from support.faults.outages import NoSuchProxy, ask_toxiproxy
from support.profile.settings import FocusServer, Toxiproxy


class SlowNetwork(NamedTuple):
    """The server as it is reached over a slow network, and how long that takes there and back, s."""

    server: FocusServer
    round_trip_s: float


@contextmanager
def slowed(server: FocusServer, toxiproxy: Toxiproxy, delay_ms: int, journal: Announcements) -> Iterator[SlowNetwork]:
    """Have a network to the server that takes so long in each direction; the journal knows of it before.

    Raises:
        EnvironmentBroken: Toxiproxy does not do what it is asked.
    """
    address, name = urlsplit(server.base_url), f"focus_client_{secrets.token_hex(4)}"
    host = urlsplit(str(toxiproxy.url)).hostname
    port = address.port or (443 if address.scheme == "https" else 80)
    proxy = {"name": name, "listen": f"{host}:0", "upstream": f"{address.hostname}:{port}", "enabled": True}
    journal.proxy_made(name)
    made = ask_toxiproxy(toxiproxy, "POST", "", proxy)
    try:
        for stream in ("upstream", "downstream"):
            toxic = {"name": stream, "type": "latency", "stream": stream, "attributes": {"latency": delay_ms}}
            ask_toxiproxy(toxiproxy, "POST", f"/{name}/toxics", toxic)
        at = made["listen"].rpartition(":")[2]
        base_url = address._replace(netloc=f"{host}:{at}").geturl()
        yield SlowNetwork(server.model_copy(update={"base_url": base_url}), 2 * delay_ms / 1000)
    finally:
        ask_toxiproxy(toxiproxy, "DELETE", f"/{name}")


def remove(toxiproxy: Toxiproxy, name: str) -> None:
    """Remove the proxy that a killed run has made for a slow network, if it is there.

    Raises:
        NoSuchProxy: the settings name no Toxiproxy any more.
        EnvironmentBroken: Toxiproxy does not do what it is asked.
    """
    if toxiproxy.url is None:
        raise NoSuchProxy("toxiproxy.url is not set")
    with suppress(NoSuchProxy):
        ask_toxiproxy(toxiproxy, "DELETE", f"/{name}")

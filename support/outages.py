"""Outages: the ways between the Focus Server and its stores are broken, by a Toxiproxy that stands on each of them.

The suite's own way to a store does not lead through it, so that a store can be looked into while the server cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from support.errors import EnvironmentBroken
from support.settings import Toxiproxy

_ANSWERS_WITHIN_S = 5.0
_SLOWNESS_S = 1.0  # So much that whoever asks twice is seen at it, and is not given up on.


class Outages:
    """Breaks the way to one store or several; `about_to` is told the name of a proxy before anything is done to it."""

    def __init__(self, toxiproxy: Toxiproxy, about_to: Callable[[str], object]) -> None:
        self._toxiproxy, self._about_to = toxiproxy, about_to
        self._broken: set[str] = set()

    def possible(self, dependency: str) -> bool:
        """Whether there is a proxy on the way to `MongoDB`, `RabbitMQ` or `Kubernetes`."""
        return self._toxiproxy.url is not None and self._toxiproxy.proxy_of(dependency) is not None

    def cut_off(self, dependency: str) -> None:
        """Nobody can connect any more, and whoever was connected is not.

        Raises:
            EnvironmentBroken: Toxiproxy did not do it.
        """
        self._ask("POST", self._about_to_break(dependency), {"enabled": False})

    def silence(self, dependency: str) -> None:
        """What is asked does not get there; nothing is refused.

        Raises:
            EnvironmentBroken: Toxiproxy did not do it.
        """
        self._add(dependency, "timeout", "upstream", {"timeout": 0})

    def lose_answers(self, dependency: str) -> None:
        """What is asked is done, and what is answered does not come back.

        Raises:
            EnvironmentBroken: Toxiproxy did not do it.
        """
        self._add(dependency, "timeout", "downstream", {"timeout": 0})

    def slow_down(self, dependency: str) -> None:
        """What is asked is done at once, and each answer comes a second later.

        Raises:
            EnvironmentBroken: Toxiproxy did not do it.
        """
        self._add(dependency, "latency", "downstream", {"latency": int(_SLOWNESS_S * 1000)})

    def end(self) -> None:
        """All ways are open again; without an outage there is nothing to do.

        Raises:
            EnvironmentBroken: Toxiproxy did not do it; it may be tried again.
        """
        for proxy in sorted(self._broken):
            mend(self._toxiproxy, proxy)
            self._broken.discard(proxy)

    def _about_to_break(self, dependency: str) -> str:
        proxy = self._toxiproxy.proxy_of(dependency)
        assert proxy is not None, f"nothing stands on the way to {dependency}: see `possible`"
        self._about_to(proxy)
        self._broken.add(proxy)
        return proxy

    def _add(self, dependency: str, toxic: str, stream: str, attributes: dict[str, int]) -> None:
        # A `timeout` of 0: data is dropped until the toxic is removed.
        proxy = self._about_to_break(dependency)
        name = f"{toxic}_{stream}"
        self._ask("POST", f"{proxy}/toxics", {"name": name, "type": toxic, "stream": stream, "attributes": attributes})

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        _ask(self._toxiproxy, method, path, body)


def mend(toxiproxy: Toxiproxy, proxy: str) -> None:
    """Open the way that a proxy stands on, whatever was done to it.

    Raises:
        EnvironmentBroken: Toxiproxy did not do it.
    """
    for toxic in _ask(toxiproxy, "GET", f"{proxy}/toxics"):
        _ask(toxiproxy, "DELETE", f"{proxy}/toxics/{toxic['name']}")
    _ask(toxiproxy, "POST", proxy, {"enabled": True})


def _ask(toxiproxy: Toxiproxy, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    url = f"{toxiproxy.url}/proxies/{path}"
    try:
        # Toxiproxy refuses what says to come from a browser.
        answer = requests.request(
            method, url, json=body, timeout=_ANSWERS_WITHIN_S, headers={"User-Agent": "focus-server-acceptance"}
        )
        answer.raise_for_status()
    except requests.RequestException as error:
        raise EnvironmentBroken(
            f"Toxiproxy did not do what was asked: {method} {url}\n  - seen: {error}\n"
            "See that it runs, and that the settings toxiproxy.* name its address and its proxies."
        ) from error
    return answer.json() if answer.content else None

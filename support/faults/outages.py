"""Outages: the ways between the Focus Server and its stores are broken, by a Toxiproxy that stands on each of them.

The suite's own way to a store does not lead through it, so that a store can be looked into while the server cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from support.core.errors import EnvironmentBroken
from support.core.http_access import HttpAccess
from support.profile.settings import Toxiproxy

_ANSWERS_WITHIN_S = 5.0
_SLOWNESS_S = 0.3  # To open a queue takes four answers: long enough to be seen at it, and well below a limit of 3 s.
_SHOWN = 300  # characters of an answer
_OUR_TOXICS = "focus_"  # What their names begin with; others are an operator's, and stay.


class NoSuchProxy(EnvironmentBroken):
    """Toxiproxy does not know the proxy, or the settings no Toxiproxy."""


class Outages:
    """Breaks the way to one store or several; `about_to` is told the name of a proxy before anything is done to it.

    Every method raises `EnvironmentBroken` when Toxiproxy does not do what it is asked.
    """

    def __init__(self, toxiproxy: Toxiproxy, about_to: Callable[[str], object]) -> None:
        self._toxiproxy, self._about_to = toxiproxy, about_to
        self._broken: dict[str, str] = {}  # the store that each proxy leads to

    def impossible(self, dependency: str) -> str | None:
        """Why the way to `MongoDB`, `RabbitMQ` or `Kubernetes` cannot be broken; None where it can."""
        return self._toxiproxy.why_unbreakable(dependency)

    def broken(self) -> set[str]:
        """The stores to which the way is broken now, or slow."""
        return set(self._broken.values())

    def cut_off(self, dependency: str) -> None:
        """No connection can be made any more, and those that there were are closed."""
        _switch(self._toxiproxy, self._about_to_break(dependency), enabled=False)

    def silence(self, dependency: str) -> None:
        """What is asked does not get there; nothing is refused."""
        self._add(dependency, "timeout", "upstream", {"timeout": 0})

    def lose_answers(self, dependency: str) -> None:
        """What is asked is done, and what is answered does not come back."""
        self._add(dependency, "timeout", "downstream", {"timeout": 0})

    def slow_down(self, dependency: str, by_s: float = _SLOWNESS_S) -> None:
        """What is asked is done at once, and each answer comes so much later."""
        self._add(dependency, "latency", "downstream", {"latency": int(by_s * 1000)})

    def slow_down_by_a_second(self, dependency: str) -> None:
        """The same, by a second: for a store that is asked once or twice, over a connection that is there."""
        self.slow_down(dependency, 1.0)

    def reopen(self, dependency: str) -> None:
        """The way to this store works again; others stay as they are."""
        proxy = self._toxiproxy.proxy_of(dependency)
        assert proxy in self._broken, f"the way to {dependency} is not broken"
        restore(self._toxiproxy, proxy)
        del self._broken[proxy]

    def end(self) -> None:
        """Open all ways again. All are tried; the message names those that stay broken, which may be tried again."""
        problems = []
        for proxy in sorted(self._broken):
            try:
                restore(self._toxiproxy, proxy)
            except EnvironmentBroken as error:
                problems.append(f"'{proxy}': {error}")
            else:
                del self._broken[proxy]
        if problems:
            raise EnvironmentBroken("\n".join(["Ways to stores are still broken, at these proxies:", *problems]))

    def _about_to_break(self, dependency: str) -> str:
        proxy = self._toxiproxy.proxy_of(dependency)
        assert proxy is not None, f"nothing stands on the way to {dependency}: see `impossible`"
        self._about_to(proxy)
        self._broken[proxy] = dependency
        return proxy

    def _add(self, dependency: str, toxic: str, stream: str, attributes: dict[str, int]) -> None:
        # A `timeout` of 0: data is dropped until the toxic is removed.
        proxy = self._about_to_break(dependency)
        named = {"name": f"{_OUR_TOXICS}{toxic}_{stream}", "type": toxic, "stream": stream, "attributes": attributes}
        ask_toxiproxy(self._toxiproxy, "POST", f"/{proxy}/toxics", named)


def restore(toxiproxy: Toxiproxy, proxy: str) -> None:
    """Open the way that a proxy stands on, whichever outage it was; toxics that are not ours stay.

    Raises:
        NoSuchProxy: there is no such proxy, or no Toxiproxy.
        EnvironmentBroken: Toxiproxy did not do it.
    """
    if toxiproxy.url is None:
        raise NoSuchProxy("toxiproxy.url is not set")
    toxics = ask_toxiproxy(toxiproxy, "GET", f"/{proxy}/toxics")
    try:
        ours = [toxic["name"] for toxic in toxics if toxic["name"].startswith(_OUR_TOXICS)]
    except (TypeError, KeyError, AttributeError):
        raise _not_done(f"a list of the toxics of the proxy '{proxy}', with their names", toxics) from None
    for name in ours:
        ask_toxiproxy(toxiproxy, "DELETE", f"/{proxy}/toxics/{name}")
    _switch(toxiproxy, proxy, enabled=True)


def _switch(toxiproxy: Toxiproxy, proxy: str, *, enabled: bool) -> None:
    said = ask_toxiproxy(toxiproxy, "POST", f"/{proxy}", {"enabled": enabled})
    if not isinstance(said, dict) or said.get("enabled") is not enabled:
        raise _not_done(f"the proxy '{proxy}' to be {'enabled' if enabled else 'disabled'}", said)


def _not_done(expected: str, seen: object) -> EnvironmentBroken:
    return EnvironmentBroken(
        f"Toxiproxy did not do what was asked\n  - expected {expected}\n  - seen: {str(seen)[:_SHOWN]}\n"
        "See that toxiproxy.url is the address of a Toxiproxy."
    )


def ask_toxiproxy(toxiproxy: Toxiproxy, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask for something below `/proxies`; raises EnvironmentBroken if it is not done, NoSuchProxy if there is none."""
    assert toxiproxy.url is not None, "without a Toxiproxy nothing is possible: see `impossible`"
    url = f"{toxiproxy.url.rstrip('/')}/proxies{path}"
    access = HttpAccess.to(toxiproxy.url, toxiproxy.ca_file, "toxiproxy.ca_file")
    try:
        with access.session() as session:
            answer = session.request(method, url, json=body, timeout=_ANSWERS_WITHIN_S)
        answer.raise_for_status()
        return answer.json() if answer.content else None
    except requests.RequestException as error:
        unknown = error.response is not None and error.response.status_code == requests.codes.not_found
        raise (NoSuchProxy if unknown else EnvironmentBroken)(
            f"Toxiproxy did not do what was asked: {method} {url}{access.through}\n  - seen: {error}\n"
            "See that it runs, and that the settings toxiproxy.* name its address and its proxies."
        ) from error

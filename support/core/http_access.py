"""How an HTTP address is reached: the certificates that verify it, and the proxy that leads to it."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from support.core.time_limit import TimeLimitPassed, Worker
from transport.proxies import Proxy, proxy_of
from transport.trust import Trust, trusted


@dataclass(frozen=True)
class HttpAccess:
    """What a session for one address needs; `trust` is None without TLS, `proxy` where none leads to it."""

    trust: Trust | None
    proxy: Proxy | None

    @classmethod
    def to(cls, address: str, ca_file: Path | None, setting: str) -> HttpAccess:
        """Find out how this address is reached; `setting` is the name of the setting that gives `ca_file`.

        Raises:
            SettingsError: the certificates to trust, or the proxy that leads there, cannot be used.
        """
        trust = trusted(ca_file, setting) if urlsplit(address).scheme == "https" else None
        return cls(trust, proxy_of(address))

    def session(self) -> requests.Session:
        """A session for this address.

        What requests itself would read is left aside: `~/.netrc`, which would replace an `Authorization` header, and
        `REQUESTS_CA_BUNDLE`, which would win over the setting. A `timeout` is that of the whole answer.
        """
        session = _BoundedSession()
        session.trust_env = False
        if self.trust is not None:
            session.mount("https://", _VerifyingAdapter(self.trust.shared_context()))
        if self.proxy is not None:
            session.proxies = {"http": self.proxy.url, "https": self.proxy.url}
        return session

    @property
    def through(self) -> str:
        """For a message, after "reached": the proxy, if there is one."""
        return f" through the proxy that {self.proxy.variable} names" if self.proxy is not None else ""

    @property
    def on_distrust(self) -> str:
        """Advice for a message about a refused certificate: what it was verified with, and what to do."""
        return self.trust.advice if self.trust is not None else ""

    def on_proxy_failure(self, failure: requests.exceptions.ProxyError) -> str:
        """For a message: what the proxy did, and what to do."""
        reason = getattr(failure.args[0], "reason", None) if failure.args else None
        original = getattr(reason, "original_error", None)
        refused = str(original) if str(original).startswith("Tunnel connection failed") else type(original).__name__
        return f"{refused}. Is the proxy right, and running? NO_PROXY names the hosts that are reached without one."


class _VerifyingAdapter(HTTPAdapter):
    """Verifies servers, and proxies that are reached by TLS, by one context, which several sessions share."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        if proxy.lower().startswith("https"):
            options["proxy_ssl_context"] = self._context
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Require a certificate; requests itself would have each connection read those to trust again."""
        conn.cert_reqs = "CERT_REQUIRED"


class _BoundedSession(requests.Session):
    """A session for which `timeout` is also the limit of the whole answer: requests counts each read anew."""

    def __init__(self) -> None:
        super().__init__()
        self._own = threading.local()  # Whoever shares the session waits for nobody else's call.

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        timeout_s = options.get("timeout")
        if timeout_s is None:
            return super().send(request, **options)
        try:
            # A little longer than requests' own limits, which tell more.
            return self._worker().make(lambda: super(_BoundedSession, self).send(request, **options), timeout_s * 1.1)
        except TimeLimitPassed:
            raise requests.ReadTimeout(f"no whole answer within {timeout_s:g} s", request=request) from None

    def close(self) -> None:
        """Close the connections, and end the thread that made the requests of the caller."""
        super().close()
        worker: Worker | None = getattr(self._own, "worker", None)
        if worker is not None:
            worker.end()

    def _worker(self) -> Worker:
        """That of the thread that calls; one for each call would cost more than the call, where many call at once."""
        worker: Worker | None = getattr(self._own, "worker", None)
        if worker is None or not worker.is_usable():
            worker = self._own.worker = Worker("HTTP requests")
        return worker

"""A small JSON client for the HTTP APIs of the parts."""

import asyncio
import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from transport.errors import SettingsError
from transport.proxies import proxy_of
from transport.trust import trusted

_LIMIT = 10.0  # seconds until an answer must be there


class RequestFailed(Exception):
    """The interface was not reached or answered with an error; the text says which and what it said."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class RestApi:
    """An HTTP address with what it takes to be let in. It is reached as the suite reaches it: see `transport`."""

    address: str
    authorization: str = field(repr=False)

    async def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request; return the JSON answered, None if there is none. Raises RequestFailed."""
        return await asyncio.to_thread(self._send, method, path, body)

    async def delete(self, path: str) -> None:
        """Delete what is at a path; nothing there is fine. Raises RequestFailed."""
        try:
            await self.send("DELETE", path)
        except RequestFailed as refusal:
            if refusal.status != 404:
                raise

    def _send(self, method: str, path: str, body: object) -> Any:
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        if self.authorization:
            request.add_header("Authorization", self.authorization)
        try:
            opener = urllib.request.build_opener(*_handlers(self.address))
            with opener.open(request, timeout=_LIMIT) as answer:
                text = answer.read()
        except SettingsError as error:
            raise RequestFailed(str(error)) from None
        except urllib.error.HTTPError as refusal:
            said = refusal.read(500).decode(errors="replace")
            raise RequestFailed(
                f"{method} {self.address}{path} answered {refusal.code}: {said}", refusal.code
            ) from refusal
        except (OSError, http.client.HTTPException) as failure:
            raise RequestFailed(f"{method} {self.address}{path} was not answered: {failure}") from failure
        try:
            return json.loads(text) if text else None
        except ValueError as failure:
            raise RequestFailed(f"{method} {self.address}{path} answered what is not JSON: {text[:500]!r}") from failure


def _handlers(address: str) -> Iterator[urllib.request.BaseHandler]:
    """The proxy that leads there, if one does, and what a certificate is verified with."""
    scheme = urlsplit(address).scheme
    proxy = proxy_of(address)
    yield urllib.request.ProxyHandler({} if proxy is None else {scheme: proxy.url})
    if scheme == "https":
        yield urllib.request.HTTPSHandler(context=trusted(None, "SSL_CERT_FILE").context())


def basic(user: str, password: str) -> str:
    """Build the value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

"""Calls to a Kubernetes API, and messages about those that failed."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Timeout, make_headers

from kubeconfig.api_request import ApiRequest
from kubeconfig.cluster import Cluster, Credentials
from redaction import redact

_SHOWN = 500  # characters of an answer
_PIECE = 65536


class ApiAnswer(NamedTuple):
    """The answer to a request."""

    status: int
    reason: str
    body: bytes
    location: str = ""


class NoAnswer(Exception):
    """No answer came; the message says why, without secrets."""


class InvalidAnswer(Exception):
    """An answer that no Kubernetes API gives; the message says what came instead, without secrets."""


class Refused(Exception):
    """An answer with another status than 2xx; the message has what it said, without secrets."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class ApiConnection:
    """Calls one cluster, over connections that stay open; several threads can use it at once."""

    def __init__(self, cluster: Cluster, limit_s: float) -> None:
        self.cluster = cluster
        self._limit_s = limit_s
        self._pools: tuple[ssl.SSLContext | None, urllib3.PoolManager] | None = None

    def ask(self, request: ApiRequest) -> dict[str, Any]:
        """Send a request and return the object that is answered.

        When the credentials are refused and there are new ones, the request is sent once more.

        Raises:
            KubeconfigError: there are no credentials.
            NoAnswer: no answer came.
            Refused: the answer is not 2xx.
            InvalidAnswer: it is not a JSON object.
        """
        answer = self._answer(request)
        if not 200 <= answer.status < 300:
            raise Refused(self._said(answer), answer.status)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise InvalidAnswer(f"{answer.status} with what is not JSON: {self._beginning(answer)}") from None
        if not isinstance(found, dict):
            raise InvalidAnswer(f"{answer.status} with what is not an object: {self._beginning(answer)}")
        return found

    def stream(self, request: ApiRequest, quiet_s: float) -> ApiStream:
        """Send a request whose answer comes in lines, for as long as it likes, with at most `quiet_s` between two.

        Raises what `ask` raises.
        """
        answer = self._opened(request, self.cluster.credentials(), Timeout(connect=self._limit_s, read=quiet_s))
        if answer.status != 200:
            said = ApiAnswer(answer.status, answer.reason or "", answer.read(_PIECE), "")
            answer.close()
            raise Refused(self._said(said), answer.status)
        return ApiStream(answer)

    def close(self) -> None:
        """Close the connections."""
        pools, self._pools = self._pools, None
        if pools is not None:
            pools[1].clear()

    def _answer(self, request: ApiRequest) -> ApiAnswer:
        used = self.cluster.credentials()
        try:
            answer = self._exchange(request, used)
        except NoAnswer as failure:
            # A certificate that has ended may be refused before there is an answer.
            if used.login.certificate is None or not isinstance(failure.__cause__, SSLError):
                raise
            fresh = self.cluster.credentials(instead_of=used)
            if fresh is used:
                raise
            return self._exchange(request, fresh)
        if answer.status == 401:
            fresh = self.cluster.credentials(instead_of=used)
            if fresh is not used:
                return self._exchange(request, fresh)
        return answer

    def _opened(
        self, request: ApiRequest, credentials: Credentials, limits: Timeout
    ) -> urllib3.response.BaseHTTPResponse:
        """The beginning of an answer."""
        body = None if request.body is None else json.dumps(request.body).encode()
        headers = {"Accept": "application/json", **credentials.headers}
        if body is not None:
            headers["Content-Type"] = request.media_type
        address = self.cluster.server + request.path
        if request.query:
            address += "?" + urlencode(list(request.query))
        try:
            return self._pool(credentials.tls).request(
                request.method,
                address,
                body=body,
                headers=headers,
                timeout=limits,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise NoAnswer(redact(self._why(error))) from error

    def _exchange(self, request: ApiRequest, credentials: Credentials) -> ApiAnswer:
        ends = time.monotonic() + self._limit_s
        answer = self._opened(request, credentials, Timeout(total=self._limit_s))
        try:
            text = bytearray()
            while piece := answer.read1(_PIECE):
                text += piece
                if time.monotonic() > ends:  # The time limit of urllib3 is one for each read.
                    answer.close()
                    raise NoAnswer(f"no whole answer within {self._limit_s:g} s: {self._line(_text(text))}")
            answer.release_conn()
        except HTTPError as error:
            raise NoAnswer(redact(self._why(error))) from error
        return ApiAnswer(answer.status, answer.reason or "", bytes(text), answer.headers.get("Location", ""))

    def _pool(self, tls: ssl.SSLContext | None) -> urllib3.PoolManager:
        held = self._pools
        if held is None or held[0] is not tls:
            # Those of another certificate close when their calls have ended.
            held = self._pools = (tls, self._new_pool(tls))
        return held[1]

    def _new_pool(self, tls: ssl.SSLContext | None) -> urllib3.PoolManager:
        options: dict[str, Any] = {"maxsize": 10}
        if tls is not None:
            options["ssl_context"] = tls
            if tls.verify_mode is ssl.CERT_NONE:  # insecure-skip-tls-verify was chosen: no warning needed.
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if self.cluster.tls_server_name:
            options["server_hostname"] = self.cluster.tls_server_name
        if self.cluster.proxy is None:
            return urllib3.PoolManager(**options)
        if self.cluster.proxy.startswith("socks"):
            from urllib3.contrib.socks import SOCKSProxyManager

            return SOCKSProxyManager(self.cluster.proxy, **options)
        proxy = urllib3.util.parse_url(self.cluster.proxy)
        login = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
        return urllib3.ProxyManager(self.cluster.proxy, proxy_headers=login, **options)

    def _why(self, error: HTTPError) -> str:
        if isinstance(error, ProxyError):
            return f"the proxy that {self.cluster.proxy_named_by} names did not let through: {error.args[-1]}"
        if isinstance(error, ReadTimeoutError | ConnectTimeoutError) and not isinstance(error, NewConnectionError):
            return f"no answer within {self._limit_s:g} s"
        if isinstance(error, NewConnectionError):
            return str(error).rpartition(": ")[2]
        if isinstance(error, SSLError) and "certificate verify failed" in str(error):
            reason = str(error).rpartition("certificate verify failed: ")[2].partition(" (_ssl.c")[0]
            return f"its certificate is not trusted: {reason}"
        if isinstance(error, SSLError):
            return f"TLS failed: {error}"
        return f"{type(error).__name__}: {error}"

    def _said(self, answer: ApiAnswer) -> str:
        """What a refusal says: the message of Kubernetes' Status, or else the beginning of the body."""
        said = f"{answer.status} {answer.reason}".strip()
        if answer.location:
            return f"{said}, to {self._line(answer.location)}"
        try:
            status = json.loads(answer.body)
        except (ValueError, RecursionError):
            status = None
        if isinstance(status, dict) and status.get("kind") == "Status":
            words = self._line(str(status.get("message") or status.get("reason") or ""))
        else:
            words = self._beginning(answer)
        return f"{said}: {words}" if words and words != answer.reason else said

    def _beginning(self, answer: ApiAnswer) -> str:
        return self._line(_text(answer.body)) or "nothing at all"

    def _line(self, text: str) -> str:
        # Masked before it is cut: half a secret would not be recognized.
        line = " ".join(redact(text).split())
        shown = "".join(character if character.isprintable() else "?" for character in line[:_SHOWN])
        return shown + ("…" if len(line) > _SHOWN else "")


class ApiStream:
    """An answer that comes in lines."""

    def __init__(self, answer: urllib3.response.BaseHTTPResponse) -> None:
        self._answer = answer

    def lines(self) -> Iterator[bytes]:
        """Each line, as it comes; raises NoAnswer when the connection breaks."""
        begun = b""
        try:
            while piece := self._answer.read1(_PIECE):
                *whole, begun = (begun + piece).split(b"\n")
                yield from whole
        except (HTTPError, OSError, ValueError) as error:  # ValueError: it was closed meanwhile.
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        finally:
            self._answer.close()

    def end(self) -> None:
        """Have `lines` end; from any thread."""
        with suppress(HTTPError, OSError, ValueError):
            self._answer.shutdown()


def _text(body: bytes | bytearray) -> str:
    return bytes(body[: 8 * _SHOWN]).decode(errors="replace")

"""Asking a Kubernetes API, and telling what came of it."""

from __future__ import annotations

import json
import ssl
import time
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

from kubeconfig.cluster import Cluster, Credentials
from kubeconfig.questions import Question
from redaction import redact

_SHOWN = 500  # characters of an answer
_PIECE = 65536


class Answer(NamedTuple):
    """What came back."""

    status: int
    reason: str
    body: bytes
    location: str = ""


class Unanswered(Exception):
    """No answer came; the message says why, and has no secret."""


class Unreadable(Exception):
    """An answer that is none of a Kubernetes API; the message says what came instead, and has no secret."""


class Refused(Exception):
    """An answer of another status than 2xx; the message says what it said, and has no secret."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Connection:
    """Keeps connections to a cluster open. Can be used by several threads at once."""

    def __init__(self, cluster: Cluster, limit_s: float) -> None:
        self.cluster = cluster
        self._limit_s = limit_s
        self._pools: tuple[ssl.SSLContext | None, urllib3.PoolManager] | None = None

    def ask(self, question: Question) -> dict[str, Any]:
        """Ask; the object that is answered.

        Credentials that are refused are asked for anew, and if there are others, so is the question, once.

        Raises:
            KubeconfigError: there are no credentials to be had.
            Unanswered: no answer came.
            Refused: the answer is not 2xx.
            Unreadable: it is no object.
        """
        answer = self._answer(question)
        if not 200 <= answer.status < 300:
            raise Refused(self._said(answer), answer.status)
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise Unreadable(f"{answer.status} with what is no JSON: {self._beginning(answer)}") from None
        if not isinstance(found, dict):
            raise Unreadable(f"{answer.status} with what is no object: {self._beginning(answer)}")
        return found

    def close(self) -> None:
        """Give the connections back."""
        pools, self._pools = self._pools, None
        if pools is not None:
            pools[1].clear()

    def _answer(self, question: Question) -> Answer:
        used = self.cluster.credentials()
        try:
            answer = self._exchange(question, used)
        except Unanswered as failure:
            # A certificate that has ended may be refused before there is an answer.
            if used.identity.certificate is None or not isinstance(failure.__cause__, SSLError):
                raise
            fresh = self.cluster.credentials(instead_of=used)
            if fresh is used:
                raise
            return self._exchange(question, fresh)
        if answer.status == 401:
            fresh = self.cluster.credentials(instead_of=used)
            if fresh is not used:
                return self._exchange(question, fresh)
        return answer

    def _exchange(self, question: Question, credentials: Credentials) -> Answer:
        body = None if question.body is None else json.dumps(question.body).encode()
        headers = {"Accept": "application/json", **credentials.headers}
        if body is not None:
            headers["Content-Type"] = question.media_type
        address = self.cluster.server + question.path
        if question.query:
            address += "?" + urlencode(list(question.query))
        ends = time.monotonic() + self._limit_s
        try:
            answer = self._pool(credentials.tls).request(
                question.method,
                address,
                body=body,
                headers=headers,
                timeout=Timeout(total=self._limit_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            text = bytearray()
            while piece := answer.read1(_PIECE):
                text += piece
                if time.monotonic() > ends:  # The time limit of urllib3 is one for each read.
                    answer.close()
                    raise Unanswered(f"no whole answer within {self._limit_s:g} s: {self._line(_text(text))}")
            answer.release_conn()
        except HTTPError as error:
            raise Unanswered(redact(self._why(error))) from error
        return Answer(answer.status, answer.reason or "", bytes(text), answer.headers.get("Location", ""))

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
            if tls.verify_mode is ssl.CERT_NONE:  # Whoever writes insecure-skip-tls-verify knows what a warning says.
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

    def _said(self, answer: Answer) -> str:
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

    def _beginning(self, answer: Answer) -> str:
        return self._line(_text(answer.body)) or "nothing at all"

    def _line(self, text: str) -> str:
        # Masked before it is cut: of half a secret nobody would know it.
        line = " ".join(redact(text).split())
        shown = "".join(character if character.isprintable() else "?" for character in line[:_SHOWN])
        return shown + ("…" if len(line) > _SHOWN else "")


def _text(body: bytes | bytearray) -> str:
    return bytes(body[: 8 * _SHOWN]).decode(errors="replace")

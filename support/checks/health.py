"""What an answer to a health check must say, and how confidentially."""

from __future__ import annotations

import re
import socket
import ssl
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from support.api.exchange import Exchange
from support.core.errors import require
from support.core.http_access import HttpAccess
from support.profile.settings import Answers
from transport.trust import trusted

# In words, or in a code such as SSL_REQUIRED or requiresTls; the `https` of an address says nothing by itself.
_SAYS_TLS = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:tls|ssl|https)(?!://)(?:v\d|(?![a-z]))"
    r"|(?i:plain[ _-]?(?:text|http)|clear[ _-]?text|in the clear|encrypt)"
    r"|(?i:secure[ _-]?(?:connection|transport|request|channel|protocol))"
)
_HTTPS_ADDRESS = re.compile(r"https://[\w.:/%~?#&=+@-]+", re.IGNORECASE | re.ASCII)


def expect_healthy(exchanges: Sequence[Exchange], answers: Answers) -> None:
    """Raise ExpectationFailed unless every answer says, as JSON, that the server is healthy (GET /ack)."""
    wrong = [exchange for exchange in exchanges if not _is_healthy(exchange, answers)]
    problems = [f"{len(wrong)} of {len(exchanges)} answers do not say so"] if wrong else []
    require(f"200 with {answers.healthy}", problems, wrong[0] if wrong else None)


def _is_healthy(exchange: Exchange, answers: Answers) -> bool:
    told = exchange.answer()
    is_json = exchange.answer_headers.get("Content-Type", "").startswith("application/json")
    return exchange.status == 200 and is_json and isinstance(told, dict) and answers.healthy.items() <= told.items()


def expect_protective_headers(exchange: Exchange, wanted: Mapping[str, str]) -> None:
    """Raise ExpectationFailed unless an answer carries these headers."""
    told = exchange.answer_headers
    problems = [
        f"{name} is {told.get(name)!r} instead of {value!r}"
        for name, value in wanted.items()
        if told.get(name) != value
    ]
    require("headers that protect the reader", problems, exchange)


def expect_strict_transport_security(exchange: Exchange, header: str) -> None:
    """Raise ExpectationFailed unless clients are told, for a year at least, to use TLS only (RFC 6797)."""
    value = exchange.answer_headers.get(header, "")
    ages = [part.strip().removeprefix("max-age=") for part in value.split(";") if part.strip().startswith("max-age=")]
    problems = [] if ages and ages[0].isdigit() and int(ages[0]) >= 31_536_000 else [f"{header} is {value!r}"]
    require("to be told to come over TLS from now on", problems, exchange)


HEADERS: Mapping[str, Callable[[Exchange, Answers], None]] = {
    "the headers that protect its reader": lambda exchange, answers: expect_protective_headers(
        exchange, answers.headers
    ),
    "the header that tells clients to use TLS only": lambda exchange, answers: expect_strict_transport_security(
        exchange, answers.transport_header
    ),
}
"""By the words of the features: what is expected of every answer."""


def expect_new_tls(base_url: str, ca_file: Path | None, timeout_s: float) -> None:
    """Raise ExpectationFailed unless a server speaks TLS 1.2 or newer, with a certificate that holds, and no older."""
    context = trusted(ca_file, "focus_server.ca_file").context()
    new = _version_spoken(base_url, context, timeout_s)
    # Whether the certificate is known does not matter here, nor how weak a cipher may be.
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    outdated = _version_spoken(base_url, old, timeout_s)
    problems = [] if new in ("TLSv1.2", "TLSv1.3") else [f"it speaks {new}"]
    require("TLS 1.2 or newer, and nothing older", problems + ([f"it speaks {outdated}, too"] if outdated else []))


def _version_spoken(base_url: str, context: ssl.SSLContext, timeout_s: float) -> str | None:
    """Which version of TLS a server agrees on with this client; None when on none."""
    parts = urlsplit(base_url)
    assert parts.hostname is not None
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
        ):
            return secured.version()
    except OSError:
        return None


def ask_in_plaintext(
    base_url: str, path: str, timeout_s: float, method: str = "GET", body: Mapping[str, Any] | None = None
) -> requests.Response | None:
    """Ask at an https address without TLS; None when there is no answer that can be read."""
    parts = urlsplit(base_url)
    address = f"http://{parts.netloc}{parts.path.rstrip('/')}{path}"
    try:
        with HttpAccess.to(address, None, "focus_server.ca_file").session() as session:
            return session.request(method, address, json=body, timeout=timeout_s, allow_redirects=False)
    except requests.RequestException:
        return None


def expect_no_plaintext_response(responses: Mapping[str, requests.Response | None], answers: Answers) -> None:
    """Raise ExpectationFailed if a call without TLS got more than a refusal to answer so, or the way to TLS.

    By its status it must be such a refusal. What is JSON comes from the server itself: it must say that TLS is needed,
    or where to ask instead, or it is the answer to what was asked. A proxy's page need not say why.
    """
    problems = [
        f"{call}: the status is {response.status_code}: {response.text[:300]}"
        for call, response in responses.items()
        if response is not None and not _leads_to_tls(response) and not _wants_tls(response, answers)
    ]
    require("nothing to be answered without TLS", problems)


def _leads_to_tls(response: requests.Response) -> bool:
    return response.is_redirect and response.headers["Location"].lower().startswith("https://")


def _wants_tls(response: requests.Response, answers: Answers) -> bool:
    if response.status_code not in answers.tls_needed_statuses:
        return False
    try:
        response.json()
    except requests.JSONDecodeError:
        return True
    text = response.text.replace("\\/", "/")  # JSON may write a slash so.
    told = f"{response.headers.get('Upgrade', '')} {text}"
    return _SAYS_TLS.search(told) is not None or any(
        _is_where_to_ask(address.rstrip(".,;:"), response.url) for address in _HTTPS_ADDRESS.findall(told)
    )


def _is_where_to_ask(address: str, asked: str) -> bool:
    """Whether an address is that of the server, its base path or the call; that of a page about errors is none."""
    told, wanted = urlsplit(address), urlsplit(asked)
    path = told.path.rstrip("/")
    is_this_server = told.hostname == wanted.hostname and f"{wanted.path}/".startswith(f"{path}/")
    return not told.query and not told.fragment and (is_this_server or path == wanted.path != "")

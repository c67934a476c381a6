"""Defects of security: headers, hostile paths, secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from sandbox.defects.defect import Change, Defect
from sandbox.defects.in_the_clear import in_the_clear_too, refusing_in_the_clear
from sandbox.defects.interception import JSON, InterceptedRequest, InterceptedResponse, intercepting
from sandbox.focus_server.http_answers import SECURITY_HEADERS

AREA = "security"

_DISCLOSED = "An attacker learns what to attack."
_BROWSER = "An attacker's code runs in the browser of everybody who reads the answer."


def without_header(name: str) -> Change:
    """Leave out one of the headers that protect the reader."""
    return lambda parts: replace(parts, headers=tuple(header for header in parts.headers if header[0] != name))


def with_header(name: str, value: str) -> Change:
    """Send another header with every answer."""
    return lambda parts: replace(parts, headers=(*parts.headers, (name, value)))


def on_path(name: str, summary: str, impact: str, part: str, change: Callable[[InterceptedResponse], object]) -> Defect:
    """Responses to requests are changed whose path contains something."""

    def response(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if part in request.path:
            change(response)

    return intercepting(name, summary, impact, response=response)


def disclosing(name: str, summary: str, text: Callable[[], str]) -> Defect:
    """A text is disclosed in the answer that a page was not found."""
    return on_path(name, summary, _DISCLOSED, "no-such-page", lambda response: response.become(404, {"detail": text()}))


def in_errors(*headers: str) -> Callable[[InterceptedRequest, InterceptedResponse], None]:
    """Leave out headers from errors."""

    def change(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if response.status >= 400:
            for name in headers:
                del response.headers[name]

    return change


def of_other_sites(what: str, media_type: str) -> Defect:
    """A configuration is taken for what it is, whatever a page of another site has a browser call it."""

    def request(request: InterceptedRequest) -> None:
        if "origin" in request.headers and media_type in request.headers.get("content-type", ""):
            request.headers["content-type"] = JSON
            request.body = request.body[request.body.index(b"{") : request.body.rindex(b"}") + 1]

    return intercepting(
        f"{what}_of_other_sites_accepted",
        f"A page of another site can make a job by {what} of a browser.",
        "Whoever lures an operator to a page of theirs starts jobs in the operator's name.",
        request=request,
    )


DEFECTS: tuple[Defect, ...] = (
    *(
        Defect(f"without_{name.replace('-', '_').lower()}", f"Answers lack {name}.", _BROWSER, without_header(name))
        for name, _ in SECURITY_HEADERS
    ),
    intercepting(
        "errors_without_headers",
        "Errors lack the headers that protect the reader.",
        _BROWSER,
        response=in_errors(*(name for name, _ in SECURITY_HEADERS)),
    ),
    intercepting(
        "errors_may_be_sniffed",
        "A browser may take an error for something else than it is.",
        _BROWSER,
        response=in_errors("X-Content-Type-Options"),
    ),
    of_other_sites("forms", "form"),
    of_other_sites("texts", "text/plain"),
    Defect(
        "other_sites_let_in",
        "Browsers are told that pages of any site may make and end jobs.",
        "Whoever lures an operator to a page of theirs ends the operator's jobs.",
        with_header("Access-Control-Allow-Origin", "*"),
    ),
    Defect(
        "answers_without_tls_too",
        "The server answers without TLS as well.",
        "Whoever is on the way reads what is recorded, and can start and end jobs.",
        wrap=in_the_clear_too,
    ),
    Defect(
        "a_job_under_a_task_id_without_tls",
        "A job can be requested without TLS when it has a task id; all else is rejected.",
        "Whoever is on the way reads what an operator looks at, and can start jobs.",
        wrap=refusing_in_the_clear(426, "TLS is needed", but=lambda path: "/configure/" in path),
    ),
    *(
        Defect(
            f"{name}_without_tls",
            f"Without TLS the server reads what it is asked, and answers {what}.",
            "Whoever is on the way reads what is asked, and what the server makes of it.",
            wrap=refusing_in_the_clear(status, reason),
        )
        for name, what, status, reason in (
            ("an_unknown_job", "that there is no such job", 404, "there is no job with this id"),
            ("an_internal_error", "that there was an internal error", 500, "internal error"),
            ("nothing_recorded", "that nothing was recorded", 400, "there is no recording in that time"),
        )
    ),
    Defect(
        "no_word_of_tls",
        "A client that came over TLS is not told to come that way again.",
        "The next request may be sent in the clear, and be read or changed on its way.",
        lambda parts: replace(parts, tls_headers=()),
    ),
    Defect(
        "tls_for_a_day",
        "A client that came over TLS is told to come that way for a day only.",
        "After a weekend a request may be sent in the clear, and be read or changed on its way.",
        lambda parts: replace(parts, tls_headers=(("Strict-Transport-Security", "max-age=86400"),)),
    ),
    Defect(
        "tells_x_powered_by",
        "Answers disclose what the server is made of (X-Powered-By).",
        _DISCLOSED,
        with_header("X-Powered-By", "FastAPI"),
    ),
    Defect(
        "tells_server",
        "Answers disclose what the server is made of (Server).",
        _DISCLOSED,
        with_header("Server", "uvicorn/0.35"),
    ),
    on_path(
        *("header_from_outside", "A line break in a path puts a header into the answer.", _BROWSER),
        *("\r\n", lambda response: response.headers.update({"X-Injected": "yes"})),
    ),
    on_path(
        *("fails_at_null_bytes", "A null byte in a path is an internal error.", "An attacker makes the server fail."),
        *("\x00", lambda response: response.become(500, {"detail": "internal error"})),
    ),
    on_path(
        *("fails_at_long_paths", "A long path is answered differently."),
        "Clients cannot tell an unknown job from a fault.",
        *("x" * 1000, lambda response: response.become(414, {"detail": "too long"})),
    ),
    on_path(
        *("finds_files", "A way out of the path is followed.", "An attacker reads files of the server."),
        *("../", lambda response: response.become(200, {"detail": "root:x:0:0"})),
    ),
    on_path(
        *("finds_nothing_but_spaces", "Spaces in a path are cut off."),
        "A mistyped id reaches another call than the one that was meant.",
        *("/   ", lambda response: response.become(405, {"detail": "no"})),
    ),
    on_path(
        *("page_with_a_script", "What is not found is repeated on a page as it was requested.", _BROWSER),
        *("<script>", lambda response: response.become(404, "<p>no <script>alert(1)</script>", "text/html")),
    ),
    disclosing(
        "tells_store",
        "An error discloses the address of a store.",
        lambda: "mongodb://10.0.0.7/ is not what you want",
    ),
    disclosing(
        "gives_its_password",
        "An error discloses the password of the broker.",
        lambda: urlsplit(os.environ["FOCUS_SERVER_RABBITMQ_URL"]).password,
    ),
    disclosing("tells_kubeconfig", "An error discloses a file of the server.", lambda: "see /etc/kubeconfig"),
)

"""Defects of the health check, and of keeping what is entrusted: headers, hostile paths, secrets."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from sandbox.defects.registry import register
from sandbox.defects.wire import Answer, Request, wired
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.http_answers import SECURITY_HEADERS

AREA = "health and safety"

HEALTH = "Whoever watches the server is misled: it is restarted, or left broken, without need."
INSIDE = "An attacker learns what to attack."
BROWSER = "What an attacker sends is run in the browser of whoever reads the answer."


def of_the_health(change: Callable[[Answer], None]) -> Callable[[Request, Answer], None]:
    """Change answers to the health check."""
    return lambda request, answer: change(answer) if request.path.endswith("/ack") else None


def health_taken_for(method: str) -> Callable[[Request], None]:
    """Take another method for GET."""

    def hear(request: Request) -> None:
        if request.path.endswith("/ack") and request.scope["method"] == method:
            request.scope["method"] = "GET"

    return hear


for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"):
    wired(
        f"health_by_{method.lower()}",
        f"The health check is answered by {method}, too.",
        HEALTH,
        hear=health_taken_for(method),
    )


def without_allow(answer: Answer) -> None:
    """Leave out which methods are allowed."""
    if "allow" in answer.headers:
        del answer.headers["allow"]


wired(
    "no_word_of_what_is_allowed",
    "A refused method does not say which are allowed.",
    HEALTH,
    say=of_the_health(without_allow),
)
wired(
    "healthy_in_other_words",
    "The health check says something else.",
    HEALTH,
    say=of_the_health(lambda a: a.say(200, {"state": "up"}) if a.status == 200 else None),
)
wired(
    "healthy_as_text",
    "The health check is answered as text.",
    HEALTH,
    say=of_the_health(lambda a: a.say(200, "ok", "text/plain") if a.status == 200 else None),
)

for name, words, header, new in (
    ("health_as_asked_for", "The health check is refused to who asks for a page.", ("accept", "text/html"), 406),
    ("health_not_modified", "The health check is answered as not modified.", ("if-none-match", "*"), 304),
    ("health_in_parts", "The health check is answered in parts.", ("range", "bytes=0-1"), 206),
    (
        "health_of_a_form",
        "The health check is refused to who says to send a form.",
        ("content-type", "application/x-www-form-urlencoded"),
        415,
    ),
    ("health_not_of_probes", "The health check is refused to probes.", ("user-agent", "kube-probe/1.31"), 403),
):

    def say(request: Request, answer: Answer, header: tuple[str, str] = header, new: int = new) -> None:
        """Answer who sends that header otherwise."""
        if request.path.endswith("/ack") and request.headers.get(header[0]) == header[1]:
            answer.status = new

    wired(name, words, HEALTH, say=say)


def now_and_then(every: int) -> Callable[[Request], bool]:
    """Of many questions for the health one."""
    number = itertools.count(1)
    return lambda request: request.path.endswith("/ack") and next(number) % every == 0


sometimes = now_and_then(100)
wired(
    "health_now_and_then_late",
    "Now and then the health check is answered late.",
    HEALTH,
    slow_s=lambda request: 2.1 if sometimes(request) else 0,
)
unless = now_and_then(50)
wired(
    "health_now_and_then_ill",
    "Of many health checks some are refused.",
    HEALTH,
    say=lambda request, answer: answer.say(503, {"detail": "busy"}) if unless(request) else None,
)
wired(
    "jobs_made_late",
    "A job takes more than two seconds to be made.",
    "The operator takes the view for broken, and opens another one.",
    slow_s=lambda request: 2.1 if request.path.endswith("/configure") else 0,
)


def headers_but(parts: Parts, name: str) -> Parts:
    """A server that leaves out one of the headers that protect the reader."""
    return replace(parts, headers=tuple(header for header in parts.headers if header[0] != name))


for header, _ in SECURITY_HEADERS:
    register(
        f"without_{header.replace('-', '_').lower()}",
        f"Answers lack {header}.",
        BROWSER,
        change=partial(headers_but, name=header),
    )


def bare_errors(request: Request, answer: Answer) -> None:
    """Leave out all of them from errors."""
    if answer.status >= 400:
        for name, _ in SECURITY_HEADERS:
            del answer.headers[name]


wired("errors_without_headers", "Errors lack the headers that protect the reader.", BROWSER, say=bare_errors)
register(
    "no_word_of_tls",
    "Who came over TLS is not told to come that way again.",
    "The next request may go in the clear, and be read or changed on its way.",
    change=lambda parts: replace(parts, tls_headers=()),
)
register(
    "tls_for_a_day",
    "Who came over TLS is told to come that way for a day only.",
    "After a weekend a request may go in the clear, and be read or changed on its way.",
    change=lambda parts: replace(parts, tls_headers=(("Strict-Transport-Security", "max-age=86400"),)),
)
for name, value in (("X-Powered-By", "FastAPI"), ("Server", "uvicorn/0.35")):
    register(
        f"tells_{name.replace('-', '_').lower()}",
        f"Answers tell what the server is made of ({name}).",
        INSIDE,
        change=lambda parts, name=name, value=value: replace(parts, headers=(*parts.headers, (name, value))),
    )


def on_path(part: str, change: Callable[[Answer], None]) -> Callable[[Request, Answer], None]:
    """Change answers to requests whose path holds something."""
    return lambda request, answer: change(answer) if part in request.path else None


def _with_header(answer: Answer) -> None:
    answer.headers["X-Injected"] = "yes"


wired(
    "header_from_outside",
    "A line break in a path puts a header into the answer.",
    BROWSER,
    say=on_path("\r\n", _with_header),
)
wired(
    "fails_at_null_bytes",
    "A null byte in a path is a defect of the server.",
    "An attacker brings the server to fail.",
    say=on_path("\x00", lambda a: a.say(500, {"detail": "internal error"})),
)
wired(
    "fails_at_long_paths",
    "A long path is answered otherwise.",
    "Clients cannot tell an unknown job from a fault.",
    say=on_path("x" * 1000, lambda a: a.say(414, {"detail": "too long"})),
)
wired(
    "finds_files",
    "A way out of the path is followed.",
    "An attacker reads files of the server.",
    say=on_path("../", lambda a: a.say(200, {"detail": "root:x:0:0"})),
)
wired(
    "finds_nothing_but_spaces",
    "Spaces in a path are cut off.",
    "A mistyped id reaches another call than the one that was meant.",
    say=on_path("/   ", lambda a: a.say(405, {"detail": "no"})),
)
wired(
    "page_with_a_script",
    "What is unknown is told on a page, as it was asked for.",
    BROWSER,
    say=on_path("<script>", lambda a: a.say(404, "<p>no <script>alert(1)</script>", "text/html")),
)


def _sniffed(request: Request, answer: Answer) -> None:
    if answer.status >= 400:
        del answer.headers["X-Content-Type-Options"]


wired("errors_may_be_sniffed", "A browser may take an error for something else than it is.", BROWSER, say=_sniffed)


def giving_away(text: str) -> Callable[[Request, Answer], None]:
    """Add something to the answer that a page was not found with."""
    return lambda request, answer: answer.say(404, {"detail": text}) if "no-such-page" in request.path else None


wired(
    "tells_store",
    "An error tells the address of a store.",
    INSIDE,
    say=giving_away("mongodb://10.0.0.7/ is not what you want"),
)
wired(
    "gives_its_password",
    "An error tells the password of the broker.",
    INSIDE,
    say=lambda request, answer: giving_away(urlsplit(os.environ["FOCUS_SERVER_RABBITMQ_URL"]).password)(
        request, answer
    ),
)
wired("tells_kubeconfig", "An error tells a file of the server.", INSIDE, say=giving_away("see /etc/kubeconfig"))

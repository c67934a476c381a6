"""Defects of how requests are read and answers written: on the wire, before and after all that the parts do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.defects.registry import register
from sandbox.defects.usual import usual

AREA = "requests and answers"

JSON = "application/json"


@dataclass
class Request:
    """What the server is asked, as it was sent."""

    scope: Scope
    body: bytes

    @property
    def path(self) -> str:
        """Where it goes."""
        return self.scope["path"]

    @property
    def headers(self) -> MutableHeaders:
        """Its headers; changes are heard by the server."""
        return MutableHeaders(scope=self.scope)

    @property
    def body_is_a_configuration(self) -> bool:
        """Whether it asks for a job."""
        return self.scope["method"] == "POST" and self.path.endswith("/configure")


@dataclass
class Answer:
    """What the server answers."""

    status: int
    headers: MutableHeaders
    body: bytes

    def say(self, status: int, body: Any, media_type: str = JSON) -> None:
        """Say this instead."""
        self.status, self.headers["content-type"] = status, media_type
        self.body = body.encode() if isinstance(body, str) else json.dumps(body).encode()


class Between:
    """An application whose requests or answers are changed on their way."""

    def __init__(
        self,
        app: ASGIApp,
        hear: Callable[[Request], None] = lambda request: None,
        say: Callable[[Request, Answer], None] = lambda request, answer: None,
        slow_s: Callable[[Request], float] = lambda request: 0,
    ) -> None:
        self._app, self._hear, self._say, self._slow_s = app, hear, say, slow_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hear all of the request, hand it on, hear all of the answer, send that."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        request = Request({**scope, "headers": list(scope["headers"])}, body)
        await asyncio.sleep(self._slow_s(request))
        self._hear(request)
        request.headers["content-length"] = str(len(request.body))
        heard = False

        async def hear() -> Message:
            nonlocal heard
            if heard:
                return await receive()
            heard = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        answer = Answer(500, MutableHeaders(), b"")

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], MutableHeaders(raw=list(message["headers"]))
            else:
                answer.body += message.get("body", b"")

        try:
            await self._app(request.scope, hear, say)
        finally:
            self._say(Request(scope, body), answer)
            answer.headers["content-length"] = str(len(answer.body))
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers.raw})
            await send({"type": "http.response.body", "body": answer.body})


def wired(name: str, words: str, harm: str, **how: Callable[..., Any]) -> None:
    """Register a defect on the wire, of the area of the caller."""
    register(name, words, harm, callers=2, wrap=partial(Between, **how))


def taken_for_good(matches: Callable[[Request], bool]) -> Callable[[Request], None]:
    """Take a malformed request for the usual one."""

    def hear(request: Request) -> None:
        if request.body_is_a_configuration and matches(request):
            request.body = json.dumps(usual()).encode()
            request.headers["content-type"] = JSON
            if "content-encoding" in request.headers:
                del request.headers["content-encoding"]

    return hear


def called(content_type: str | None) -> Callable[[Request], bool]:
    """A configuration that is said to be something else."""
    return lambda request: request.headers.get("content-type") == content_type and request.body.startswith(b"{")


for name, words, matches in (
    ("accepts_no_body", "Nothing at all", lambda r: r.body == b""),
    ("accepts_half_a_body", "A body cut short", lambda r: r.body[:1] == b"{" and r.body.rstrip()[-1:] != b"}"),
    ("accepts_plain_text", "A text in words", lambda r: r.body[:1].isalpha() and r.body != b"null"),
    ("accepts_a_comma_behind", "JSON with a comma too many", lambda r: b",}" in r.body),
    ("accepts_single_quotes", "JSON in single quotes", lambda r: r.body.startswith(b"{'")),
    ("accepts_not_a_number", "JSON with what is not a number", lambda r: b"NaN" in r.body),
    ("accepts_infinity", "JSON with an infinite number", lambda r: b"Infinity" in r.body),
    ("accepts_any_bytes", "A body of any bytes", lambda r: r.body.startswith(b"\xff\xfe\x00")),
    ("accepts_utf_16", "JSON in UTF-16", lambda r: r.body.startswith("{".encode("utf-16"))),
    ("accepts_nesting", "Endless nesting", lambda r: r.body.startswith(b"[[[")),
    ("accepts_a_parameter_twice", "A parameter given twice", lambda r: r.body.count(b'"nfftSelection"') == 2),
    ("accepts_an_empty_object", "A configuration without any parameter", lambda r: r.body == b"{}"),
    ("accepts_a_list", "A list", lambda r: r.body.startswith(b"[{")),
    ("accepts_a_number", "A number", lambda r: r.body.isdigit()),
    ("accepts_a_text", "A text in quotes", lambda r: r.body.startswith(b'"')),
    ("accepts_null", "The word null", lambda r: r.body == b"null"),
    ("accepts_text_plain", "A body that is said to be text", called("text/plain")),
    ("accepts_xml", "A body that is said to be XML", called("application/xml")),
    ("accepts_a_form", "A body that is said to be a form", called("application/x-www-form-urlencoded")),
    ("accepts_no_type", "A body that is said to be nothing", called(None)),
    ("accepts_gzip", "A compressed body", lambda r: r.headers.get("content-encoding") == "gzip"),
    ("accepts_large_bodies", "A body larger than is read", lambda r: 65_536 < len(r.body) < 1_000_000),
    ("accepts_huge_bodies", "A body of megabytes", lambda r: len(r.body) >= 1_000_000),
):
    wired(
        name,
        f"{words} is taken for a configuration.",
        "A client with a fault in it is served something that it never asked for.",
        hear=taken_for_good(matches),
    )


def told(words: str) -> Callable[[Request, Answer], None]:
    """Tell every error in some form."""
    forms: dict[str, Callable[[Answer], None]] = {
        "text": lambda answer: answer.say(answer.status, "something is wrong", "text/plain"),
        "page": lambda answer: answer.say(answer.status, "<h1>Not Found</h1>", "text/html"),
        "error": lambda answer: answer.say(answer.status, {"error": json.loads(answer.body)["detail"]}),
        "number": lambda answer: answer.say(answer.status, {"detail": 42}),
        "nothing": lambda answer: answer.say(answer.status, {"detail": ""}),
        "job": lambda answer: answer.say(answer.status, {**json.loads(answer.body), "job_id": "job_0a1b2c3d"}),
        "inside": lambda answer: answer.say(
            answer.status, {"detail": f'Traceback: File "/srv/focus/rules.py": {answer.body.decode()}'}
        ),
    }
    return lambda request, answer: forms[words](answer) if answer.status >= 400 else None


PARSE = "Clients cannot read what went wrong, and show nothing or fail themselves."
GUESS = "The operator has to guess what to mend."
for form, words, harm in (
    ("text", "Errors are plain text.", PARSE),
    ("page", "Errors are pages for a browser.", PARSE),
    ("error", "Errors have another form than promised.", PARSE),
    ("number", "The reason of an error is a number.", GUESS),
    ("nothing", "The reason of an error is empty.", GUESS),
    ("job", "An error names a job.", "Clients wait for a job that was never made."),
    ("inside", "An error shows a stack trace.", "Every client sees the inside of the server."),
):
    wired(f"errors_as_{form}", words, harm, say=told(form))


def says_when(status: int, new: int) -> Callable[[Request, Answer], None]:
    """Answer with another status."""

    def say(request: Request, answer: Answer) -> None:
        if answer.status == status:
            answer.status = new

    return say


for status, new in ((400, 500), (404, 200), (404, 500), (405, 500), (413, 500), (415, 500), (422, 500)):
    wired(
        f"{new}_instead_of_{status}",
        f"Instead of {HTTPStatus(status).phrase!r} it is said {HTTPStatus(new).phrase!r}.",
        "Clients take their own mistake for the server's, or for none at all.",
        say=says_when(status, new),
    )


def no_object(request: Request, answer: Answer) -> None:
    """Fail at a body that is no object."""
    try:
        is_object = isinstance(json.loads(request.body or b"{}"), dict)
    except (ValueError, RecursionError):
        return
    if not is_object:
        answer.say(500, {"detail": "internal error"})


wired(
    "fails_at_no_object",
    "A body that is JSON and no object is a defect of the server.",
    "A client's mistake wakes the people who operate the server.",
    say=no_object,
)


def broken_by(hurts: Callable[[Request], bool]) -> Callable[[Request, Answer], None]:
    """Serve nobody any more after a request."""
    broken: list[bool] = []

    def say(request: Request, answer: Answer) -> None:
        if broken and request.scope["method"] == "POST":
            answer.say(503, {"detail": "out of memory"})
        if hurts(request):
            broken.append(True)

    return say


wired(
    "broken_by_a_large_body",
    "After a body that is too large nobody is served.",
    "One client's mistake ends the service for everybody.",
    say=broken_by(lambda r: len(r.body) > 1_000_000),
)
wired(
    "broken_by_nesting",
    "After endless nesting nobody is served.",
    "One client's mistake ends the service for everybody.",
    say=broken_by(lambda r: r.body.startswith(b"[[[")),
)


def with_a_charset(request: Request, answer: Answer) -> None:
    """Take nothing but the bare content type."""
    given = request.headers.get("content-type", "")
    if given.lower() != JSON and given.lower().partition(";")[0].strip() == JSON:
        answer.say(415, {"detail": "the content type must be application/json"})


wired(
    "charset_refused",
    "JSON that says its character set is refused.",
    "Clients whose library says so cannot ask for a job at all.",
    say=with_a_charset,
)

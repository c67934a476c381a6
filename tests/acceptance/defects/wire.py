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

from support.configuration import generate_config_payload
from support.malformed import BODIES
from tests.acceptance.defects.registry import register

JSON = "application/json"


@dataclass
class Request:
    """What the server is asked, as it was sent."""

    scope: Scope
    body: bytes

    @property
    def path(self) -> str:
        return self.scope["path"]

    @property
    def headers(self) -> MutableHeaders:
        return MutableHeaders(scope=self.scope)


@dataclass
class Answer:
    """What the server answers."""

    status: int
    headers: MutableHeaders
    body: bytes

    def say(self, status: int, body: Any, media_type: str = JSON) -> None:
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


def wired(name: str, words: str, **how: Callable[..., Any]) -> None:
    """Register a defect on the wire."""
    register(name, words, wrap=partial(Between, **how))


def _good() -> bytes:
    return json.dumps(generate_config_payload()).encode()


def taken_for_good(what: str) -> Callable[[Request], None]:
    """Take a malformed body for a good one."""
    body = BODIES[what]()

    def hear(request: Request) -> None:
        same = (
            request.body == body.content or None is not request.headers.get("content-encoding") == body.content_encoding
        )
        if same and request.headers.get("content-type") == body.content_type:
            request.body = _good()
            request.headers["content-type"] = JSON
            if "content-encoding" in request.headers:
                del request.headers["content-encoding"]

    return hear


def name_of(what: str) -> str:
    """The name of the defect that accepts a malformed body."""
    return "accepts_" + "".join(letter if letter.isalnum() else "_" for letter in what.lower())


for what in BODIES:
    wired(name_of(what), f"A configuration is accepted that is sent as {what}.", hear=taken_for_good(what))


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


for form, words in (
    ("text", "Errors are plain text."),
    ("page", "Errors are pages for a browser."),
    ("error", "Errors have another form than promised."),
    ("number", "The reason of an error is a number."),
    ("nothing", "The reason of an error is empty."),
    ("job", "An error names a job."),
    ("inside", "An error shows a stack trace."),
):
    wired(f"errors_as_{form}", words, say=told(form))


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


wired("fails_at_no_object", "A body that is JSON and no object is a defect of the server.", say=no_object)


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
    say=broken_by(lambda r: len(r.body) > 1_000_000),
)
wired(
    "broken_by_nesting", "After endless nesting nobody is served.", say=broken_by(lambda r: r.body.startswith(b"[[["))
)


def with_a_charset(request: Request, answer: Answer) -> None:
    """Take nothing but the bare content type."""
    given = request.headers.get("content-type", "")
    if given.lower() != JSON and given.lower().partition(";")[0].strip() == JSON:
        answer.say(415, {"detail": "the content type must be application/json"})


wired("charset_refused", "JSON that says its character set is refused.", say=with_a_charset)

"""Defects of reading HTTP requests and of the form of error responses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.defects.defect import Defect
from sandbox.defects.interception import (
    JSON,
    ChangeResponse,
    InterceptedRequest,
    InterceptedResponse,
    intercepting,
)
from sandbox.defects.sample_configuration import valid_configuration

AREA = "requests and error responses"


def accepting(name: str, what: str, matches: Callable[[InterceptedRequest], bool]) -> Defect:
    """A malformed request is taken for a valid one."""

    def request(request: InterceptedRequest) -> None:
        if request.is_for_a_job and matches(request):
            request.body = json.dumps(valid_configuration()).encode()
            request.headers["content-type"] = JSON
            if "content-encoding" in request.headers:
                del request.headers["content-encoding"]

    impact = "A client with a fault in it gets something that it never asked for."
    return intercepting(name, f"{what} is taken for a configuration.", impact, request=request)


def said_to_be(content_type: str | None) -> Callable[[InterceptedRequest], bool]:
    """A configuration that is said to be something else."""
    return lambda request: request.headers.get("content-type") == content_type and request.body.startswith(b"{")


def errors_as(form: str, summary: str, impact: str, change: Callable[[InterceptedResponse], object]) -> Defect:
    """All errors have another form."""

    def response(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if response.status >= 400:
            change(response)

    return intercepting(f"errors_as_{form}", summary, impact, response=response)


def _redirect_slashes(request: InterceptedRequest, response: InterceptedResponse) -> None:
    if response.status == 404 and request.path.endswith("/"):
        response.become(307, "", "text/plain")
        response.headers["location"] = request.path.rstrip("/")


def status_instead_of(right: int, wrong: int) -> Defect:
    """A status stands in the place of another one."""

    def response(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if response.status == right:
            response.status = wrong

    return intercepting(
        f"{wrong}_instead_of_{right}",
        f"The status is {HTTPStatus(wrong).phrase!r} instead of {HTTPStatus(right).phrase!r}.",
        "Clients take their own mistake for the server's, or for none at all.",
        response=response,
    )


def broken_by(harms: Callable[[InterceptedRequest], bool]) -> ChangeResponse:
    """After a request that harms the server nobody is served any more."""
    broken: list[bool] = []

    def change(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if broken and request.scope["method"] == "POST":
            response.become(503, {"detail": "out of memory"})
        if harms(request):
            broken.append(True)

    return change


def _detail(response: InterceptedResponse, body: object) -> None:
    response.become(response.status, body)


def _fail_unless_object(request: InterceptedRequest, response: InterceptedResponse) -> None:
    try:
        is_object = isinstance(json.loads(request.body or b"{}"), dict)
    except (ValueError, RecursionError):
        return
    if not is_object:
        response.become(500, {"detail": "internal error"})


def _reject_charset(request: InterceptedRequest, response: InterceptedResponse) -> None:
    given = request.headers.get("content-type", "")
    if given.lower() != JSON and given.lower().partition(";")[0].strip() == JSON:
        response.become(415, {"detail": "the content type must be application/json"})


_UNREADABLE = "Clients cannot read what went wrong, and show nothing or fail themselves."
_GUESS = "The operator has to guess what to correct."
_ENDED = "One client's mistake ends the service for everybody."


def unforeseen(name: str, summary: str, impact: str, body: object, media_type: str = JSON) -> Defect:
    """Only what the server did not foresee is told otherwise."""

    def response(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if response.status == 500:
            response.become(500, body, media_type)

    return intercepting(f"internal_error_{name}", summary, impact, response=response)


def _closing_after_500(app: ASGIApp) -> ASGIApp:
    """Close the connection under the next request: were it closed before, the client would notice, and make another.

    Half an answer is begun, so that the client cannot take it for a connection that was closed before.
    """
    failed: set[object] = set()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client in failed:
            failed.discard(client)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            raise RuntimeError("answered 500 before")

        async def note(message: Message) -> None:
            if message.get("status") == 500:
                failed.add(client)
            await send(message)

        await app(scope, receive, note)

    return serve


def _completing_what_is_cut(app: ASGIApp) -> ASGIApp:
    """A request for a job whose client has gone before it was all there is made whole, and carried out."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/configure"):
            await app(scope, receive, send)
            return
        body, more, is_cut = b"", True, False
        while more:
            message = await receive()
            is_cut = message["type"] == "http.disconnect"
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if is_cut:
            body = json.dumps(valid_configuration()).encode()
        read = False

        async def all_of_it() -> Message:
            nonlocal read
            if not read:
                read = True
                return {"type": "http.request", "body": body, "more_body": False}
            if is_cut:
                await asyncio.Event().wait()  # Nobody has gone, as far as the server knows.
            return await receive()

        await app(scope, all_of_it, send)

    return serve


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "half_a_request_made_whole",
        "A request of which only half has come is filled up, and its job is made.",
        "A client whose connection breaks off leaves a job behind that it does not know of.",
        wrap=_completing_what_is_cut,
    ),
    Defect(
        "internal_error_closes_the_connection",
        "After an internal error the connection is closed under the next request.",
        "The next request of the same client, which is right, breaks off.",
        wrap=_closing_after_500,
    ),
    unforeseen(
        "tells_the_inside",
        "An internal error is told with its stack trace.",
        "Whoever asks learns how the server is built.",
        {"detail": "Traceback (most recent call last): in find, KeyError: 'config'"},
    ),
    unforeseen(
        "in_plain_text",
        "An internal error is told as plain text.",
        _UNREADABLE,
        "Internal Server Error",
        "text/plain",
    ),
    accepting("accepts_no_body", "An empty body", lambda r: r.body == b""),
    accepting("accepts_half_a_body", "A body cut short", lambda r: r.body[:1] == b"{" and r.body.rstrip()[-1:] != b"}"),
    accepting("accepts_plain_text", "A text in words", lambda r: r.body[:1].isalpha() and r.body != b"null"),
    accepting("accepts_a_comma_behind", "JSON with a trailing comma", lambda r: b",}" in r.body),
    accepting("accepts_single_quotes", "JSON in single quotes", lambda r: r.body.startswith(b"{'")),
    accepting("accepts_not_a_number", "JSON with NaN", lambda r: b"NaN" in r.body),
    accepting("accepts_infinity", "JSON with an infinite number", lambda r: b"Infinity" in r.body),
    accepting("accepts_any_bytes", "A body of any bytes", lambda r: r.body.startswith(b"\xff\xfe\x00")),
    accepting("accepts_utf_16", "JSON in UTF-16", lambda r: r.body.startswith("{".encode("utf-16"))),
    accepting("accepts_nesting", "Endless nesting", lambda r: r.body.startswith(b"[[[")),
    accepting("accepts_a_parameter_twice", "A parameter given twice", lambda r: r.body.count(b'"nfftSelection"') == 2),
    accepting("accepts_an_empty_object", "A configuration without any parameter", lambda r: r.body == b"{}"),
    accepting("accepts_a_list", "A list", lambda r: r.body.startswith(b"[{")),
    accepting("accepts_a_number", "A number", lambda r: r.body.isdigit()),
    accepting("accepts_a_text", "A text in quotes", lambda r: r.body.startswith(b'"')),
    accepting("accepts_null", "The word null", lambda r: r.body == b"null"),
    accepting("accepts_text_plain", "A body that is said to be text", said_to_be("text/plain")),
    accepting("accepts_xml", "A body that is said to be XML", said_to_be("application/xml")),
    accepting("accepts_a_form", "A body that is said to be a form", said_to_be("application/x-www-form-urlencoded")),
    accepting(
        "accepts_form_data",
        "A form with a configuration in it",
        lambda r: r.headers.get("content-type", "").startswith("multipart/"),
    ),
    accepting("accepts_no_type", "A body without a content type", said_to_be(None)),
    accepting("accepts_gzip", "A compressed body", lambda r: r.headers.get("content-encoding") == "gzip"),
    accepting("accepts_large_bodies", "A body larger than the limit", lambda r: 65_536 < len(r.body) < 1_000_000),
    accepting("accepts_huge_bodies", "A body of megabytes", lambda r: len(r.body) >= 1_000_000),
    errors_as(
        *("text", "Errors are plain text.", _UNREADABLE),
        lambda response: response.become(response.status, "something is wrong", "text/plain"),
    ),
    errors_as(
        *("page", "Errors are pages for a browser.", _UNREADABLE),
        lambda response: response.become(response.status, "<h1>Not Found</h1>", "text/html"),
    ),
    errors_as(
        *("error", "Errors have another form than promised.", _UNREADABLE),
        lambda response: _detail(response, {"error": json.loads(response.body)["detail"]}),
    ),
    errors_as(
        *("number", "The reason of an error is a number.", _GUESS),
        lambda response: _detail(response, {"detail": 42}),
    ),
    errors_as(
        *("nothing", "The reason of an error is empty.", _GUESS),
        lambda response: _detail(response, {"detail": ""}),
    ),
    errors_as(
        *("job", "An error names a job.", "Clients wait for a job that was never created."),
        lambda response: _detail(response, {**json.loads(response.body), "job_id": "job_0a1b2c3d"}),
    ),
    errors_as(
        *("inside", "An error shows a stack trace.", "Every client sees the inside of the server."),
        lambda response: _detail(
            response, {"detail": f'Traceback: File "/srv/focus/rules.py": {response.body.decode()}'}
        ),
    ),
    intercepting(
        "slash_too_many_redirected",
        "A path with a slash too many is redirected to the one without.",
        "A request that has gone to the wrong address comes to nothing, and its client is not told so.",
        response=_redirect_slashes,
    ),
    *(
        status_instead_of(right, wrong)
        for right, wrong in ((400, 500), (404, 200), (404, 500), (405, 500), (413, 500), (415, 500), (422, 500))
    ),
    intercepting(
        "fails_at_no_object",
        "A body that is JSON and no object is an internal error.",
        "A client's mistake wakes the people who operate the server.",
        response=_fail_unless_object,
    ),
    intercepting(
        "broken_by_a_large_body",
        "After a body that is too large nobody is served.",
        _ENDED,
        response=broken_by(lambda request: len(request.body) > 1_000_000),
    ),
    intercepting(
        "broken_by_nesting",
        "After endless nesting nobody is served.",
        _ENDED,
        response=broken_by(lambda request: request.body.startswith(b"[[[")),
    ),
    intercepting(
        "charset_refused",
        "JSON that says its character set is rejected.",
        "Clients whose library says so cannot request a job at all.",
        response=_reject_charset,
    ),
)

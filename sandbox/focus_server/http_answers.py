"""The form of every answer over HTTP: errors (contract, "Errors") and security headers."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.focus_server.errors import BadRowCount, InvalidRequest, NoLiveSource, NoRecording, StepFailed, UnknownJob
from sandbox.focus_server.json_input import UnreadableBody

log = logging.getLogger(__name__)

Detail = str | list[dict[str, object]]
Handler = Callable[..., Awaitable[Response]]


def error_answer(status: int, detail: Detail, headers: dict[str, str] | None = None) -> Response:
    """An error as JSON; in ASCII, since a field's name may be no valid Unicode."""
    body = json.dumps({"detail": detail}, ensure_ascii=True)
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


async def _invalid(_: Request, error: InvalidRequest) -> Response:
    # ascii: the names are the client's, and must not be able to forge log lines.
    log.info("refused: %s", ascii(str(error))[:500])
    return error_answer(422, [{"loc": [v.part, *v.loc], "msg": v.msg} for v in error.violations])


async def _unreadable(_: Request, error: UnreadableBody) -> Response:
    log.info("refused: %s", error)
    return error_answer(error.status, str(error))


async def _unavailable(_: Request, error: StepFailed) -> Response:
    log.warning("answered 503: %s%s", error, f" ({error.__cause__!r})" if error.__cause__ else "")
    return error_answer(503, str(error))


async def _framework(_: Request, error: HTTPException) -> Response:
    return error_answer(error.status_code, error.detail, dict(error.headers or {}))


def _with(status: int, text: str | None = None) -> Handler:
    """Answer with this text, or with what the error says."""

    async def answer(_: Request, error: Exception) -> Response:
        log.info("answered %d: %s", status, text or error)
        return error_answer(status, text or str(error))

    return answer


ERROR_HANDLERS: Mapping[type[Exception], Handler] = {
    InvalidRequest: _invalid,
    NoRecording: _with(400, "there is no recording between start_time and end_time"),
    NoLiveSource: _with(404, "there is no live source: no recording is under way"),
    BadRowCount: _with(400),
    UnreadableBody: _unreadable,
    UnknownJob: _with(404, "there is no job with this id"),
    StepFailed: _unavailable,
    HTTPException: _framework,
    Exception: _with(500, "internal error"),
}
"""How every error of the server, and of the framework, is answered in the contract's form."""

Headers = tuple[tuple[str, str], ...]
"""Names and values."""

SECURITY_HEADERS: Headers = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'"),
)
# Over plain HTTP browsers ignore it, and must: anyone on the way could have put it there.
TLS_HEADERS: Headers = (("Strict-Transport-Security", "max-age=31536000"),)


class WithHeaders:
    """An application with headers put on all its answers.

    Outside of the whole application, for the answer to a defect is made at its outermost layer.
    """

    def __init__(self, app: ASGIApp, *, always: Headers, over_tls: Headers) -> None:
        self._app = app
        self._always = always
        self._over_tls = over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's lifespan."""
        begun = False
        added = dict(self._always + (self._over_tls if scope.get("scheme") == "https" else ()))

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(added)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            # A defect of ours is raised again after it was answered; the connection would be closed for it, under
            # whatever its client asks next.
            if not begun:
                raise
            log.exception("a request failed")

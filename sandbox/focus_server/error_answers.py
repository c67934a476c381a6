"""How each error is answered: always ``{"detail": text or [{loc, msg}]}`` (contract, "Errors")."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sandbox.focus_server.bodies import UnreadableBody
from sandbox.focus_server.errors import BadRowCount, InvalidRequest, NoLiveSource, NoRecording, StepFailed, UnknownJob

log = logging.getLogger(__name__)

Detail = str | list[dict[str, object]]


def error_answer(status: int, detail: Detail, headers: dict[str, str] | None = None) -> Response:
    """An error as JSON; in ASCII, since a field's name may be no valid Unicode."""
    body = json.dumps({"detail": detail}, ensure_ascii=True)
    return Response(body, status, headers=dict(headers or {}), media_type="application/json")


def error_handlers() -> Mapping[type[Exception], Callable[..., Awaitable[Response]]]:
    """How every error of the server, and of the framework, is answered in the contract's form."""

    async def invalid(_: Request, error: InvalidRequest) -> Response:
        # ascii: the names are the client's, and must not be able to forge log lines.
        log.info("refused: %s", ascii(str(error))[:500])
        return error_answer(422, [{"loc": [v.part, *v.loc], "msg": v.msg} for v in error.violations])

    async def no_recording(_: Request, error: NoRecording) -> Response:
        log.info("refused: no recording in the time window")
        return error_answer(400, "there is no recording between start_time and end_time")

    async def no_live_source(_: Request, error: NoLiveSource) -> Response:
        return error_answer(404, "there is no live source: no recording is under way")

    async def bad_row_count(_: Request, error: BadRowCount) -> Response:
        return error_answer(400, str(error))

    async def unreadable(_: Request, error: UnreadableBody) -> Response:
        log.info("refused: %s", error)
        return error_answer(error.status, str(error))

    async def unknown(_: Request, error: UnknownJob) -> Response:
        return error_answer(404, "there is no job with this id")

    async def unavailable(_: Request, error: StepFailed) -> Response:
        log.warning("answered 503: %s%s", error, f" ({error.__cause__!r})" if error.__cause__ else "")
        return error_answer(503, str(error))

    async def framework(_: Request, error: HTTPException) -> Response:
        return error_answer(error.status_code, error.detail, dict(error.headers or {}))

    async def defect(_: Request, error: Exception) -> Response:
        return error_answer(500, "internal error")

    return {
        InvalidRequest: invalid,
        NoRecording: no_recording,
        NoLiveSource: no_live_source,
        BadRowCount: bad_row_count,
        UnreadableBody: unreadable,
        UnknownJob: unknown,
        StepFailed: unavailable,
        HTTPException: framework,
        Exception: defect,
    }

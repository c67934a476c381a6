"""How each error is answered: always ``{"detail": text or [{loc, msg}]}`` (contract, "Errors")."""

import json
import logging

from fastapi import FastAPI
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


def install_error_answers(app: FastAPI) -> None:
    """Answer every error of the server, and of the framework, in the contract's form."""

    @app.exception_handler(InvalidRequest)
    async def invalid(_: Request, error: InvalidRequest) -> Response:
        # ascii: the names are the client's, and must not be able to forge log lines.
        log.info("refused: %s", ascii(str(error))[:500])
        return error_answer(422, [{"loc": [v.part, *v.loc], "msg": v.msg} for v in error.violations])

    @app.exception_handler(NoRecording)
    async def no_recording(_: Request, error: NoRecording) -> Response:
        log.info("refused: no recording in the time window")
        return error_answer(400, "there is no recording between start_time and end_time")

    @app.exception_handler(NoLiveSource)
    async def no_live_source(_: Request, error: NoLiveSource) -> Response:
        return error_answer(404, "there is no live source: no recording is under way")

    @app.exception_handler(BadRowCount)
    async def bad_row_count(_: Request, error: BadRowCount) -> Response:
        return error_answer(400, str(error))

    @app.exception_handler(UnreadableBody)
    async def unreadable(_: Request, error: UnreadableBody) -> Response:
        log.info("refused: %s", error)
        return error_answer(error.status, str(error))

    @app.exception_handler(UnknownJob)
    async def unknown(_: Request, error: UnknownJob) -> Response:
        return error_answer(404, "there is no job with this id")

    @app.exception_handler(StepFailed)
    async def unavailable(_: Request, error: StepFailed) -> Response:
        log.warning("answered 503: %s%s", error, f" ({error.__cause__!r})" if error.__cause__ else "")
        return error_answer(503, str(error))

    @app.exception_handler(HTTPException)
    async def framework(_: Request, error: HTTPException) -> Response:
        return error_answer(error.status_code, error.detail, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        return error_answer(500, "internal error")

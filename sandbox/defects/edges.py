"""Defects that show only at the edges of what is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from heapq import merge
from itertools import islice
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.defects.defect import Defect, override
from sandbox.defects.interception import InterceptedRequest, InterceptedResponse, intercepting

AREA = "the edges of what is accepted"

_LARGEST_BODY = 65_536
_YEAR_2100 = 4_102_444_800
_UNREADABLE = b"{"

_CLOSED = "A view that must open does not."


def refusing(name: str, summary: str, impact: str, matches: Callable[[Any], bool]) -> Defect:
    """A valid request is not understood, when its body matches."""

    def request(request: InterceptedRequest) -> None:
        try:
            content = json.loads(request.body)
        except ValueError:
            return
        if isinstance(content, dict) and matches(content):
            request.body = _UNREADABLE

    return intercepting(name, summary, impact, request=request)


def _shown_as_often_as_recorded(playback: Any, recorded: Any, job_id: str, spans: Iterable[range], count: int) -> Any:
    position = playback._next.get(job_id, 0)
    ahead = merge(*(range(max(span.start, position), span.stop) for span in spans))
    return playback.mark_given(job_id, list(islice(ahead, count)))


def _fail_without_frequencies(request: InterceptedRequest, response: InterceptedResponse) -> None:
    if b'"intensity":[]' in response.body:
        response.become(500, {"detail": "internal error"})


def _overflow(request: InterceptedRequest, response: InterceptedResponse) -> None:
    if request.is_for_a_job and b"9223372036854775808" in request.body:
        response.become(500, {"detail": "internal error"})


def _task_id_alone(request: InterceptedRequest, response: InterceptedResponse) -> None:
    if "/configure/" in request.path and response.status == 422:
        detail = json.loads(response.body)["detail"]
        response.become(422, {"detail": [one for one in detail if one["loc"][0] == "path"] or detail})


def _lengthen(request: InterceptedRequest) -> None:
    if len(request.body) == _LARGEST_BODY:
        request.body += b" "


def _shorten(request: InterceptedRequest) -> None:
    if len(request.body) == _LARGEST_BODY + 1:
        request.body = request.body[:-1]


class _CutBody:
    """ASGI middleware that takes a body for ended when so many bytes of it have come."""

    def __init__(self, app: ASGIApp, is_enough: Callable[[int], bool]) -> None:
        self._app, self._is_enough = app, is_enough

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, up to there."""
        size = 0

        async def cut() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            return {**message, "more_body": False} if self._is_enough(size) else message

        await self._app(scope, cut, send)


DEFECTS: tuple[Defect, ...] = (
    refusing(
        "waterfall_view_not_from_the_first_sensor",
        "A waterfall view that begins with the first sensor is refused.",
        _CLOSED,
        lambda body: body.get("view_type") == 2 and body["channels"]["min"] == 0,
    ),
    intercepting(
        "rows_without_frequencies_fail",
        "The rows of a band that holds no frequency cannot be had.",
        "Operators who zoom in too far see an error instead of an empty band.",
        response=_fail_without_frequencies,
    ),
    Defect(
        "overlap_shown_twice",
        "Where recordings overlap, a playback shows each row twice.",
        "An event seems to last longer than it did.",
        override("playback", recorded=_shown_as_often_as_recorded),
    ),
    refusing(
        "no_recordings_until_after_2100",
        "Recordings cannot be asked for until a time after the year 2100.",
        "Clients that ask for all there is get nothing.",
        lambda body: isinstance(body.get("end_time"), int) and body["end_time"] > _YEAR_2100,
    ),
    refusing(
        "no_recordings_since_1970",
        "A time that begins with the year 1970 is taken for one without a beginning.",
        "Clients that ask for all there is get nothing.",
        lambda body: body.get("start_time") == 0,
    ),
    intercepting(
        "largest_body_refused",
        "The largest body that is to be read is refused.",
        _CLOSED,
        request=_lengthen,
    ),
    intercepting(
        "one_byte_too_many_read",
        "A body is read that is one byte too large.",
        "The limit does not protect the server as it was set.",
        request=_shorten,
    ),
    Defect(
        "too_large_part_dropped",
        "Of a body that is too large the part beyond the limit is dropped, and the rest is taken for all of it.",
        "A client gets another view than it asked for, and is not told.",
        wrap=partial(_CutBody, is_enough=lambda size: size == _LARGEST_BODY),
    ),
    Defect(
        "only_the_first_part_read",
        "Of a body that comes in parts only the first is read.",
        "Over a slow network views cannot be opened.",
        wrap=partial(_CutBody, is_enough=lambda size: True),
    ),
    intercepting(
        "huge_numbers_fail",
        "A number of more than 63 bits is an internal error.",
        "A client's mistake is looked for in the server.",
        response=_overflow,
    ),
    intercepting(
        "malformed_task_id_hides_the_rest",
        "With a malformed task id, nothing else that is wrong is told.",
        "A client corrects one mistake and meets the next.",
        response=_task_id_alone,
    ),
)

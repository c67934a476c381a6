"""Defects of the health check, and of how soon answers come."""

from __future__ import annotations

import itertools
import ssl
import warnings
from collections.abc import Callable
from typing import Any

import uvicorn.config

from sandbox.defects.defect import Defect, defect
from sandbox.defects.interception import InterceptedRequest, InterceptedResponse, intercepting
from sandbox.focus_server.composition import Parts

AREA = "health checks"

_MISLED = "Monitoring is misled: the server is restarted, or left broken, without need."


def is_health_check(request: InterceptedRequest) -> bool:
    """Whether a request is a health check."""
    return request.path.endswith("/ack")


def health(name: str, summary: str, change: Callable[[InterceptedResponse], None]) -> Defect:
    """Responses to the health check are changed."""

    def response(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if is_health_check(request):
            change(response)

    return intercepting(name, summary, _MISLED, response=response)


def taken_for_get(method: str) -> Defect:
    """Another method is taken for GET."""

    def change(request: InterceptedRequest) -> None:
        if is_health_check(request) and request.scope["method"] == method:
            request.scope["method"] = "GET"

    name, summary = f"health_by_{method.lower()}", f"The health check is answered by {method}, too."
    return intercepting(name, summary, _MISLED, request=change)


def status_where(name: str, summary: str, header: str, value: str, status: int) -> Defect:
    """Health checks with some header get another status."""

    def change(request: InterceptedRequest, response: InterceptedResponse) -> None:
        if is_health_check(request) and request.headers.get(header) == value:
            response.status = status

    return intercepting(name, summary, _MISLED, response=change)


def one_health_check_in(count: int) -> Callable[[InterceptedRequest], bool]:
    """Whether a request is one of so many health checks."""
    number = itertools.count(1)
    return lambda request: is_health_check(request) and next(number) % count == 0


def _without_allow(response: InterceptedResponse) -> None:
    if "allow" in response.headers:
        del response.headers["allow"]


def _instead_of_200(*become: Any) -> Callable[[InterceptedResponse], None]:
    return lambda response: response.become(200, *become) if response.status == 200 else None


_late, _unavailable = one_health_check_in(100), one_health_check_in(50)


@defect
def speaks_old_tls(parts: Parts) -> Parts:
    """The server speaks TLS 1.0 and 1.1, too.

    Who stands on the way can make both sides use what has been broken long ago.
    """
    create = uvicorn.config.create_ssl_context

    def create_for_all(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        context: ssl.SSLContext = create(*args, **kwargs)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        return context

    uvicorn.config.create_ssl_context = create_for_all
    return parts


DEFECTS: tuple[Defect, ...] = (
    *map(taken_for_get, ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")),
    health("no_word_of_what_is_allowed", "A rejected method does not say which are allowed.", _without_allow),
    health("healthy_in_other_words", "The health check says something else.", _instead_of_200({"state": "up"})),
    health("healthy_as_text", "The health check is answered as text.", _instead_of_200("ok", "text/plain")),
    status_where(
        *("health_as_asked_for", "The health check is rejected when a client asks for a page."),
        *("accept", "text/html", 406),
    ),
    status_where(
        *("health_not_modified", "The health check is answered as not modified."),
        *("if-none-match", "*", 304),
    ),
    status_where("health_in_parts", "The health check is answered in parts.", "range", "bytes=0-1", 206),
    status_where(
        *("health_of_a_form", "The health check is rejected when a client says that it sends a form."),
        *("content-type", "application/x-www-form-urlencoded", 415),
    ),
    status_where(
        *("health_not_of_probes", "The health check is rejected when a probe asks."),
        *("user-agent", "kube-probe/1.31", 403),
    ),
    intercepting(
        "health_now_and_then_late",
        "Now and then the health check is answered late.",
        _MISLED,
        delay_s=lambda request: 2.1 if _late(request) else 0,
    ),
    intercepting(
        "health_now_and_then_ill",
        "Of many health checks some are rejected.",
        _MISLED,
        response=lambda request, response: response.become(503, {"detail": "busy"}) if _unavailable(request) else None,
    ),
    intercepting(
        "jobs_made_late",
        "A job takes more than two seconds to be created.",
        "The operator takes the view for broken, and opens another one.",
        delay_s=lambda request: 2.1 if request.path.endswith("/configure") else 0,
    ),
    intercepting(
        "large_requests_answered_late",
        "A request of the largest size is answered after more than two seconds.",
        "The operator takes the view for broken, and opens another one.",
        delay_s=lambda request: 2.1 if len(request.body) > 60_000 else 0,
    ),
    intercepting(
        "large_answers_late",
        "A job of all sensors is answered after more than two seconds.",
        "The operator takes the view for broken, and opens another one.",
        delay_s=lambda request: 2.1 if b'"max": 2221' in request.body else 0,
    ),
    speaks_old_tls,
)

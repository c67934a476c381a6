"""Strict parsing of JSON, in the bodies of requests and in messages from a queue."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

# A body that is too large is still read, up to here: a client that is cut off while it sends may never
# see the answer that says why.
_DRAINED_BYTES = 64 * 1024 * 1024


class NoJson(ValueError):
    """The bytes are no JSON that could be understood in one way only; the message says what they are."""


def decoded(text: bytes) -> Any:
    """What the bytes say; raises `NoJson`."""
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
    except NoJson:
        raise
    except (ValueError, RecursionError):
        # Also bytes that are no UTF-8, numbers of thousands of digits, and nesting without end.
        raise NoJson("no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        # One of the values would be lost, and what is kept would not be what was sent.
        raise NoJson("JSON with the same name twice in an object")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise NoJson(f"no JSON: {name} is none")


class UnreadableBody(Exception):
    """The body is not taken; `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def read_json(request: Request, *, max_bytes: int, limit_s: float) -> Any:
    """The decoded body; raises `UnreadableBody` (contract, "Errors")."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        async with asyncio.timeout(limit_s):
            body = await _read(request, max_bytes)
    except TimeoutError:
        raise UnreadableBody(408, f"the body was not complete after {limit_s:g} s") from None
    except ClientDisconnect:
        raise UnreadableBody(499, "the client went away") from None
    if any(coding.strip().lower() != "identity" for coding in request.headers.getlist("content-encoding")):
        raise UnreadableBody(415, "the body must not be compressed or otherwise encoded")
    if content_type != "application/json":
        raise UnreadableBody(415, "the content type must be application/json")
    if len(body) > max_bytes:
        raise UnreadableBody(413, f"the body is larger than {max_bytes} bytes")
    try:
        return decoded(body)
    except NoJson as error:
        raise UnreadableBody(400, f"the body is {error}") from None


async def _read(request: Request, max_bytes: int) -> bytes:
    kept = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if len(kept) <= max_bytes:
            kept += chunk
        if size > _DRAINED_BYTES:
            break
    return bytes(kept)

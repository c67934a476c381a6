"""Reading a request's body as JSON."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

# A body that is too large is still read, up to here: a client that is cut off while it sends may never
# see the answer that says why.
_DRAINED_BYTES = 64 * 1024 * 1024


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
    return _decoded(body)


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


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        # Also bytes that are no UTF-8, numbers of thousands of digits, and nesting without end.
        raise UnreadableBody(400, "the body is no JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        # One of the values would be lost, and the task record would not be what was sent.
        raise UnreadableBody(400, "an object in the JSON body has the same name twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

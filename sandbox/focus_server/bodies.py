"""Reading a request's body as JSON."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request

from sandbox.focus_server.strict_json import NoJson, decoded

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

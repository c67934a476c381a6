"""Headers on every answer that keep a browser from making more of it than it is."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        added = dict(self._always + (self._over_tls if scope.get("scheme") == "https" else ()))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(added)
            await send(message)

        await self._app(scope, receive, send_with_headers)

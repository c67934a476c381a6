"""The HTTP side of the API: authentication, which verb does what, and the form of the answers."""

import base64
import binascii
import copy
import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from sandbox.emulators.kubernetes import discovery, errors
from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.emulators.kubernetes.patching import patched
from sandbox.emulators.kubernetes.registry import Registry
from sandbox.emulators.kubernetes.requests import (
    JSON,
    ResourcePath,
    decoded,
    deletion_asked,
    number_asked,
    parsed,
    target_of,
)
from sandbox.emulators.kubernetes.scale import scale_of, scaled
from sandbox.emulators.kubernetes.selectors import Selects, field_selector, label_selector
from sandbox.emulators.kubernetes.watching import watch

_HEALTH = ("/healthz", "/livez", "/readyz")
_LARGEST_BODY = 3 * 1024 * 1024
logger = logging.getLogger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(registry: Registry, token: str) -> web.Application:
    """The web application over a registry; every request but the health checks must carry the token."""
    server = _Server(registry)
    app = web.Application(middlewares=[_as_status, _only_with(token)], client_max_size=_LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", server.answer)
    return app


@web.middleware
async def _as_status(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return _json(error.status, error.code)
    except web.HTTPRequestEntityTooLarge:
        message = f"Request entity too large: limit is {_LARGEST_BODY}"
        return _json(ApiError(413, "RequestEntityTooLarge", message).status, 413)
    except (web.HTTPException, ConnectionError):  # The latter: a client that watched has left.
        raise
    except RecursionError:
        return _json(errors.bad_request("json: exceeded max depth").status, 400)
    except Exception as error:
        logger.exception("%s %s failed", request.method, request.path)
        return _json(ApiError(500, "InternalError", f"Internal error occurred: {error!r}").status, 500)


def _only_with(token: str) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.path.rstrip("/") not in _HEALTH and not hmac.compare_digest(
            _secret(request.headers.get("Authorization", "")), token.encode()
        ):
            raise errors.unauthorized()
        return await handler(request)

    return middleware


def _secret(header: str) -> bytes:
    """The token of a request: as a bearer, or as the password that kubectl takes from an http address."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _json(item: Object, code: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    response = web.Response(body=json.dumps(item).encode(), status=code, content_type=JSON)
    for warning in warnings:
        response.headers.add("Warning", f"299 - {json.dumps(warning)}")
    return response


class _Server:
    """Answers requests for resources and for what there is to discover."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store
        self._schemas = registry.schemas
        self._documents: Mapping[str, Object] = discovery.documents()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/")
        if path in _HEALTH:
            return web.Response(text="ok")
        if path in self._documents:
            if request.method not in ("GET", "HEAD"):
                raise errors.method_not_allowed()
            return _json(self._documents[path])
        if path == "/openapi/v2":
            # An OpenAPI document without definitions, in protobuf: old kubectls then leave checks to us.
            return web.Response(body=b"", content_type="application/octet-stream")
        target = target_of(path)
        if target is None:
            raise errors.no_such_path()
        if "dryRun" in request.query:
            raise errors.bad_request("dryRun is not supported here")  # Ignoring it would do what was only asked about.
        reads = request.method in ("GET", "HEAD")
        if reads:
            return self._read(request, target) if target.name else await self._many(request, target)
        body = await request.read()
        # Nothing below awaits: each request is one step, as if no other ran beside it.
        if request.method == "POST" and not target.name and (target.namespace or not target.kind.namespaced):
            return self._create(request, target, body)
        if request.method in ("PUT", "PATCH") and target.name:
            return self._change(request, target, body)
        if request.method == "DELETE" and target.name and not target.subresource:
            return self._delete(request, target, body)
        raise errors.method_not_allowed()

    def _get(self, target: ResourcePath) -> Object:
        return self._store.get(target.kind, target.namespace, target.name)

    def _read(self, request: web.Request, target: ResourcePath) -> web.Response:
        item = self._get(target)
        if target.subresource == "scale":
            return _json(scale_of(item))
        return _json(item)

    async def _many(self, request: web.Request, target: ResourcePath) -> web.StreamResponse:
        selects = _selects(request, target)
        if request.query.get("watch", "").lower() in ("1", "true"):
            return await watch(request, self._store, target, selects)
        return self._list(request, target, selects)

    def _list(self, request: web.Request, target: ResourcePath, selects: Selects) -> web.Response:
        # `limit` is left aside, as the API allows: everything comes in one page.
        number_asked(request.query, "resourceVersion")
        kind, metadata = target.kind, {"resourceVersion": str(self._store.version)}
        self._store.tell_bookmark(kind, target.namespace)
        items = [*filter(selects, self._store.listing(kind, target.namespace))]
        return _json({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items})

    def _create(self, request: web.Request, target: ResourcePath, body: bytes) -> web.Response:
        data = parsed(body, request.content_type)
        item, warnings = decoded(self._schemas, target, data, request.query.get("fieldValidation", ""))
        made = self._registry.create(target.kind, target.namespace, item)
        return _json(made, 201, warnings)

    def _change(self, request: web.Request, target: ResourcePath, body: bytes) -> web.Response:
        old = self._get(target)
        shown = scale_of(old) if target.subresource == "scale" else old
        if request.method == "PATCH":
            data: Any = parsed(body, JSON)
            data = patched(self._schemas, target.kind, shown, data, request.content_type)
        else:
            data = parsed(body, request.content_type)
        if target.subresource == "scale":
            new = self._registry.update(target.kind, old, scaled(old, data))
            return _json(scale_of(new))
        if target.subresource == "status" and isinstance(data, dict):
            # Nothing but the status counts here, so nothing else of the object needs to be whole.
            data = {**copy.deepcopy(old), "status": data.get("status", {}), "metadata": data.get("metadata", {})}
        item, warnings = decoded(self._schemas, target, data, request.query.get("fieldValidation", ""))
        new = self._registry.update(target.kind, old, item, subresource=target.subresource)
        return _json(new, 200, warnings)

    def _delete(self, request: web.Request, target: ResourcePath, body: bytes) -> web.Response:
        deletion = deletion_asked(request.query, body, request.content_type)
        return _json(self._registry.delete(target.kind, target.namespace, target.name, deletion))


def _selects(request: web.Request, target: ResourcePath) -> Selects:
    by_label = label_selector(request.query.get("labelSelector", ""))
    by_field = field_selector(target.kind, request.query.get("fieldSelector", ""))
    return lambda item: by_label(item) and by_field(item)

"""The HTTP API of the proxies and toxics, as Toxiproxy 2 documents it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sandbox.emulators.toxiproxy.relay import Proxy
from sandbox.emulators.toxiproxy.toxics import Latency, Timeout, Toxic

T = TypeVar("T")


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("expected host:port")
    return value


Address = Annotated[str, AfterValidator(_host_and_port)]


class _NewProxy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    listen: Address = "127.0.0.1:0"
    upstream: Address
    enabled: bool = True


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid")  # where it listens and leads to stays

    enabled: bool


_NEW_PROXY, _CHANGE, _TOXIC = TypeAdapter(_NewProxy), TypeAdapter(_Change), TypeAdapter[Latency | Timeout](Toxic)


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Api:
    def __init__(self) -> None:
        self._proxies: dict[str, Proxy] = {}

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response({name: _proxy(proxy) for name, proxy in self._proxies.items()})

    async def create(self, request: web.Request) -> web.Response:
        asked = await _body(request, _NEW_PROXY)
        if asked.name in self._proxies:
            raise _Refused(409, f"there is a proxy {asked.name!r} already")
        proxy = self._proxies[asked.name] = Proxy(asked.name, asked.listen, asked.upstream)
        try:
            await _enable(proxy)  # a free port is known only then
        except _Refused:
            del self._proxies[asked.name]
            raise
        if not asked.enabled:
            proxy.disable()
        return web.json_response(_proxy(proxy), status=201)

    async def show(self, request: web.Request) -> web.Response:
        return web.json_response(_proxy(self._proxy(request)))

    async def change(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        if (await _body(request, _CHANGE)).enabled:
            await _enable(proxy)
        else:
            proxy.disable()
        return web.json_response(_proxy(proxy))

    async def delete(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        proxy.disable()
        del self._proxies[proxy.name]
        return web.Response(status=204)

    async def list_toxics(self, request: web.Request) -> web.Response:
        return web.json_response(_proxy(self._proxy(request))["toxics"])

    async def add_toxic(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        toxic = await _body(request, _TOXIC)
        toxic = toxic.model_copy(update={"name": toxic.name or f"{toxic.type}_{toxic.stream}"})
        if any(other.name == toxic.name for other in proxy.all_toxics()):
            raise _Refused(409, f"there is a toxic {toxic.name!r} on {proxy.name!r} already")
        proxy.add(toxic)
        return web.json_response(toxic.model_dump())

    async def remove_toxic(self, request: web.Request) -> web.Response:
        proxy, name = self._proxy(request), request.match_info["toxic"]
        for toxic in proxy.all_toxics():
            if toxic.name == name:
                proxy.remove(toxic)
                return web.Response(status=204)
        raise _Refused(404, f"there is no toxic {name!r} on {proxy.name!r}")

    def _proxy(self, request: web.Request) -> Proxy:
        name = request.match_info["name"]
        if name not in self._proxies:
            raise _Refused(404, f"there is no proxy {name!r}")
        return self._proxies[name]


def application() -> web.Application:
    """Build the API, without any proxy yet."""
    api = _Api()
    app = web.Application(middlewares=[_errors_as_json])
    app.add_routes(
        [
            web.get("/proxies", api.list),
            web.post("/proxies", api.create),
            web.get("/proxies/{name}", api.show),
            web.post("/proxies/{name}", api.change),
            web.delete("/proxies/{name}", api.delete),
            web.get("/proxies/{name}/toxics", api.list_toxics),
            web.post("/proxies/{name}/toxics", api.add_toxic),
            web.delete("/proxies/{name}/toxics/{toxic}", api.remove_toxic),
        ]
    )
    return app


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except _Refused as refused:
        return web.json_response({"error": str(refused), "status": refused.status}, status=refused.status)
    except web.HTTPError as error:  # no such path or method
        return web.json_response({"error": error.reason, "status": error.status}, status=error.status)


async def _body(request: web.Request, shape: TypeAdapter[T]) -> T:
    try:
        return shape.validate_json(await request.read())
    except ValidationError as wrong:
        said = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in wrong.errors())
        raise _Refused(400, said) from wrong


async def _enable(proxy: Proxy) -> None:
    try:
        await proxy.enable()
    except OSError as failure:
        raise _Refused(409, f"{proxy.name!r} cannot listen on {proxy.listen}: {failure}") from failure


def _proxy(proxy: Proxy) -> dict[str, Any]:
    return {
        "name": proxy.name,
        "listen": proxy.listen,
        "upstream": proxy.upstream,
        "enabled": proxy.enabled,
        "toxics": [toxic.model_dump() for toxic in proxy.all_toxics()],
    }

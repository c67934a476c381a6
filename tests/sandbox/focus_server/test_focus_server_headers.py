import httpx
import pytest
from focus_server_fakes import World, payload, settings

from sandbox.focus_server.composition import create_app

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
}
TLS = {"strict-transport-security": "max-age=31536000"}


@pytest.mark.parametrize(("scheme", "tls"), [("http", {}), ("https", TLS)])
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "ack", None, 200),
        ("POST", "configure", payload(), 500),
        ("POST", "configure", payload(view_type=7), 422),
        ("POST", "configure", None, 415),
        ("POST", "ack", None, 405),
        ("GET", "metadata/job_00000000", None, 404),
        ("GET", "nowhere", None, 404),
        ("GET", "../nowhere", None, 404),
    ],
)
async def test_every_answer_carries_them(
    scheme: str, tls: dict[str, str], method: str, path: str, body: object, status: int
) -> None:
    world = World()
    world.journal.fail["launch"] = ValueError("a defect")
    transport = httpx.ASGITransport(create_app(settings(), world.parts), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://server/focus-server/") as client:
        reply = await client.request(method, path, json=body)
    assert reply.status_code == status
    assert {name: reply.headers.get(name) for name in ALWAYS | TLS} == ALWAYS | dict.fromkeys(TLS) | tls
    assert "server" not in reply.headers

"""How the sandbox asks the interfaces of its parts, and of a broker that is lent to it."""

import ssl

import pytest
import trustme

from sandbox.launchers.rest import RequestFailed, RestApi
from tests.kubernetes_stand_in import serving

ANSWER = 200, {}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def nothing_of_the_shell(monkeypatch):
    for name in (*PROXIES, *map(str.upper, PROXIES), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "http://svc:pa[ss@127.0.0.1:x", "socks5://127.0.0.1:9"])
async def test_its_parts_are_never_asked_through_a_proxy(monkeypatch, proxy):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    with serving(lambda _: ANSWER) as server:
        assert await RestApi(server.address, "").send("GET", "/") == {}


async def test_what_is_far_is_asked_through_the_proxy_of_the_environment(monkeypatch):
    with serving(lambda _: ANSWER) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        assert await RestApi("http://far.example", "").send("GET", "/api") == {}
    assert [request.path for request in proxy.asked] == ["http://far.example/api"]


async def test_a_proxy_that_is_none_is_named_and_not_shown(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://svc:pa[ss@far.example:x")
    with pytest.raises(RequestFailed, match="http_proxy cannot be used") as refused:
        await RestApi("http://far.example", "").send("GET", "/")
    assert "pa[ss" not in str(refused.value)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
async def test_a_certificate_is_verified_with_what_the_environment_names(monkeypatch, tmp_path, variable):
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(lambda _: ANSWER, tls) as server:
        with pytest.raises(RequestFailed, match="certificate verify failed"):
            await RestApi(server.address, "").send("GET", "/")
        monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
        assert await RestApi(server.address, "").send("GET", "/") == {}


def break_off(request):
    request.handler.send_response(200)
    request.handler.send_header("Content-Length", "10")
    request.handler.end_headers()


@pytest.mark.parametrize(
    ("answer", "told"), [(break_off, "was not answered"), (lambda _: (200, b"starting"), "not JSON: b'starting'")]
)
async def test_an_answer_that_is_none_is_told_as_one(answer, told):
    with serving(answer) as server, pytest.raises(RequestFailed, match=f"GET {server.address}/ .*{told}"):
        await RestApi(server.address, "").send("GET", "/")

"""How the sandbox asks the interfaces of its parts."""

import http.server
import threading

import pytest

from sandbox.rest import Interface


@pytest.fixture
def answering():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "http://svc:pa[ss@127.0.0.1:x", "socks5://127.0.0.1:9"])
async def test_its_parts_are_never_asked_through_a_proxy(answering, monkeypatch, proxy):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert await Interface(answering, "").send("GET", "/") == {}

"""A Kubernetes API that answers as a test wants."""

import json
import socket
import ssl
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from support.faults import local_server


def write_kubeconfig(file, server, user=None, **cluster):
    """Have a file with one cluster, at this server, and one user; gives the file."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    }
    file.write_text(json.dumps(document))
    return file


@contextmanager
def serving(answer: Callable, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
    """Serve what `answer` gives for each request: a status and a body (an object is sent as JSON)."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def serve(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            request = SimpleNamespace(
                method=self.command, path=self.path, headers=dict(self.headers), body=body, handler=self
            )
            asked.append(request)
            answered = answer(request)
            if answered is None:  # It has been answered, in whatever way.
                self.close_connection = True
                return
            status, content, *headers = answered
            content = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in [("Content-Length", str(len(content))), *headers]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PATCH = do_CONNECT = serve

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def handle_error(self, *_):  # A client that goes away in the middle is what some tests are about.
            pass

    listening = Server((host, 0), Handler)
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    name = f"[{host}]" if ":" in host else host
    with local_server.serving(listening) as server:
        yield SimpleNamespace(
            address=f"http{'s' if tls else ''}://{name}:{server.server_port}", port=server.server_port, asked=asked
        )

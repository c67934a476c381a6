"""A forward proxy, in process: it leads whatever is asked for to one server on this machine."""

import base64
import http.server
import socket
import threading
from contextlib import contextmanager

from support.faults import local_server

LOGIN = "svc:x7q%23"
PASSWORD = "x7q#"


class ForwardProxy:
    """Keeps what it was asked for; `refuses` with a status, when one is given, and wants a login where one is."""

    def __init__(self, upstream, *, refuses=None):
        self.asked, self.logins = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self):
                if self._refused():
                    return
                with socket.create_connection(("127.0.0.1", upstream)) as far:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=_pump, args=(far, self.connection))
                    back.start()
                    _pump(self.connection, far)
                    back.join()
                self.close_connection = True

            def do_GET(self):
                if not self._refused():
                    self.send_response(200)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def _refused(self):
                outer.asked.append(f"{self.command} {self.path}")
                _, _, login = self.headers.get("Proxy-Authorization", "").partition(" ")
                outer.logins.append(base64.b64decode(login).decode())
                if refuses is not None:
                    self.send_response(refuses)
                    self.send_header("content-length", "0")
                    self.end_headers()
                return refuses is not None

            def log_message(self, *_):
                """Say nothing."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://{LOGIN}@127.0.0.1:{self.http.server_port}"


def _pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # One of the two has gone.


@contextmanager
def forwarding(upstream=0, *, refuses=None):
    """A proxy that leads to the port `upstream` of this machine."""
    proxy = ForwardProxy(upstream, refuses=refuses)
    with local_server.serving(proxy.http):
        yield proxy

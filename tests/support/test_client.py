import http.server
import json
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
import silent_servers
import trustme
from forwarding import LOGIN, PASSWORD, forwarding

from support.api.client import FocusServerAPI
from support.api.raw_body import Halves
from support.contract.configuration import ConfigureRequest, generate_config_payload, generate_task_id
from support.core.addresses import with_port
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed, SettingsError, ValidationError
from support.faults import gateway, local_server
from support.profile.settings import Answers, Settings

ANSWER = {"job_id": "job_a1b2c3d4", "stream_url": "grpc://127.0.0.1", "stream_port": 50051, "status": "configured"}


def readable(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


class Server:
    """A server that answers as told and keeps what it was asked."""

    def __init__(self, host="127.0.0.1"):
        self.answers = {}
        self.asked = []
        self.bodies, self.headers = [], []
        self.began_with = []  # of each body, what was there at first
        self.silent, self.dying = threading.Event(), threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("content-length", 0))
                if length:
                    outer.began_with.append(self.rfile.peek())
                body = self.rfile.read(length)
                outer.bodies.append(body)
                outer.headers.append(self.headers)
                outer.asked.append((self.command, self.path, readable(body)))
                if outer.dying.is_set():
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if outer.silent.is_set():
                    threading.Event().wait(1)
                    return
                status, answer = outer.answers.get(self.command, (200, {}))
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *args):
                pass

        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = type("Listening", (http.server.ThreadingHTTPServer,), {"address_family": family})
        self.http = kind((host, 0), Handler)
        self.base_url = f"http://{with_port(host, self.http.server_port)}/focus-server/"


@pytest.fixture
def server():
    with serving(Server()) as server:
        yield server


@contextmanager
def serving(server):
    with local_server.serving(server.http):
        yield server


@pytest.fixture
def exchanges():
    return []


@pytest.fixture
def client(server, exchanges):
    return FocusServerAPI(settings(server.base_url), exchanges.append)


def settings(base_url, **server):
    return Settings(
        focus_server={"base_url": base_url, **server},
        mongodb={"uri": "mongodb://127.0.0.1", "database": "focus"},
        rabbitmq={"url": "amqp://127.0.0.1"},
        kubernetes={"namespace": "focus"},
    )


@pytest.fixture
def request_():
    return ConfigureRequest(**generate_config_payload())


def test_a_request_goes_to_configure_under_the_base_path_as_it_is(server, client, request_, exchanges):
    server.answers["POST"] = (200, ANSWER)
    assert client.configure_streaming_job(request_).job_id == "job_a1b2c3d4"
    assert server.asked == [("POST", "/focus-server/configure", generate_config_payload())]
    assert [exchange.job_id() for exchange in exchanges] == ["job_a1b2c3d4"]


def test_a_server_at_an_ipv6_address_is_asked():
    with serving(Server("::1")) as server:
        FocusServerAPI(settings(server.base_url)).acknowledge()
    assert server.asked == [("GET", "/focus-server/ack", None)]


@pytest.mark.parametrize("something", [generate_config_payload(), None, "{}", object()])
def test_what_is_no_request_is_refused_and_not_sent(server, client, something):
    with pytest.raises(ValidationError):
        client.configure_streaming_job(something)
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (422, {"detail": [{"loc": ["body", "nfftSelection"], "msg": "too small"}]}, "nfftSelection"),
        (503, {"detail": "MongoDB cannot be reached"}, "MongoDB"),
        (500, "Traceback", "500"),
        (302, "", "302"),
    ],
)
def test_every_other_status_is_an_api_error_that_tells_why(server, client, request_, status, answer, told):
    server.answers["POST"] = (status, answer)
    with pytest.raises(APIError, match=told) as error:
        client.configure_streaming_job(request_)
    assert error.value.status == status


@pytest.mark.parametrize("answer", ["", "[]", {**ANSWER, "job_id": ""}, {k: ANSWER[k] for k in ("job_id", "status")}])
def test_an_answer_that_lacks_what_is_needed_is_an_api_error_with_its_cause(server, client, request_, answer):
    server.answers["POST"] = (200, answer)
    with pytest.raises(APIError) as error:
        client.configure_streaming_job(request_)
    assert isinstance(error.value.__cause__, ValidationError)


@pytest.mark.parametrize(
    ("job_id", "known"),
    [("job_1", True), ("é" * 100, True), ("..", True), ("é" * 101, False), ("\ud83d", False), ("", False), (7, False)],
)
def test_only_what_stores_can_be_asked_about_is_a_job_id(server, client, exchanges, job_id, known):
    server.answers["POST"] = (200, {**ANSWER, "job_id": job_id})
    client.send("POST", "/configure", body={})
    assert exchanges[0].job_id() == (job_id if known else None)


@pytest.mark.parametrize(
    ("method", "path", "job_id"),
    [
        ("POST", "/configure", "job_a1b2c3d4"),
        ("POST", "/configure/smoke_20260101000000_0123abcd", "job_a1b2c3d4"),
        ("POST", "/configured", None),
        ("POST", "/recordings_in_time_range", None),
        ("GET", "/configure", None),
    ],
)
def test_a_job_is_made_by_a_post_of_a_configuration_and_by_nothing_else(
    server, client, exchanges, method, path, job_id
):
    server.answers[method] = (200, ANSWER)
    client.send(method, path, body={})
    assert [exchange.requested_job for exchange in exchanges] == [job_id]


@pytest.mark.parametrize(
    ("method", "status", "cancelled"), [("DELETE", 202, "a/b é"), ("DELETE", 200, None), ("GET", 202, None)]
)
def test_a_job_is_cancelled_by_a_delete_with_a_status_for_that(server, exchanges, method, status, cancelled):
    accepting = settings(server.base_url).model_copy(update={"answers": Answers(cancelled_statuses=(202,))})
    client = FocusServerAPI(accepting, exchanges.append)
    server.answers[method] = (status, {})
    client.send(method, "/job/a%2Fb%20%C3%A9")
    assert [exchange.cancelled_job for exchange in exchanges] == [cancelled]


def test_a_job_id_is_quoted_in_the_path_of_its_cancelling(server, client, exchanges):
    client.request_cancellation("a/b é")
    assert server.asked == [("DELETE", "/focus-server/job/a%2Fb%20%C3%A9", None)]
    assert exchanges[0].cancelled_job == "a/b é"


def test_no_answer_in_time_is_an_api_error_with_its_cause(server, request_, exchanges):
    server.silent.set()
    client = FocusServerAPI(settings(server.base_url, request_timeout_s=0.3), exchanges.append)
    with pytest.raises(APIError, match=r"no answer within 0\.3 s") as error:
        client.configure_streaming_job(request_)
    assert error.value.status is None
    assert error.value.__cause__ is not None
    assert exchanges[0].status is None


def test_a_server_that_is_not_there_is_the_environments_failure(exchanges):
    with gateway.unreachable() as nowhere, pytest.raises(APIError, match=r"focus_server\.base_url") as error:
        FocusServerAPI(settings(nowhere.address), exchanges.append).acknowledge()
    assert isinstance(error.value.judged(), EnvironmentBroken)


def test_a_server_that_dies_of_the_request_is_the_products_failure(server, client, request_):
    server.dying.set()
    with pytest.raises(APIError, match="the connection broke") as error:
        client.configure_streaming_job(request_)
    assert isinstance(error.value.judged(), ExpectationFailed)


def test_a_request_that_was_made_past_its_rules_is_refused_and_not_sent(server, client):
    bent = ConfigureRequest.model_construct(**generate_config_payload(nfftSelection=1000))
    with pytest.raises(ValidationError, match="power of two"):
        client.configure_streaming_job(bent)
    assert server.asked == []


def test_a_detail_is_where_and_why_and_nothing_that_is_echoed(server, client):
    echoed = {"loc": ["body", "view_type"], "msg": "must be 0, 1 or 2", "input": {"nfftSelection": 0}}
    server.answers["POST"] = (422, {"detail": [echoed]})
    detail = client.send("POST", "/configure", {}).detail()
    assert "view_type" in detail
    assert "nfftSelection" not in detail


def test_a_temporary_job_is_cancelled_at_its_end(server, client, request_):
    server.answers["POST"] = (200, ANSWER)
    with client.temporary_job(request_) as response:
        assert response.job_id == "job_a1b2c3d4"
    assert [asked[:2] for asked in server.asked][-1] == ("DELETE", "/focus-server/job/job_a1b2c3d4")


def test_a_temporary_job_is_cancelled_when_the_work_with_it_fails(server, client, request_):
    server.answers["POST"] = (200, ANSWER)
    with pytest.raises(RuntimeError, match="the work fails"), client.temporary_job(request_):
        raise RuntimeError("the work fails")
    assert [asked[:2] for asked in server.asked][-1] == ("DELETE", "/focus-server/job/job_a1b2c3d4")


def test_a_cancel_that_is_not_confirmed_is_an_api_error(server, client):
    server.answers["DELETE"] = (404, {"detail": "unknown job"})
    with pytest.raises(APIError) as error:
        client.cancel_job("job_a1b2c3d4")
    assert (error.value.status, error.value.detail) == (404, "unknown job")


@pytest.mark.parametrize(
    ("raw", "headers"),
    [(b'{"a": 1,}', {"Content-Type": "text/plain", "X-Own": "1"}), (b"\xff\x00", {}), (b"", {})],
)
def test_a_raw_body_goes_out_byte_by_byte_with_the_headers_given_and_no_others(server, client, raw, headers):
    exchange = client.send("POST", "/anything", raw=raw, headers=headers)
    assert server.bodies == [raw]
    (told,) = server.headers
    assert {name: told[name] for name in ("Content-Type", "X-Own")} == {"Content-Type": None, "X-Own": None, **headers}
    assert exchange.request_body == raw.decode(errors="backslashreplace")


def test_a_long_raw_body_is_sent_whole_and_kept_in_part(server, client):
    assert len(client.send("POST", "/anything", raw=b"x" * 100_000).request_body) < 10_000
    assert len(server.bodies[0]) == 100_000


def test_a_body_in_two_halves_arrives_whole_and_not_all_at_once(server, client):
    exchange = client.send("POST", "/anything", raw=Halves(b'{"a": 1}', 0.3))
    assert server.bodies == [b'{"a": 1}']
    assert server.began_with == [b'{"a"']
    assert server.headers[0]["Content-Length"] == "8"
    assert exchange.elapsed_s >= 0.3
    assert exchange.request_body == '{"a": 1}'


def test_a_server_that_refuses_a_body_before_all_of_it_has_come_and_hangs_up_is_understood():
    def refuse_at_once(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with silent_servers.serving(refuse_at_once) as port:
        client = FocusServerAPI(settings(f"http://127.0.0.1:{port}"))
        assert client.send("POST", "/anything", raw=Halves(b" " * 131_072, 0.1)).status == 413


def test_headers_of_the_answer_are_kept_whatever_their_case(server, client):
    assert client.send("GET", "/anything").answer_headers["CONTENT-LENGTH"] == "2"


def test_a_task_id_stands_in_the_path(server, client, request_):
    server.answers["POST"] = (200, ANSWER)
    task_id = generate_task_id("smoke")
    client.configure_streaming_job(request_, task_id)
    assert server.asked == [("POST", f"/focus-server/configure/{task_id}", generate_config_payload())]


@pytest.mark.parametrize("task_id", ["", "none", "smoke_20261301000000_0123abcd", "../ack", 7])
def test_a_malformed_task_id_is_refused_and_nothing_is_sent(server, client, request_, task_id):
    with pytest.raises(ValidationError):
        client.configure_streaming_job(request_, task_id)
    assert server.asked == []


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def own_file(authority, tmp_path_factory):
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return file


@contextmanager
def over_tls(authority, name):
    """An https server that this authority issued a certificate for, for this name."""
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    with serving(server):
        yield server


def acknowledge(authority, name, ca_file):
    """Ask such a server."""
    with over_tls(authority, name) as server:
        address = server.base_url.replace("http:", "https:")
        FocusServerAPI(settings(address, ca_file=ca_file)).acknowledge()
    return server.asked


def test_a_certificate_of_the_known_authority_is_trusted(authority, own_file):
    assert acknowledge(authority, "127.0.0.1", own_file) == [("GET", "/focus-server/ack", None)]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_without_a_setting_the_variables_count_that_count_elsewhere(authority, own_file, monkeypatch, variable):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(own_file.parent if variable.endswith("DIR") else own_file))
    assert acknowledge(authority, "127.0.0.1", None) == [("GET", "/focus-server/ack", None)]


@pytest.mark.parametrize("why", ["another authority", "none given", "another machine"])
def test_any_other_is_the_environments_failure_in_one_clear_line(authority, own_file, tmp_path, monkeypatch, why):
    name, ca_file = "127.0.0.1", tmp_path / "ca.pem"
    ca_file.write_bytes(trustme.CA().cert_pem.bytes())
    # A setting wins over what is set for others.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file if why == "none given" else own_file))
    source = "REQUESTS_CA_BUNDLE" if why == "none given" else "focus_server.ca_file"
    if why == "none given":
        ca_file = None
    elif why == "another machine":
        name, ca_file = "focus.example", own_file
    with pytest.raises(APIError, match=r"^The Focus Server at https://\S+ cannot be trusted") as error:
        acknowledge(authority, name, ca_file)
    assert f"verified with {source}." in str(error.value)
    assert "focus_server.ca_file must name" in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value.judged(), EnvironmentBroken)


def test_a_variable_that_names_no_certificates_is_named_and_only_where_it_counts(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    FocusServerAPI(settings("http://focus.example"))
    with pytest.raises(SettingsError, match=r"^REQUESTS_CA_BUNDLE: .*/nowhere/ca.pem is not there"):
        FocusServerAPI(settings("https://focus.example"))


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


class TestProxies:
    @pytest.fixture(autouse=True)
    def _no_proxies_from_outside(self, monkeypatch):
        for name in PROXIES:
            monkeypatch.delenv(name, raising=False)

    def test_a_far_http_server_is_asked_through_its_proxy(self, monkeypatch, tmp_path):
        netrc = tmp_path / "netrc"
        netrc.write_text("default login somebody password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        with forwarding() as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            FocusServerAPI(settings("http://focus.example:8080")).acknowledge()
        assert proxy.asked == ["GET http://focus.example:8080/ack"]
        assert proxy.logins == [f"svc:{PASSWORD}"]

    def test_a_far_https_server_is_verified_through_its_proxy(self, monkeypatch, authority, own_file):
        with over_tls(authority, "focus.example") as server, forwarding(server.http.server_port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            FocusServerAPI(settings("https://focus.example/focus-server", ca_file=own_file)).acknowledge()
        assert proxy.asked == ["CONNECT focus.example:443"]
        assert proxy.logins == [f"svc:{PASSWORD}"]
        assert server.asked == [("GET", "/focus-server/ack", None)]

    @pytest.mark.parametrize("value", [f"http://{LOGIN}@127.0.0.1:9", "http://svc:pa[ss@127.0.0.1:9", "socks9://"])
    def test_a_server_on_this_machine_is_asked_directly(self, monkeypatch, server, client, value):
        for name in PROXIES[:6]:
            monkeypatch.setenv(name, value)
        FocusServerAPI(settings(server.base_url)).acknowledge()
        FocusServerAPI(settings(server.base_url.replace("127.0.0.1", "localhost"))).acknowledge()
        assert len(server.asked) == 2

    @pytest.mark.parametrize("scheme", ["http", "https"])
    @pytest.mark.parametrize("refuses", [407, None])
    def test_a_proxy_that_does_not_lead_there_is_the_environments_failure(
        self, monkeypatch, own_file, exchanges, scheme, refuses
    ):
        with forwarding(refuses=refuses) as proxy:
            pass
        if refuses is None:  # It is not there any more.
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            self.expect_unreachable(scheme, own_file, exchanges)
            return
        with forwarding(refuses=refuses) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            self.expect_unreachable(scheme, own_file, exchanges)

    def expect_unreachable(self, scheme, ca_file, exchanges):
        with pytest.raises(APIError) as error:
            FocusServerAPI(settings(f"{scheme}://focus.example", ca_file=ca_file), exchanges.append).acknowledge()
        assert "x7q" not in str(exchanges)
        message = str(error.value)
        assert isinstance(error.value.judged(), EnvironmentBroken)
        assert "cannot be reached through the proxy that ALL_PROXY names" in message
        assert "x7q" not in message
        assert "\n" not in message

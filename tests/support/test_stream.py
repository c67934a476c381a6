import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import gateways
import grpc
import pytest
import trustme
from forwarding import PASSWORD, forwarding
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1.health import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from stand_ins import JOB_ID, job, settings

from support.checks.promises import Promises
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults import gateway
from support.observers.stream import health_of, read
from support.profile.settings import Stream


def rows(request, context):
    """Three messages of a known job."""
    if request.value != JOB_ID:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such job")
    for number in range(3):
        yield StringValue(value=f"row {number}")


READ = Stream(call="/focus.Rows/Read")


@contextmanager
def serving(address, certificate=None):
    """The port where a gRPC server says by its standard health service what it serves; over TLS with a certificate."""
    health = HealthServicer()
    health.set(JOB_ID, HealthCheckResponse.SERVING)
    health.set("job_ended", HealthCheckResponse.NOT_SERVING)
    server = grpc.server(ThreadPoolExecutor(1))
    add_HealthServicer_to_server(health, server)
    call = grpc.unary_stream_rpc_method_handler(rows, StringValue.FromString, StringValue.SerializeToString)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("focus.Rows", {"Read": call})])
    if certificate is None:
        port = server.add_insecure_port(address)
    else:
        chain = b"".join(one.bytes() for one in certificate.cert_chain_pems)
        credentials = grpc.ssl_server_credentials([(certificate.private_key_pem.bytes(), chain)])
        port = server.add_secure_port(address, credentials)
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@pytest.fixture(scope="module")
def port():
    with serving("127.0.0.1:0") as port:
        yield port


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls_port(authority):
    with serving("127.0.0.1:0", authority.issue_cert("127.0.0.1", "focus.example")) as port:
        yield port


@pytest.fixture
def trusting(authority, tmp_path):
    """Settings of a stream that speaks TLS; the authority is one of several files in a directory."""
    place = tmp_path / "authorities"
    place.mkdir()
    (place / "other.pem").write_bytes(trustme.CA().cert_pem.bytes())
    (place / "ours.pem").write_bytes(authority.cert_pem.bytes())
    return Stream(tls=True, ca_file=place)


@pytest.mark.parametrize(
    ("service", "seen"),
    [("", "SERVING"), (JOB_ID, "SERVING"), ("job_ended", "NOT_SERVING"), ("job_00000000", "unknown")],
)
@pytest.mark.parametrize(
    "url", ["grpc://127.0.0.1", "127.0.0.1", "http://127.0.0.1/focus", "http://focus:password@127.0.0.1:1"]
)
def test_a_server_tells_what_it_serves(port, url, service, seen):
    assert health_of(url, port, service, 5, Stream()) == seen


@pytest.mark.parametrize("url", ["http://[::1]", "grpc://[::1]:1/focus", "[::1]", "::1", "http://::1"])
def test_a_server_at_an_ipv6_address_is_reached(url):
    with serving("[::1]:0") as port:
        assert health_of(url, port, JOB_ID, 5, Stream()) == "SERVING"


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_messages_of_a_stream_are_read_as_are_asked_for(port, count):
    streamed = read("http://127.0.0.1", port, JOB_ID, count, 5, READ)
    assert (streamed.messages, streamed.ended) == (["row 0", "row 1", "row 2"][:count], "")


@pytest.mark.parametrize(
    ("job_id", "call", "messages", "ended"),
    [
        (JOB_ID, "/focus.Rows/Read", 3, "the server ended it"),
        ("job_00000000", "/focus.Rows/Read", 0, r"NOT_FOUND \(no such job\)"),
        (JOB_ID, "/focus.Rows/Write", 0, "UNIMPLEMENTED"),
    ],
)
def test_a_stream_that_ends_too_early_tells_why(port, job_id, call, messages, ended):
    streamed = read("http://127.0.0.1", port, job_id, 4, 5, Stream(call=call))
    assert len(streamed.messages) == messages
    assert re.match(ended, streamed.ended)


def test_what_is_no_address_is_told():
    assert health_of("http://", 1, JOB_ID, 5, Stream()) == "at no address: stream_url is 'http://'"


def test_over_tls_a_server_is_verified_with_the_authority_of_the_setting(tls_port, trusting):
    assert health_of("http://127.0.0.1", tls_port, JOB_ID, 5, trusting) == "SERVING"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_without_a_setting_what_counts_elsewhere_counts(tls_port, trusting, monkeypatch, variable):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(trusting.ca_file / ("" if variable == "SSL_CERT_DIR" else "ours.pem")))
    assert health_of("http://127.0.0.1", tls_port, JOB_ID, 5, Stream(tls=True)) == "SERVING"


@pytest.mark.parametrize("why", ["another authority", "another host"])
def test_a_certificate_that_cannot_be_verified_is_the_environments_failure(tls_port, trusting, authority, why):
    if why == "another authority":
        (trusting.ca_file / "ours.pem").unlink()
        with pytest.raises(EnvironmentBroken, match=r"cannot be trusted .*verified with stream\.ca_file"):
            health_of("http://127.0.0.1", tls_port, JOB_ID, 5, trusting)
        return
    with (
        serving("127.0.0.1:0", authority.issue_cert("elsewhere.example")) as port,
        pytest.raises(EnvironmentBroken, match=r"cannot be trusted .*verified with stream\.ca_file"),
    ):
        health_of("http://127.0.0.1", port, JOB_ID, 5, trusting)


def test_the_authority_of_a_stream_is_the_focus_servers_where_it_has_none_of_its_own(tls_port, trusting):
    made = job({"stream_url": "http://127.0.0.1", "stream_port": tls_port})
    servers = {"ca_file": trusting.ca_file}
    Promises(settings(stream={"tls": True}, focus_server=servers), None).expect_stream_served(made, JOB_ID)
    others = {"ca_file": trusting.ca_file / "other.pem"}
    Promises(settings(stream=dict(trusting), focus_server=others), None).expect_stream_served(made, JOB_ID)


class TestProxies:
    @pytest.fixture(autouse=True)
    def _no_proxies_from_outside(self, monkeypatch):
        for name in ("grpc_proxy", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)

    @pytest.mark.parametrize("variable", ["grpc_proxy", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
    def test_on_this_machine_a_server_is_reached_directly(self, port, monkeypatch, variable):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
        assert health_of("http://localhost", port, JOB_ID, 5, Stream()) == "SERVING"

    @pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
    def test_a_far_server_is_reached_through_the_proxy(self, port, monkeypatch, variable):
        with forwarding(port) as proxy:
            monkeypatch.setenv(variable, proxy.url)
            assert health_of("http://focus.example", 50051, JOB_ID, 5, Stream()) == "SERVING"
        assert proxy.asked == ["CONNECT focus.example:50051"]
        assert proxy.logins == [f"svc:{PASSWORD}"]

    def test_over_tls_too(self, tls_port, trusting, monkeypatch):
        with forwarding(tls_port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            assert health_of("http://focus.example", 50051, JOB_ID, 5, trusting) == "SERVING"

    @pytest.mark.parametrize("refuses", [407, 403, None])
    def test_a_proxy_that_does_not_lead_there_is_the_environments_failure(self, monkeypatch, refuses):
        with forwarding(refuses=refuses or 407) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url if refuses else "http://svc:x7q@127.0.0.1:9")
            with pytest.raises(EnvironmentBroken, match="through the proxy that ALL_PROXY names") as error:
                health_of("http://focus.example", 50051, JOB_ID, 5, Stream())
        assert "x7q" not in str(error.value)

    def test_a_proxy_that_finds_nobody_yet_says_nothing_of_itself(self, monkeypatch):
        with forwarding(refuses=503) as proxy:
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            assert health_of("http://focus.example", 50051, JOB_ID, 5, Stream()).startswith("UNAVAILABLE (")


def test_nobody_there_and_no_answer_are_neither_serving_nor_unknown():
    for make, said in ((gateway.unreachable, "UNAVAILABLE"), (gateways.unresponsive, "DEADLINE_EXCEEDED")):
        with make() as where:
            told = health_of("grpc://127.0.0.1", int(where.address.rpartition(":")[2]), JOB_ID, 0.3, Stream())
        assert told.startswith(f"{said} (")


def test_a_stream_is_served_or_gone_where_the_answer_says(port):
    promises, made = Promises(settings(), None), job({"stream_url": "grpc://127.0.0.1", "stream_port": port})
    promises.expect_stream_served(made, JOB_ID)
    for gone in ("job_ended", "job_00000000"):
        promises.expect_stream_gone(made, gone)
    with pytest.raises(ExpectationFailed, match="it is SERVING"):
        promises.expect_stream_gone(made, JOB_ID)
    with gateway.unreachable() as where:
        away = job({"stream_url": "grpc://127.0.0.1", "stream_port": int(where.address.rpartition(":")[2])})
        for check in (promises.expect_stream_served, promises.expect_stream_gone):
            with pytest.raises(ExpectationFailed, match="it is UNAVAILABLE"):
                check(away, JOB_ID)

import socketserver
import ssl
import warnings
from contextlib import contextmanager, suppress

import gateways
import pytest
import trustme
from requests import Response
from stand_ins import AS_JSON, exchange

from support.checks import health
from support.core.errors import ExpectationFailed
from support.faults.local_server import serving
from support.profile.settings import Answers

OK = exchange({"status": "ok", "uptime_s": 7})
HTTPS = "https://focus.example/ack"


def failing(check, *arguments):
    with pytest.raises(ExpectationFailed) as failure:
        check(*arguments)
    return str(failure.value)


def test_a_server_that_always_says_so_is_healthy():
    health.expect_healthy([OK, exchange({"status": "ok"})], Answers())


@pytest.mark.parametrize(
    "ill",
    [
        exchange({"status": "ok"}, 503),
        exchange({"status": "ok"}, headers={"Content-Type": "text/plain"}),
        exchange({"status": "ok"}, headers={}),
        exchange({"status": "ill"}),
        exchange({}),
        exchange(["status", "ok"]),
        exchange(""),
    ],
)
def test_one_answer_of_many_that_does_not_say_so_is_found(ill):
    assert "1 of 3 answers" in failing(health.expect_healthy, [OK, ill, OK], Answers())


def test_headers_that_are_missing_or_say_something_else_are_named():
    wanted = Answers().headers
    health.expect_protective_headers(exchange(headers={**AS_JSON, **wanted}), wanted)
    for name in wanted:
        others = {key: value for key, value in wanted.items() if key != name}
        assert f"  - {name} is None" in failing(health.expect_protective_headers, exchange(headers=others), wanted)
        assert f"  - {name} is 'x'" in failing(
            health.expect_protective_headers, exchange(headers={**wanted, name: "x"}), wanted
        )


@pytest.mark.parametrize("value", ["max-age=31536000", "includeSubDomains; max-age=63072000"])
def test_a_client_is_told_to_come_over_tls(value):
    health.expect_strict_transport_security(exchange(headers={"Strict": value}), "Strict")


@pytest.mark.parametrize("value", [None, "", "max-age=31535999", "max-age=0", "max-age=-31536000", "31536000"])
def test_a_client_is_not_told_to_come_over_tls(value):
    answer = exchange(headers={} if value is None else {"Strict": value})
    assert "Strict is" in failing(health.expect_strict_transport_security, answer, "Strict")


def test_what_is_asked_without_tls_is_asked_in_the_clear_and_goes_no_further():
    with gateways.answering(200, "") as where:
        address = where.address.replace("http:", "https:")
        assert health.ask_in_plaintext(f"{address}/focus", "/ack", 1).status_code == 501  # it knows POST alone
    with gateways.unresponsive() as where:
        assert health.ask_in_plaintext(where.address.replace("http:", "https:"), "/ack", 0.2) is None


def in_the_clear(status, text="", **headers):
    response = Response()
    response.url = "http://focus.example:8443/focus-server/ack"
    response.status_code, response._content = status, text.encode()
    response.headers.update(headers)
    return response


@pytest.mark.parametrize(
    "response",
    [
        None,
        in_the_clear(301, Location=HTTPS),
        in_the_clear(308, Location=HTTPS.upper()),
        in_the_clear(400, "<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port"),
        in_the_clear(400, "Client sent an HTTP request to an HTTPS server.\n"),
        in_the_clear(403, "<h1>403 Forbidden</h1>"),
        in_the_clear(421),
        in_the_clear(426, '{"detail": "come back"}', Upgrade="TLS/1.2, HTTP/1.1"),
        in_the_clear(403, '{"detail": "HTTPS is required"}'),
        in_the_clear(403, '{"detail": "TLSv1.2 or newer, please"}'),
        in_the_clear(403, '{"detail": "plaintext requests are not allowed"}'),
        in_the_clear(403, '{"detail": "the connection is not encrypted"}'),
        in_the_clear(403, '{"detail": "a secure connection is required"}'),
        in_the_clear(400, '{"code": "SSL_REQUIRED"}'),
        in_the_clear(400, '{"code": "requiresTls"}'),
        in_the_clear(400, '{"code": "HttpsRequired"}'),
        in_the_clear(400, '{"error": "use https://focus.example/focus-server instead"}'),
        in_the_clear(400, '{"error": "use https://focus.example/ instead"}'),
        in_the_clear(400, '{"error": "ask at https://focus.example:8443/focus-server/ack."}'),
        in_the_clear(400, r'{"error": "use https:\/\/focus.example\/focus-server instead"}'),
        in_the_clear(421, '{"location": "https://other.example/focus-server/ack"}'),
    ],
)
def test_a_refusal_to_answer_in_the_clear_is_none_of_an_answer(response):
    health.expect_no_plaintext_response({"GET /ack": response}, Answers())


@pytest.mark.parametrize(
    "response",
    [
        in_the_clear(200, "{}"),
        in_the_clear(301),
        in_the_clear(301, Location="http://focus.example/ack"),
        in_the_clear(404, '{"detail": "there is no live source, ask over https"}'),
        in_the_clear(404, "<h1>404 Not Found</h1>"),
        in_the_clear(405),
        in_the_clear(422, '{"detail": [{"loc": ["body", "nfftSelection"], "msg": "too small"}]}'),
        in_the_clear(500, '{"detail": "internal error"}'),
        in_the_clear(503, "<h1>503 Service Unavailable</h1>"),
        in_the_clear(400, '{"detail": "there is no recording between start_time and end_time"}'),
        in_the_clear(403, '{"error": "see https://focus.example/errors/7"}'),
        in_the_clear(403, '{"error": "see https://focus.example/focus-server/docs"}'),
        in_the_clear(403, '{"error": "see https://focus.example/focus-server-errors"}'),
        in_the_clear(403, '{"error": "see https://focus.example/?error=7"}'),
        in_the_clear(403, '{"error": "see https://docs.example/focus-server"}'),
        in_the_clear(400, '{"httpStatus": 400, "detail": "the channels are endlessly many"}'),
    ],
)
def test_an_answer_in_the_clear_is_found_whatever_it_tells(response):
    told = failing(health.expect_no_plaintext_response, {"POST /configure": None, "GET /ack": response}, Answers())
    assert f"GET /ack: the status is {response.status_code}" in told


def test_how_it_is_refused_to_answer_in_the_clear_is_a_setting():
    of_a_proxy = {"GET /ack": in_the_clear(404, "404 page not found")}
    health.expect_no_plaintext_response(of_a_proxy, Answers(tls_needed_statuses=[404]))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@contextmanager
def speaking(authority, oldest, newest=ssl.TLSVersion.TLSv1_3, host="127.0.0.1"):
    """The address of a server that agrees on these versions of TLS, and says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = oldest, newest

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            with suppress(OSError), context.wrap_socket(self.request, server_side=True):
                pass

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"https://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def ca_file(authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def test_a_server_speaks_new_tls_and_nothing_older(authority, ca_file):
    with speaking(authority, ssl.TLSVersion.TLSv1_2) as address:
        health.expect_new_tls(address, ca_file, 5)
    with speaking(authority, ssl.TLSVersion.TLSv1_1) as address:
        assert "it speaks TLSv1.1, too" in failing(health.expect_new_tls, address, ca_file, 5)
    with speaking(authority, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1) as address:
        assert "it speaks None" in failing(health.expect_new_tls, address, ca_file, 5)


def test_a_certificate_that_does_not_hold_is_no_tls(authority, ca_file):
    with speaking(authority, ssl.TLSVersion.TLSv1_2, host="elsewhere.example") as address:
        assert "it speaks None" in failing(health.expect_new_tls, address, ca_file, 5)

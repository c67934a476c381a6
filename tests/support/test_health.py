import socketserver
import ssl
import warnings
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import gateways
import pytest
import trustme
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


@pytest.mark.parametrize(
    ("status", "location", "is_silent"),
    [(400, None, True), (301, HTTPS, True), (200, None, False), (301, "http://focus.example/ack", False)],
)
def test_an_answer_in_the_clear_is_found(status, location, is_silent):
    answer = SimpleNamespace(
        status_code=status, is_redirect=location is not None, headers={"Location": location}, text=""
    )
    if is_silent:
        health.expect_no_plaintext_response({"GET /ack": answer})
    else:
        told = failing(health.expect_no_plaintext_response, {"POST /configure": None, "GET /ack": answer})
        assert f"GET /ack: the status is {status}" in told
    health.expect_no_plaintext_response({"GET /ack": None})


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

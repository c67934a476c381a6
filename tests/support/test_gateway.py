import http.server
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import gateways
import pytest
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.checks import client_reports
from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.core.errors import APIError, ExpectationFailed
from support.faults import gateway
from support.faults.local_server import JsonHandler, serving
from support.profile.settings import FocusServer


def ask(where, timeout_s=0.2):
    """What the client says of this gateway, and the exchanges that it had."""
    exchanges = []
    server = {"base_url": where.address, "request_timeout_s": timeout_s}
    client = FocusServerAPI(settings(focus_server=server), exchanges.append)
    with pytest.raises(APIError) as error:
        client.configure_streaming_job(ConfigureRequest(**generate_config_payload()))
    return error.value, exchanges


class Slow(threading.Event):
    """A server that takes requests, and answers once it is set; it knows when one has come, and when one was lost."""

    def __init__(self):
        super().__init__()
        self.came, self.lost, self.bodies = threading.Event(), threading.Event(), []


@contextmanager
def slow_server():
    slow = Slow()

    class Handler(JsonHandler):
        def do_POST(self):
            slow.bodies.append((self.path, self.body()))
            slow.came.set()
            if self.connection.recv(1) == b"":
                slow.lost.set()

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield slow, FocusServer(base_url=f"http://127.0.0.1:{server.server_port}/focus")


def reported_when(fail):
    """What the client says of a gateway that fails so once the request has come to the server."""
    with slow_server() as (slow, server), gateway.before(server) as where, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, where, 5)
        assert slow.came.wait(5)
        fail(where)
        assert slow.lost.wait(5)
        where.expect_asked_once()
        ((path, body),) = slow.bodies
        assert path == "/focus/configure"
        assert b"nfftSelection" in body
        return asked.result()


def test_one_that_gives_up_has_passed_the_request_on_and_says_so():
    client_reports.expect_status(*reported_when(gateway.Gateway.give_up), 504, gateway.TOO_LONG, 5)


def test_one_that_cuts_the_connection_has_passed_the_request_on_and_says_nothing():
    client_reports.expect_break(*reported_when(gateway.Gateway.cut), 5)


def test_one_that_keeps_the_answer_back_leaves_the_server_when_its_client_leaves():
    with slow_server() as (slow, server), gateway.before(server) as where:
        client_reports.expect_timeout(*ask(where), 0.2)
        assert slow.lost.wait(5)


def test_one_that_passes_half_of_a_request_on_leaves_the_server_waiting_for_the_rest():
    with slow_server() as (slow, server), gateway.before(server, half=True) as where:
        client_reports.expect_timeout(*ask(where), 0.2)
        where.expect_asked_once()
        assert slow.came.wait(5)
    ((path, body),) = slow.bodies
    whole = json.dumps(ConfigureRequest(**generate_config_payload()).payload()).encode()
    assert path == "/focus/configure"
    assert len(body) == len(whole) // 2
    assert whole.startswith(body)


def test_only_what_no_proxy_leads_to_can_have_one(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert gateway.possible(FocusServer(base_url="https://127.0.0.1/focus"))
    assert not gateway.possible(FocusServer(base_url="https://focus.example/focus"))


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_client_reports_what_a_gateway_answers_and_asks_once(status):
    with gateways.answering(status, "nobody behind") as where:
        client_reports.expect_status(*ask(where), status, "nobody behind", 1)
        assert where.asked == ["/configure"]
        where.expect_asked_once()
        ask(where)
        with pytest.raises(ExpectationFailed, match="there were 2"):
            where.expect_asked_once()
    client_reports.expect_unreachable(*ask(where))


def test_a_gateway_that_was_not_asked_was_not_asked_once():
    with gateway.unreachable() as where, pytest.raises(ExpectationFailed, match="there were 0"):
        where.expect_asked_once()


def test_an_absent_gateway_is_not_even_connected_to():
    with gateway.unreachable() as where:
        client_reports.expect_unreachable(*ask(where))
        with pytest.raises(ExpectationFailed, match="the connection broke"):
            client_reports.expect_break(*ask(where), 1)

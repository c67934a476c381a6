import threading
from types import SimpleNamespace

import gateways
import pytest
from stand_ins import JOB_ID, exchange, requested, settings

from support.api.client import FocusServerAPI
from support.contract.configuration import generate_config_payload
from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.faults import gateway
from support.scenario.scenario_client import ScenarioClient


class Server(FocusServerAPI):
    """Answers a request for a job with its own, and keeps what it was asked."""

    def __init__(self, *subscribers, status=200):
        super().__init__(settings(), *subscribers)
        self.status, self.asked = status, []

    def send(self, method, path, body=None, *, raw=None, headers=None):
        self.asked.append((method, path, body))
        answer = requested(JOB_ID) if method == "POST" else exchange(status=self.status, method=method, path=path)
        for publish_to in self._subscribers:
            publish_to(answer)
        return answer


@pytest.fixture
def client():
    client = ScenarioClient(settings(exclusive=True), lambda key: None)
    client._own.client = Server(*client._subscribers)
    return client


def told(call):
    with pytest.raises(ExpectationFailed) as failure:
        call()
    return str(failure.value)


def test_each_exchange_is_published_once_to_each_in_order():
    published = []
    first, second = (lambda one, name=name: published.append((name, one)) for name in ("first", "second"))
    client = ScenarioClient(settings(), lambda key: None, first, second)
    client._own.client = Server(*client._subscribers)
    answer = client.send("GET", "/ack")
    assert published == [("first", answer), ("second", answer)]
    assert client.exchanges == [answer]


def test_a_job_is_asked_for_with_what_was_validated_or_with_anything(client):
    request = client.configuration(generate_config_payload())
    assert client.request_job(request, "a task id").exchange.requested_job == JOB_ID
    attempt = client.request_raw({"nfftSelection": 0}, "a/b")
    assert attempt.client_refusal is not None
    assert client._own.client.asked == [
        ("POST", "/configure/a%20task%20id", generate_config_payload()),
        ("POST", "/configure/a%2Fb", {"nfftSelection": 0}),
    ]


def test_a_valid_request_that_is_refused_is_no_failure_of_the_client_and_no_answer_is_one():
    with gateways.answering(503, "no broker") as where:
        client = ScenarioClient(settings(focus_server={"base_url": where.address}), lambda key: None)
        request = client.configuration(generate_config_payload())
        assert client.request_job(request).exchange.status == 503
    assert [one.status for one in client.exchanges] == [503]
    with gateway.unreachable() as nowhere, pytest.raises(EnvironmentBroken, match="cannot be reached"):
        ScenarioClient(settings(focus_server={"base_url": nowhere.address}), lambda key: None).request_job(request)


def test_several_clients_send_at_the_same_time_and_answers_are_in_order(client, monkeypatch):
    both, clients = threading.Barrier(2, timeout=5), set()

    def send(self, method, path, *_, **__):
        both.wait()
        clients.add(self)
        return path

    monkeypatch.setattr(FocusServerAPI, "send", send)
    assert client.send_at_once([("GET", f"/{n}") for n in range(4)], 2) == ["/0", "/1", "/2", "/3"]
    assert len(clients) == 2


@pytest.mark.parametrize(("status", "problems"), [(200, []), (500, ["cancelling DELETE /job/j -> 500"])])
def test_a_job_that_cannot_be_cancelled_is_told(client, status, problems):
    client._own.client.status = status
    assert [one.partition(" null")[0] for one in client.cancelling_problems(["j"])] == problems


def test_something_is_done_while_the_server_is_at_a_request(client, monkeypatch):
    both = threading.Barrier(2, timeout=5)
    monkeypatch.setattr(client, "request_job", lambda request: (both.wait(), f"attempt of {request}")[1])
    assert client.request_job_meanwhile("a request", both.wait) == "attempt of a request"


def test_what_fails_meanwhile_is_told_with_the_answer(client, monkeypatch):
    attempt = SimpleNamespace(exchange="POST /configure -> 500")
    monkeypatch.setattr(client, "request_job", lambda request: attempt)

    def fail():
        raise ExpectationFailed("expected an analyzer")

    message = told(lambda: client.request_job_meanwhile("a request", fail))
    assert message == "expected an analyzer\n  - answered in the end: POST /configure -> 500"

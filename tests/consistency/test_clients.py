"""What a client makes of an answer, and whom it asks about."""

import socket
import threading
from datetime import UTC, datetime

import pytest
from histories import SETTINGS, by, payload

from consistency.clients import Client, Judgement, KnownJobs, judge
from consistency.operations import Decision
from consistency.recording import Recording
from support.api.exchange import Exchange
from support.core.characters import allowed

JOB = '{"job_id": "job_00000001", "status": "configured"}'


def judged(kind, status, text="{}", *, was_sent=True):
    exchange = Exchange("GET", "/", None, datetime.now(UTC), 0.1, status, text, asks_for_job=kind == "create")
    return judge(kind, exchange, SETTINGS.answers, was_sent=was_sent)


@pytest.mark.parametrize(
    ("kind", "status", "text", "expected"),
    [
        ("create", 200, JOB, Judgement("ok", "configured")),
        ("create", 503, "{}", Judgement("fail")),
        ("create", None, "", Judgement("info")),
        ("cancel", 200, "{}", Judgement("ok", "cancelled")),
        ("cancel", 404, "{}", Judgement("ok", "absent")),
        ("cancel", 503, "{}", Judgement("info")),
        ("cancel", None, "", Judgement("info")),
        ("look", 200, JOB, Judgement("ok", "configured")),
        ("look", 200, '{"status": "cancelled"}', Judgement("ok", "cancelled")),
        ("look", 404, "{}", Judgement("ok", "absent")),
        ("look", 503, "{}", Judgement("fail")),
        ("look", None, "", Judgement("fail")),
    ],
)
def test_an_answer_tells_what_came_of_an_operation(kind, status, text, expected):
    assert judged(kind, status, text) == expected


@pytest.mark.parametrize("kind", ["create", "look", "cancel"])
def test_what_was_never_sent_was_certainly_not_done(kind):
    assert judged(kind, None, was_sent=False) == Judgement("fail")


@pytest.mark.parametrize(
    ("kind", "status", "text", "outcome"),
    [
        ("create", 500, "{}", "fail"),
        ("create", 200, "{}", "fail"),
        ("create", 503, JOB, "fail"),
        ("create", 422, "{}", "fail"),
        ("cancel", 500, "{}", "info"),
        ("look", 200, '{"status": ""}', "fail"),
        ("look", 500, "{}", "fail"),
    ],
)
def test_an_answer_that_is_none_is_wrong(kind, status, text, outcome):
    judgement = judged(kind, status, text)
    assert (judgement.outcome, judgement.told) == (outcome, None)
    assert str(status) in judgement.wrong


def test_a_job_is_the_one_that_was_meant_or_the_last_before_it():
    jobs = KnownJobs("job_unknown")
    assert jobs.of(by(0, 3)) == "job_unknown"
    jobs.add(by(0, 1), "job_b")
    jobs.add(by(0, 0), "job_a")
    jobs.add(by(1, 2), "job_c")
    assert [jobs.of(by(0, number)) for number in (0, 1, 3)] == ["job_a", "job_b", "job_b"]
    assert [jobs.of(by(1, number)) for number in (1, 2)] == ["job_unknown", "job_c"]


@pytest.fixture
def client_of():
    """A client of the server at that address; what it announces and completes is in `announced` and `recording`."""

    def make(base_url):
        server = SETTINGS.focus_server.model_copy(update={"base_url": base_url})
        made = SETTINGS.model_copy(update={"focus_server": server})
        recording, announced = Recording(), []
        jobs = KnownJobs("job_unknown")
        client = Client("0", made, jobs, recording, announced.append)
        client.recording, client.announced, client.jobs = recording, announced, jobs
        return client

    return make


def test_a_request_that_reaches_nobody_is_announced_and_fails(client_of):
    client = client_of("http://127.0.0.1:1")
    decision = Decision(client=0, kind="create", creation=by(0, 0), payload=payload(5))
    done = client.do(decision)
    assert (done.kind, done.outcome, done.status, done.payload) == ("create", "fail", None, payload(5))
    assert client.announced == [
        {"displayTimeAxisDuration": 5, "displayInfo.height": 1000, "frequencyRange.max": 500},
    ]
    assert client.recording.operations == [done]


@pytest.fixture
def answering():
    """A server that gives one answer to every request, none where it is empty; yields its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve(answer):
        def work():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                if answer:
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\nContent-Type: application/json\r\n\r\n"
                    connection.sendall((head + answer).encode())

        thread = threading.Thread(target=work)
        thread.start()
        threads.append(thread)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    threads = []
    yield serve
    for thread in threads:
        thread.join()
    listener.close()


def test_a_connection_that_breaks_leaves_a_cancellation_open(client_of, answering):
    done = client_of(answering("")).ask("cancel", "job_a")
    assert (done.outcome, done.job_id, done.status) == ("info", "job_a", None)
    assert "broke" in done.detail or "Connection" in done.detail


def test_an_acknowledged_job_is_known_and_an_incomplete_answer_is_wrong(client_of, answering):
    client = client_of(answering(JOB))
    done = client.do(Decision(client=0, kind="create", creation=by(0, 0), payload=payload()))
    assert (done.outcome, done.job_id) == ("ok", "job_00000001")
    assert "a complete answer" in done.wrong
    assert client.jobs.of(by(0, 0)) == "job_00000001"
    assert allowed(done.wrong) == done.wrong

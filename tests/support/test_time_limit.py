"""An answer over HTTP that comes a byte at a time: no single read waits long, and it never ends."""

import threading

import pytest
from silent_servers import dripping, serving
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.checks.health import ask_in_plaintext
from support.core.errors import APIError, EnvironmentBroken
from support.core.time_limit import TimeLimitPassed, Worker
from support.faults import outages
from support.profile.settings import Toxiproxy

LIMIT_S = 0.3


@pytest.fixture
def address():
    with serving(dripping) as port:
        yield f"http://127.0.0.1:{port}"


def test_from_the_focus_server_it_is_no_answer_in_time(address):
    server = {"base_url": address, "request_timeout_s": LIMIT_S}
    with pytest.raises(APIError, match=f"no answer within {LIMIT_S} s") as failure:
        FocusServerAPI(settings(focus_server=server)).acknowledge()
    assert not failure.value.unreachable  # It is there, and slow: the product's doing.


def test_from_a_toxiproxy_it_is_the_environments_failure(address, monkeypatch):
    monkeypatch.setattr(outages, "_ANSWERS_WITHIN_S", LIMIT_S)
    with pytest.raises(EnvironmentBroken, match=f"no whole answer within {LIMIT_S} s"):
        outages.restore(Toxiproxy(url=address, mongodb="way"), "way")


def test_without_tls_it_is_no_answer(address):
    assert ask_in_plaintext(address, "/ack", LIMIT_S) is None


def test_what_a_call_returns_or_raises_in_time_is_handed_on():
    worker = Worker("a test")
    assert worker.make(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        worker.make(lambda: 1 // 0, 5)
    assert worker.is_usable()


def test_a_call_that_does_not_end_is_given_up():
    ended = threading.Event()

    def endless():
        try:
            while True:
                pass
        finally:
            ended.set()

    worker = Worker("a test")
    with pytest.raises(TimeLimitPassed):
        worker.make(endless, 0.05)
    assert ended.wait(10)
    assert not worker.is_usable()


def test_a_thread_makes_one_call_after_another_and_ends_when_nobody_has_it_any_more():
    worker = Worker("a test")
    thread = worker.make(threading.current_thread, 5)
    assert worker.make(threading.current_thread, 5) is thread
    del worker
    thread.join(10)
    assert not thread.is_alive()

"""An answer over HTTP that comes a byte at a time: no single read waits long, and it never ends."""

import threading

import pytest
from silent_servers import dripping, serving
from stand_ins import settings

from support.api.client import FocusServerAPI
from support.checks.health import ask_in_plaintext
from support.core.errors import APIError, EnvironmentBroken
from support.core.time_limit import TimeLimitPassed, within
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
    assert within(5, "a test", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, "a test", lambda: 1 // 0)


def test_a_call_that_does_not_end_is_given_up():
    ended = threading.Event()

    def endless():
        try:
            while True:
                pass
        finally:
            ended.set()

    with pytest.raises(TimeLimitPassed):
        within(0.05, "a test", endless)
    assert ended.wait(10)

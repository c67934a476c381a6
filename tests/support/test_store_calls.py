import gc
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref

import pytest

from support.core.errors import EnvironmentBroken
from support.observers.store_calls import StoreCalls, UnusableAnswer


@pytest.fixture
def forgotten():
    return []


@pytest.fixture
def calls(forgotten):
    return StoreCalls("The store", 0.2, "store.timeout_s", "Is it running?", lambda: forgotten.append(1))


@pytest.fixture
def hanging():
    """A call that ends only with the test, and what it is told when it is given up."""
    until = threading.Event()
    yield until.wait
    until.set()


def test_what_a_call_gives_is_given(calls, forgotten):
    assert [calls.make("one", lambda: 1), calls.make("nothing", lambda: None)] == [1, None]
    assert not forgotten


def test_a_call_that_does_not_end_is_given_up_at_the_limit_and_named(calls, hanging, forgotten):
    started = time.monotonic()
    with pytest.raises(EnvironmentBroken) as failure:
        calls.make("the queue q", hanging)
    assert 0.2 <= time.monotonic() - started < 2
    message = str(failure.value)
    for part in (
        "The store",
        "the queue q",
        "nothing came back after 0.2 s",
        "store.timeout_s = 0.2 s",
        "Is it running?",
    ):
        assert part in message
    assert forgotten == [1]
    assert calls.make("the next", lambda: 2) == 2


def test_a_call_that_was_given_up_goes_no_further(calls):
    done, ended = [], threading.Event()

    def drip():
        try:
            while not done:
                time.sleep(0.01)
        finally:
            ended.set()

    with pytest.raises(EnvironmentBroken):
        calls.make("a byte a moment", drip)
    assert ended.wait(2)


def test_a_call_that_waits_for_more_than_answers_may_take_longer(calls):
    assert calls.make("a reply", lambda: time.sleep(0.3), waiting_s=2) is None


@pytest.mark.parametrize(
    "error", [AssertionError("odd frame"), KeyError("name"), IndexError(), OSError("gone"), Exception()]
)
def test_whatever_a_driver_raises_is_the_environments_failure(calls, error):
    def fail():
        raise error

    with pytest.raises(
        EnvironmentBroken, match=f"(?s)The store.*the queue q.*{type(error).__name__}.*Is it running"
    ) as raised:
        calls.make("the queue q", fail)
    assert not isinstance(raised.value, AssertionError)


def test_an_answer_that_cannot_be_used_is_told_in_its_own_words(calls):
    def fail():
        raise UnusableAnswer("it answered 401 Unauthorized")

    with pytest.raises(EnvironmentBroken, match=r"asked for the queues, it answered 401 Unauthorized after 0\.0 s"):
        calls.make("the queues", fail)


def test_an_error_that_names_the_environment_already_stays_as_it_is(calls):
    def fail():
        raise EnvironmentBroken("it takes no writes")

    with pytest.raises(EnvironmentBroken, match=r"^it takes no writes$"):
        calls.make("health", fail)


def test_one_thread_makes_one_call_after_another(calls):
    assert len({calls.make("who", threading.get_ident) for _ in range(5)}) == 1


def test_what_was_read_is_not_kept(calls):
    class Read:
        pass

    read = weakref.ref(calls.make("much", Read))
    calls.make("something else", lambda: None)
    gc.collect()
    assert read() is None


def test_a_fork_makes_calls_too(calls):
    assert calls.make("before", lambda: 1) == 1
    process = multiprocessing.get_context("fork").Process(target=lambda: os._exit(calls.make("after", lambda: 7)))
    process.start()
    process.join(10)
    assert process.exitcode == 7


def test_closing_ends_within_the_limit_and_hides_no_verdict(calls, hanging, caplog):
    calls.make("one", lambda: 1)
    started = time.monotonic()
    with caplog.at_level(logging.WARNING, "focus"):
        calls.close(hanging)
    assert time.monotonic() - started < 2
    assert "the end of the connection, nothing came back" in caplog.text


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupted_call_is_given_up(calls, forgotten):
    ended = threading.Event()

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        try:
            while True:
                time.sleep(0.01)
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        calls.make("something", interrupt, waiting_s=10)
    assert ended.wait(2)
    assert forgotten == [1]


def test_a_call_that_never_ends_does_not_hold_up_the_end_of_the_process():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        program = f"""
import socket
from support.core.errors import EnvironmentBroken
from support.observers.store_calls import StoreCalls
connection = socket.create_connection(("127.0.0.1", {silent.getsockname()[1]}))
try:
    StoreCalls("It", 0.1, "s", "a").make("a byte", lambda: connection.recv(1))
except EnvironmentBroken:
    print("told")
"""
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("told\n", "", 0)

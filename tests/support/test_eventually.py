import itertools
import time

import pytest

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.core.eventually import WaitPolicy, consistently, eventually

SHORT = WaitPolicy(limit_s=0.2, interval_s=0.01, setting="time_limits.of_the_test")


def wrong_until(count):
    """Looks that are wrong `count` times and right ever after; and the problems of a look."""
    looks = itertools.count(1)
    return (lambda: next(looks)), (lambda seen: [f"look {seen} is too early"] if seen <= count else [])


def test_what_comes_to_hold_is_returned_as_seen():
    look, problems = wrong_until(3)
    assert eventually("it to hold", look, problems, SHORT) == 4


def test_what_never_holds_is_reported_with_the_last_look_the_wait_and_the_setting():
    look, problems = wrong_until(10**9)
    with pytest.raises(ExpectationFailed) as failure:
        eventually("it to hold", look, problems, SHORT)
    message = str(failure.value)
    assert "expected it to hold" in message
    assert f"look {look() - 1} is too early" in message
    assert "time_limits.of_the_test = 0.2 s" in message
    waited = float(message.split("waited ")[1].split(" s")[0])
    assert waited >= 0.2


def test_the_waiting_ends_soon_after_its_limit():
    started = time.monotonic()

    def look():
        assert time.monotonic() - started < 3, "it is still looked for, 3 s later"

    with pytest.raises(ExpectationFailed):
        eventually("it to hold", look, lambda seen: ["not yet"], SHORT)


def test_what_cannot_become_right_ends_the_waiting_at_once():
    looks = itertools.count(1)
    with pytest.raises(ExpectationFailed, match="one too many"):
        eventually(
            "it to hold",
            lambda: next(looks),
            lambda seen: ["not yet"] if seen < 5 else [],
            SHORT,
            fail_fast=lambda seen: ["one too many"] if seen == 3 else [],
        )
    assert next(looks) == 4


def test_a_look_that_cannot_be_made_ends_the_waiting_at_once():
    looks = []

    def look():
        looks.append(1)
        raise EnvironmentBroken("gone")

    with pytest.raises(EnvironmentBroken):
        eventually("it to hold", look, lambda seen: [], SHORT)
    assert len(looks) == 1


def test_what_holds_for_a_moment_is_found_not_to_stay():
    looks = itertools.count(1)
    with pytest.raises(ExpectationFailed, match="it is gone"):
        consistently("it to stay", lambda: next(looks), lambda seen: ["it is gone"] if seen == 4 else [], SHORT)


def test_what_comes_late_is_seen_within_the_settling_time():
    looks = itertools.count(1)
    seen = consistently("it to stay", lambda: next(looks), lambda seen: [], SHORT)
    assert seen > 5


def test_without_time_to_settle_there_is_one_look():
    looks = itertools.count(1)
    none = WaitPolicy(limit_s=0, interval_s=0.01, setting="")
    assert consistently("it to stay", lambda: next(looks), lambda seen: [], none) == 1
    with pytest.raises(ExpectationFailed):
        consistently("it to stay", lambda: 0, lambda seen: ["wrong"], none)


class Clock:
    """A clock that only sleeping and looking move."""

    def __init__(self, monkeypatch):
        self.now_s = 1000.0
        monkeypatch.setattr("support.core.eventually.time", self)
        monkeypatch.setattr("tenacity.nap.time.sleep", self.sleep)

    def monotonic(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_the_last_look_is_at_the_end_of_the_settling_time(clock):
    started = clock.now_s
    seen_s = consistently("it to stay", lambda: clock.now_s - started, lambda seen: [], WaitPolicy(0.25, 0.1875, ""))
    assert seen_s >= 0.25


def appears(clock, after_s, look_s=0.0):
    """A look that takes so long, and tells what there was at its beginning: something from `after_s` on."""
    begun = clock.now_s

    def look():
        there = clock.now_s - begun >= after_s - 1e-9
        clock.sleep(look_s)
        return there

    return look


def not_there(seen):
    return [] if seen else ["it is not there"]


@pytest.mark.parametrize("interval_s", [0.01, 0.1, 0.13, 0.29, 0.3, 0.31, 5, 100])
@pytest.mark.parametrize("look_s", [0, 0.01, 0.07])
def test_what_appears_after_the_limit_is_never_in_time_whatever_the_interval(clock, interval_s, look_s):
    with pytest.raises(ExpectationFailed, match=r"limit_of_the_test = 0\.3 s"):
        eventually("it", appears(clock, 0.36, look_s), not_there, WaitPolicy(0.3, interval_s, "limit_of_the_test"))


@pytest.mark.parametrize("interval_s", [0.01, 0.1, 0.13, 0.29, 0.3, 0.31, 5, 100])
def test_what_appears_just_before_the_limit_is_in_time_whatever_the_interval(clock, interval_s):
    started = clock.now_s
    assert eventually("it", appears(clock, 0.299), not_there, WaitPolicy(0.3, interval_s, "limit"))
    assert clock.now_s - started <= 0.3 + 1e-9


def test_a_look_that_began_in_time_counts_however_long_it_takes(clock):
    assert eventually("it", appears(clock, 0, look_s=2), not_there, WaitPolicy(0.3, 5, "limit"))


def test_what_is_first_seen_by_a_late_look_is_too_late_and_the_message_says_when(clock):
    def oversleep(seconds):
        clock.now_s += seconds + 0.5

    look = appears(clock, 0.2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", oversleep)
        with pytest.raises(
            ExpectationFailed, match=r"first seen after 0\.80 s, which is too late \(time limit limit = 0\.3 s"
        ):
            eventually("it", look, not_there, WaitPolicy(0.3, 5, "limit"))


def test_a_slow_look_is_not_the_one_at_the_end_of_the_settling_time(clock):
    looks = []

    def look():
        looks.append(clock.now_s - 1000)
        clock.sleep(0.25)

    consistently("it to stay", look, lambda seen: [], WaitPolicy(0.3, 0.05, ""))
    assert looks == pytest.approx([0, 0.3])
    looks.clear()
    clock.now_s = 1000.0
    consistently("it to stay", look, lambda seen: [], WaitPolicy(0.2, 0.05, ""))
    assert looks == pytest.approx([0, 0.25])

from datetime import UTC, datetime, timedelta, timezone

import pytest
from stand_ins import exchange

from support.checks import discovery
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed
from support.core.eventually import WaitPolicy
from support.observers.mongodb import UnreadableValue

LIMITS = Limits(sensors=3)
T = datetime(2005, 1, 1, tzinfo=UTC)
RECORDING = {"start_time": T.astimezone(timezone(timedelta(hours=2)))}
LIVE = {"sampling_rate": 2000, "sensors": 3, "started_at": "2005-01-01T00:00:00Z"}


def test_the_fibre_is_told_rightly():
    discovery.expect_bounds(exchange({"lowest_channel": 0, "highest_channel": 2}), LIMITS)
    discovery.expect_sensors(exchange({"sensors": [0, 1, 2]}), LIMITS)
    discovery.expect_live_metadata(exchange(LIVE), [{"start_time": T - timedelta(days=1)}, RECORDING], LIMITS)
    assert discovery.expect_bounds_told(exchange({"lowest_channel": 0, "highest_channel": 2})) == (0, 2)


@pytest.mark.parametrize("answer", [None, [], {"lowest_channel": 0}, {"lowest_channel": 0, "highest_channel": "2"}])
def test_bounds_that_are_not_told_are_the_products_failure(answer):
    with pytest.raises(ExpectationFailed, match="the bounds of the fibre"):
        discovery.expect_bounds_told(exchange(answer))


def test_a_recording_under_way_without_a_beginning_is_named():
    for wrong in ({}, {"start_time": UnreadableValue("a date of another age")}):
        with pytest.raises(ExpectationFailed, match=r"\(_id 7\): start_time is .*, no date"):
            discovery.expect_live_metadata(exchange(LIVE), [RECORDING, {"_id": 7, **wrong}], LIMITS)


def test_live_metadata_may_follow_the_recording_under_way_after_some_time_and_must_in_the_end():
    answers, soon = [exchange(status=404), exchange(status=503)], WaitPolicy(0.1, 0.01, "recovered_s")
    right = lambda: answers.pop() if answers else exchange(LIVE)  # noqa: E731
    discovery.expect_live_metadata_within(right, lambda: [RECORDING], LIMITS, soon)
    assert answers == []
    with pytest.raises(ExpectationFailed, match=r"the status is 404 instead of 200(.|\n)*waited 0\.1 s"):
        discovery.expect_live_metadata_within(lambda: exchange(status=404), lambda: [RECORDING], LIMITS, soon)


def test_live_metadata_of_nothing_are_wrong():
    with pytest.raises(ExpectationFailed, match="none in the database"):
        discovery.expect_live_metadata(exchange(LIVE), [], LIMITS)


@pytest.mark.parametrize(
    ("check", "answer", "status"),
    [
        (discovery.expect_bounds, {"lowest_channel": 0, "highest_channel": 2}, 500),
        (discovery.expect_bounds, {"lowest_channel": 0, "highest_channel": 3}, 200),
        (discovery.expect_bounds, {"lowest_channel": 1, "highest_channel": 2}, 200),
        (discovery.expect_bounds, {"lowest_channel": False, "highest_channel": 2}, 200),
        (discovery.expect_bounds, {"lowest_channel": 0, "highest_channel": 2.0}, 200),
        (discovery.expect_bounds, {"highest_channel": 2}, 200),
        (discovery.expect_bounds, "", 200),
        (discovery.expect_sensors, {"sensors": [0, 1, 2]}, 201),
        (discovery.expect_sensors, {"sensors": [0, 1]}, 200),
        (discovery.expect_sensors, {"sensors": [1, 2, 3]}, 200),
        (discovery.expect_sensors, {"sensors": [0, 2, 1]}, 200),
        (discovery.expect_sensors, {"sensors": [0, 1, 2, 2]}, 200),
        (discovery.expect_sensors, [0, 1, 2], 200),
        (lambda told, limits: discovery.expect_live_metadata(told, [RECORDING], limits), LIVE, 404),
        *(
            (lambda told, limits: discovery.expect_live_metadata(told, [RECORDING], limits), {**LIVE, **wrong}, 200)
            for wrong in (
                {"sampling_rate": 1000},
                {"sensors": 2},
                {"started_at": "2005-01-01T00:00:00.001Z"},
                {"started_at": "2005-01-01T00:00:00"},
                {"started_at": None},
                {"more": 1},
            )
        ),
    ],
)
def test_the_fibre_told_wrongly(check, answer, status):
    with pytest.raises(ExpectationFailed, match="seen: GET"):
        check(exchange(answer, status), LIMITS)


WINDOWS = [(T, T + timedelta(seconds=1)), (T + timedelta(seconds=2), T + timedelta(seconds=2.5))]
LISTED = [[1_104_537_600, 1_104_537_601], [1_104_537_602, 1_104_537_602.5]]


def test_recordings_are_those_of_the_time_in_its_order():
    discovery.expect_recordings(exchange(LISTED), WINDOWS)
    discovery.expect_recordings(exchange([]), [])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([], "listed are"),
        (LISTED[:1], "listed are"),
        (LISTED[::-1], "listed are"),
        ([*LISTED, LISTED[1]], "listed are"),
        ([LISTED[0], [1_104_537_602, 1_104_537_603]], "listed are"),
        ({"recordings": LISTED}, "no list"),
        ([[str(end) for end in one] for one in LISTED], "no list"),
        ([one[:1] for one in LISTED], "no list"),
        ([*LISTED, [True, False]], "no list"),
        ([*LISTED, None], "no list"),
        ("", "no list"),
    ],
)
def test_recordings_that_are_not_those_of_the_time(answer, told):
    with pytest.raises(ExpectationFailed, match=told):
        discovery.expect_recordings(exchange(answer), WINDOWS)


def test_recordings_with_another_status_are_none():
    with pytest.raises(ExpectationFailed, match="the status is 400"):
        discovery.expect_recordings(exchange(LISTED, 400), WINDOWS)

"""How values that features write are read."""

from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from steps.fault_types import GatewayConduct, parse_gateway_conduct
from steps.parameter_types import (
    SAME_TASK_ID,
    parse_at_once,
    parse_causes,
    parse_change,
    parse_duration,
    parse_job_count,
    parse_task_id,
)
from steps.questions import ASKED_TIMES, Manner, parse_manner
from steps.region_types import parse_region
from steps.row_types import Extent, Readers, Replay, parse_extent, parse_readers, parse_replay
from steps.words import any_of, several
from support.checks.region_of_interest import Region
from support.contract.limits import Limits

PAYLOAD = {"nfftSelection": 1024, "start_time": 1_000_000_000, "end_time": 1_000_000_060}


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("", PAYLOAD),
        (" with", PAYLOAD),
        (" with FFT length 512", {**PAYLOAD, "nfftSelection": 512}),
        (" with FFT length nothing", {**PAYLOAD, "nfftSelection": None}),
        (" without FFT length", {"start_time": 1_000_000_000, "end_time": 1_000_000_060}),
        (" without times", {"nfftSelection": 1024}),
        (" with a script as the name of a parameter", {**PAYLOAD, "<script>alert(1)</script>": 1}),
        (
            " with its times written as yymmddHHMMSS",
            {"nfftSelection": 1024, "start_time": "010909014640", "end_time": "010909014740"},
        ),
    ],
)
def test_a_change_of_a_configuration(text, payload):
    assert parse_change(text)(PAYLOAD, Mock(limits=Limits())) == payload


def test_a_task_id():
    assert parse_task_id("") is None
    assert parse_task_id(" under the same task id") == SAME_TASK_ID
    assert parse_task_id(" under the task id my tests_2025") == "my tests_2025"
    assert parse_task_id(" under a null byte as its task id") == "job_0000\x0000"
    assert parse_task_id(" under a task id") != parse_task_id(" under a task id")


def test_several_causes():
    causes = parse_causes("the FFT length, the canvas height and the view type")
    assert [one.field for one in causes.parameters] == ["nfftSelection", "height", "view_type"]
    assert not causes.either
    either = parse_causes("the start time or the end time")
    assert ([one.field for one in either.parameters], either.either) == (["start_time", "end_time"], True)


@pytest.mark.parametrize(
    "text",
    [
        "the FFT length and the start time or the end time",
        "the start time or the end time and the FFT length",
        "the FFT length, the start time or the end time",
    ],
)
def test_causes_of_which_it_is_not_clear_which_must_be_named_are_none(text):
    with pytest.raises(ValueError, match="either all of these or one of them"):
        parse_causes(text)


def test_numbers_and_lengths_of_time():
    assert [parse_job_count(text) for text in ("one job", "10 jobs", "the accepted jobs")] == [1, 10, None]
    assert [parse_at_once(text) for text in ("", " one after another", " by 10 clients at once")] == [1, 1, 10]
    assert [parse_duration(text) for text in ("five minutes", "50 seconds")] == [
        timedelta(minutes=5),
        timedelta(seconds=50),
    ]


def test_how_rows_are_read():
    assert parse_extent("until there are 12, 3 at a time") == Extent(rows=12, at_a_time=3)
    assert parse_extent("until there are 5") == Extent(rows=5)
    assert parse_extent("until there is one") == Extent(rows=1)
    assert parse_extent("during 3 seconds") == Extent(seconds=3)
    assert parse_readers("") == Readers(1)
    assert parse_readers(" by 2 readers at once, 10 at a time") == Readers(2, 10)
    assert parse_replay(", 7 rows at a time") == Replay(at_a_time=7)
    assert parse_replay(", of its last sensor alone") == Replay(of_last_sensor=True)


def test_how_something_is_asked_for():
    assert parse_manner("") == Manner()
    assert parse_manner(" by POST") == Manner(method="POST")
    assert parse_manner(" by the number ten") == Manner(rows="ten")
    assert parse_manner(" with Accept as text/html") == Manner(headers={"Accept": "text/html"})
    assert parse_manner(" 10 times") == Manner(times=10)
    assert parse_manner(" 4 times over that network") == Manner(times=4, over_slow_network=True)


def test_the_time_that_recordings_are_asked_for():
    start = datetime(2001, 1, 1, tzinfo=UTC)
    state = Mock(window=(start, start + timedelta(seconds=10)))
    at = int(start.timestamp())
    assert ASKED_TIMES["of that time"](state) == {"start_time": at, "end_time": at + 10}
    assert ASKED_TIMES["of that time, written as yymmddHHMMSS,"](state)["end_time"] == "010101000010"
    assert ASKED_TIMES["of a time that ends when the recording begins"](state) == {
        "start_time": at - 10,
        "end_time": at,
    }


def test_a_region_of_interest():
    now, limits = Region(start=100, end=200), Limits()
    assert parse_region("from 110 to 210")(now, limits) == (110, 210, {})
    assert parse_region("from 0 to the end of the fibre")(now, limits) == (0, limits.sensors, {})
    assert parse_region("that moves up by one sensor too many")(now, limits) == (151, 251, {})
    assert parse_region("with an unknown parameter")(now, limits) == (100, 200, {"zoom": 1})


def test_what_a_gateway_does():
    assert parse_gateway_conduct("") == GatewayConduct()
    assert parse_gateway_conduct(", which keeps the answer back") == GatewayConduct(once_shows="task record")
    gives_up = parse_gateway_conduct(", which gives up once its analyzer shows")
    assert gives_up.fails is not None
    assert gives_up.once_shows == "analyzer"


def test_several_words_with_something_between_them():
    stores = several("Stores.", {"MongoDB": 1, "RabbitMQ": 2, "the server": 3}, ", ", " and ")
    assert stores("MongoDB, RabbitMQ and the server") == [1, 2, 3]
    assert stores("RabbitMQ") == [2]


def test_a_word_is_no_pattern():
    assert any_of(["a", "not a number (NaN)"]) == r"not a number \(NaN\)|a"

import json
import re
import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from stand_ins import JOB_ID, exchange, job, settings

from support.checks import waterfall
from support.checks.figures import figures_of
from support.checks.waterfall import (
    Waterfall,
    WaterfallRow,
    expect_rows_in,
    order_problems,
    row_count_problems,
    row_problems,
    signal_problems,
)
from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed
from support.observers import stream
from support.profile.settings import Answers

# 32 ms a row, one each 16 ms; the bins at 0 and 15.625 Hz.
LIMITS = Limits(sampling_rate_hz=4000)
PAYLOAD = generate_config_payload(
    nfftSelection=128, channels={"min": 7, "max": 8}, frequencyRange={"min": 0, "max": 40}
)
FIGURES = figures_of(PAYLOAD, LIMITS, Answers())
STEP_S, LENGTH_S = 0.016, 0.032
T = datetime(2005, 1, 1, tzinfo=UTC)
BEGIN_S = T.timestamp()


def row(number=0, *, sensors=(7, 8), values=(0, 1.5), **changes):
    start = BEGIN_S + number * STEP_S
    listed = [{"id": sensor, "intensity": list(values)} for sensor in sensors]
    return {"start_timestamp": start, "end_timestamp": start + LENGTH_S, "sensors": listed, **changes}


def rows(*numbers, **changes):
    return [WaterfallRow.model_validate(row(number, **changes)) for number in numbers]


def given(*numbers, **changes):
    return exchange({"rows": [row(number, **changes) for number in numbers]}, 201)


NONE_YET, OVER = exchange({"rows": []}, 200), exchange({"rows": []}, 208)


@pytest.mark.parametrize(
    ("answer", "count"), [(given(0, 1), 2), (NONE_YET, 0), (OVER, 0), (exchange({"rows": [], "more": 1}), 0)]
)
def test_rows_are_read_from_an_answer_that_a_waterfall_can_give(answer, count):
    assert len(expect_rows_in(answer, Answers())) == count


@pytest.mark.parametrize(
    "answer",
    [
        exchange({"rows": []}, 201),
        exchange({"rows": [row()]}, 200),
        exchange({"rows": [row()]}, 208),
        exchange({"rows": []}, 404),
        exchange({"rows": [row()]}, 404),
        exchange({"rows": None}, 200),
        exchange({}, 200),
        exchange([], 200),
        exchange("", 200),
        exchange("<html>", 201),
        exchange({"rows": [row(start_timestamp="1")]}, 201),
        exchange({"rows": [row(end_timestamp=None)]}, 201),
        exchange({"rows": [row(start_timestamp=True)]}, 201),
        exchange({"rows": [row(sensors=[7.0])]}, 201),
        exchange({"rows": [row(sensors=["7"])]}, 201),
        exchange({"rows": [row(values=["1"])]}, 201),
        exchange({"rows": [row(values=[None])]}, 201),
        exchange({"rows": [row(sensors=[[7]])]}, 201),
        exchange({"rows": [row(colour="red")]}, 201),
        exchange({"rows": [{k: v for k, v in row().items() if k != "end_timestamp"}]}, 201),
    ],
)
def test_what_no_waterfall_gives_is_the_products_failure(answer):
    with pytest.raises(ExpectationFailed, match="seen: GET"):
        expect_rows_in(answer, Answers())


def test_rows_of_the_right_content_are_not_wrong():
    assert row_problems(rows(0, 1, 2), FIGURES, [7, 8]) == []
    assert row_problems([], FIGURES, [7, 8]) == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"sensors": (7,)}, "of the sensors 7 to 7 (1) instead of 7 to 8 (2)"),
        ({"sensors": (8, 7)}, "of the sensors 8 to 7 (2)"),
        ({"sensors": (7, 9)}, "of the sensors 7 to 9 (2)"),
        ({"sensors": (7, 8, 9)}, "(3) instead of"),
        ({"sensors": ()}, "of the sensors none"),
        ({"values": (1,)}, "sensor 7 has 1 intensities for 2 frequencies"),
        ({"values": (0, 1, 2)}, "sensor 8 has 3 intensities"),
        ({"values": (1, -0.001)}, "sensor 7 has an intensity that is no number of at least 0"),
        ({"values": (1, float("inf"))}, "sensor 7 has an intensity"),
        ({"values": (1, float("nan"))}, "sensor 7 has an intensity"),
        ({"end_timestamp": BEGIN_S + 2 * STEP_S + 0.0321}, "a row is of 0.032100 s instead of 0.032000 s"),
    ],
)
def test_one_row_among_others_whose_content_is_wrong_is_found(fault, told):
    problems = row_problems([*rows(0, 1), *rows(2, **fault), *rows(3)], FIGURES, [7, 8])
    assert any(told in problem for problem in problems)


def test_a_spectrogram_of_nothing_but_zeroes_is_wrong():
    assert row_problems(rows(0, 1, values=(0, 0)), FIGURES, [7, 8]) == ["every intensity is 0"]
    assert row_problems([*rows(0), *rows(1, values=(0, 0))], FIGURES, [7, 8]) == []


def test_a_known_signal_is_strongest_at_its_sensor_and_frequency():
    # The bins are at 0 and 31.25 Hz.
    shown = [
        WaterfallRow.model_validate(
            row(sensors=()) | {"sensors": [{"id": 7, "intensity": [1, 2]}, {"id": 8, "intensity": [1, high]}]}
        )
        for high in (3, 1)
    ]
    assert signal_problems(shown[:1], FIGURES, 8, 30) == []
    assert signal_problems(shown, FIGURES, 8, 30) == ["row 2 is strongest at sensor 7, 31.25 Hz"]
    assert signal_problems(shown[:1], FIGURES, 8, 2) == ["row 1 is strongest at sensor 8, 31.25 Hz"]


def test_a_signal_that_is_as_strong_elsewhere_is_not_known_again():
    both = rows(0, values=(1, 5))
    assert signal_problems(both, FIGURES, 7, 30) == ["row 1 is strongest at sensor 8, 31.25 Hz"]


def streamed(monkeypatch, *messages, ended=""):
    """The rows of a stream of these messages."""
    made = Waterfall(job({"stream_url": "http://127.0.0.1", "stream_port": 1}, payload=PAYLOAD), settings(), None)
    monkeypatch.setattr(stream, "read", lambda *_: stream.Streamed(list(messages), ended))
    made.expect_streamed(2, FIGURES)
    return made.rows


def test_the_rows_of_a_stream_are_read_as_rows(monkeypatch):
    assert streamed(monkeypatch, json.dumps(row(0)), json.dumps(row(1))) == rows(0, 1)


def test_a_stream_that_gives_too_little_or_no_rows_is_the_products_failure(monkeypatch):
    with pytest.raises(ExpectationFailed, match=r"1 came within .*: DEADLINE_EXCEEDED"):
        streamed(monkeypatch, json.dumps(row(0)), ended="DEADLINE_EXCEEDED")
    with pytest.raises(ExpectationFailed, match="sensors: Field required"):
        streamed(monkeypatch, json.dumps(row(0)), '{"start_timestamp": 1.0, "end_timestamp": 2.0}')


@pytest.mark.parametrize(
    ("numbers", "where"),
    [
        ((0, 1, 2, 3), None),
        ((5, 6), None),
        ((0,), None),
        ((), None),
        ((0, 1, 3), "row 3 begins 0.032000 s"),
        ((0, 1, 1, 2), "row 3 begins 0.000000 s"),
        ((1, 0), "row 2 begins -0.016000 s"),
        ((0, 1.001), "row 2 begins 0.016016 s"),
    ],
)
def test_a_row_that_is_missing_doubled_or_out_of_order_is_found(numbers, where):
    problems = order_problems(rows(*numbers), FIGURES)
    assert [problem.partition(" after")[0] for problem in problems] == ([where] if where else [])


@pytest.mark.parametrize(
    ("numbers", "spans", "count"),
    [
        ((0, 1, 2), [(0, 0.064)], 0),
        ((0, 4), [(0, 0.032), (0.064, 0.096)], 0),
        ((0, 1, 2), [(0, 0.063)], 1),
        ((0, 1, 2), [(0.001, 0.064)], 1),
        ((1,), [(0, 0.032), (0.032, 0.064)], 1),
        ((0,), [], 1),
    ],
)
def test_rows_that_lie_outside_of_what_was_recorded_are_found(numbers, spans, count):
    known = ((BEGIN_S + start, BEGIN_S + end) for start, end in spans)
    assert len(waterfall.outside_problems(rows(*numbers), known)) == count


@pytest.mark.parametrize(
    ("begins_s", "lasts_s", "told"),
    [
        (0, 0, None),
        (0, 30, None),
        (30, 30, None),
        (-0.001, 30, "instead of .* to "),
        (30.001, 30, "instead of .* to "),
        (-0.001, 0, r"instead of [\d.]+$"),
        (0.001, 0, r"instead of [\d.]+$"),
    ],
)
def test_a_row_that_begins_too_early_or_too_late_is_found(begins_s, lasts_s, told):
    (row,) = rows(0)
    begun = row.start_timestamp - begins_s
    expected = tuple(datetime.fromtimestamp(begun + after_s, UTC) for after_s in (0, lasts_s))
    problems = waterfall.beginning_problems(row, expected)
    assert (problems == []) if told is None else re.search(told, problems[0])


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((0, 1, 2, 6, 7, 8), []),
        ((0, 1, 2, 6, 7), ["2 rows instead of 3"]),
        ((0, 1, 6, 7, 8, 8), ["2 rows instead of 3", "4 rows instead of 3"]),
        ((), ["0 rows instead of 3", "0 rows instead of 3"]),
    ],
)
def test_a_recording_with_fewer_or_more_rows_than_it_should_have_is_found(numbers, told):
    def window(start, end):
        return T + timedelta(seconds=start), T + timedelta(seconds=end)

    # The second recording begins between two rows and goes on after the playback; the third is long over.
    recorded = [window(0, 0.064), window(0.09, 9), window(-2, -1)]
    problems = row_count_problems(rows(*numbers), FIGURES, window(0, 0.165), recorded)
    assert [problem.partition(" between")[0] for problem in problems] == told


class Player:
    """Answers with these, one after another, the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, path):
        self.asked.append(path)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def reading(*answers, **time_limits):
    limits = {"playback_ends_s": 0.15, **time_limits}
    return Waterfall(job(payload=PAYLOAD), settings(time_limits=limits), Player(*answers))


def test_rows_are_kept_in_the_order_in_which_they_came():
    read = reading(given(0, 1), NONE_YET, given(2))
    for _ in range(3):
        read.expect_next_rows(2)
    assert order_problems(read.rows, FIGURES) == []
    assert (len(read.rows), read.ask.asked) == (3, [f"/waterfall/{JOB_ID}/2"] * 3)


def test_more_rows_than_were_asked_for_are_the_products_failure():
    with pytest.raises(ExpectationFailed, match="at most 1 rows"):
        reading(given(0, 1)).expect_next_rows(1)


def test_rows_are_asked_for_until_there_are_enough():
    read = reading(NONE_YET, given(0), NONE_YET, given(1, 2), given(3))
    read.expect_rows(3, 2, FIGURES)
    assert len(read.rows) == 3


def test_rows_that_do_not_come_are_waited_for_as_long_as_they_take_and_the_limit_beyond():
    with pytest.raises(ExpectationFailed, match="there are 1 of them") as failure:
        reading(given(0), NONE_YET).expect_rows(3, 2, FIGURES)
    assert "= 0.23 s" in str(failure.value)  # 0.15 + 0.032 + 3 * 0.016


def test_rows_that_are_there_are_read_at_once_whatever_the_poll_interval():
    limits = {"poll_interval_s": 60, "rows_appear_s": 0.1}
    read = reading(*(given(number) for number in range(6)), NONE_YET, **limits)
    read.expect_rows(6, 1, FIGURES)
    assert len(read.rows) == 6
    changed = reading(given(0), given(1), *(given(number, sensors=(8, 9)) for number in range(2, 6)), **limits)
    changed.expect_rows_of(range(8, 10), FIGURES)
    assert len(changed.rows) == 6


def test_rows_are_not_late_because_they_are_asked_for_seldom():
    asked_at = []
    read = reading(NONE_YET, NONE_YET, given(0), poll_interval_s=60, rows_late_s=0.2, rows_appear_s=30)
    player = read.ask
    read.ask = lambda path: (asked_at.append(time.monotonic()), player(path))[1]
    read.expect_rows(1, 1, FIGURES)
    assert asked_at[-1] - asked_at[0] < 5  # 0.1 s by itself


def test_what_several_readers_were_given_is_put_in_the_order_of_time():
    answers, lock = [given(0), given(1, 2), given(3), OVER], threading.Lock()

    def ask(path):
        with lock:
            return answers.pop(0) if len(answers) > 1 else OVER

    read = reading(OVER)
    read.ask = ask
    read.expect_end_by(2, 3)
    assert order_problems(read.rows, FIGURES) == []
    assert (len(read.rows), len(read.answered_at), len(read.sizes)) == (4, 4, 4)


def test_a_row_that_two_readers_were_given_is_there_twice():
    read = reading(OVER)
    shown = threading.local()

    def ask(path):
        shown.rows = getattr(shown, "rows", [given(0), given(1)])
        return shown.rows.pop(0) if shown.rows else OVER

    read.ask = ask
    barrier = threading.Barrier(2)
    read.settings = settings(time_limits={"playback_ends_s": 5})
    read.ask = lambda path: (barrier.wait(5), ask(path))[1]
    read.expect_end_by(2, 3)
    assert len(read.rows) == 4
    assert order_problems(read.rows, FIGURES) != []


def test_a_live_job_whose_rows_are_over_is_found_at_once():
    read = reading(given(0), OVER, given(1, 2))
    with pytest.raises(ExpectationFailed, match="no more will come"):
        read.expect_rows(3, 2, FIGURES)
    assert len(read.ask.asked) == 2


@pytest.mark.parametrize("to_the_end", [Waterfall.expect_end, Waterfall.expect_end_of_live_job])
def test_a_waterfall_is_read_until_it_is_said_to_be_over(to_the_end):
    read = reading(given(0, 1), NONE_YET, given(2), OVER, given(3))
    to_the_end(read)
    assert (len(read.rows), read.ask.asked[0]) == (3, f"/waterfall/{JOB_ID}/1000")
    with pytest.raises(ExpectationFailed, match=r"come to an end\n  - 1 rows so far"):
        to_the_end(reading(given(0), NONE_YET))


def test_rows_of_other_sensors_are_read_until_those_that_are_wanted_come():
    read = reading(given(0), NONE_YET, given(1), *(given(number, sensors=(8, 9)) for number in range(2, 6)))
    read.expect_rows_of(range(8, 10), FIGURES)
    assert len(read.rows) == 6


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([NONE_YET], "there are none"),
        ([given(0)], "rows of the sensors 8 to 9"),
        ([given(0, sensors=(8, 9)), given(1, sensors=(8, 9)), given(2), given(3, sensors=(8, 9))], "every further row"),
        ([given(0, sensors=(8, 9)), OVER], "no more will come"),
    ],
)
def test_rows_that_are_not_of_the_wanted_sensors_from_then_on_are_found(answers, told):
    with pytest.raises(ExpectationFailed, match=told):
        reading(*answers).expect_rows_of(range(8, 10), FIGURES)


def test_an_earlier_row_of_these_sensors_is_no_proof_that_they_come_now():
    read = reading(given(0, sensors=(8, 9)), NONE_YET)
    read.expect_next_rows(1)
    with pytest.raises(ExpectationFailed, match="rows of the sensors 8 to 9"):
        read.expect_rows_of(range(8, 10), FIGURES)


@pytest.mark.parametrize(("answer", "yet", "over"), [(NONE_YET, True, False), (OVER, False, True), (given(0), 0, 0)])
def test_none_yet_and_no_more_are_told_apart(answer, yet, over):
    for expect, holds in ((reading(answer).expect_none_yet, yet), (reading(answer).expect_over, over)):
        if holds:
            expect(answer)
        else:
            with pytest.raises(ExpectationFailed, match="the status is"):
                expect(answer)


def asked_after(answer, age_s, **time_limits):
    """Who reads a job's rows for the first time, and the answer, that long after the job was requested."""
    read = reading(replace(answer, sent_at=answer.sent_at + timedelta(seconds=age_s), elapsed_s=0.0), **time_limits)
    read.job = replace(read.job, exchange=replace(read.job.exchange, sent_at=answer.sent_at))
    return read, read.expect_next_rows(1)


@pytest.mark.parametrize(
    ("age_s", "answer", "told"),
    [
        (0.5 * LENGTH_S, NONE_YET, None),
        (0.5 * LENGTH_S, given(0), "the status is 201"),
        (0.5 * LENGTH_S, OVER, "the status is 208"),
        (2 * LENGTH_S, NONE_YET, None),
        (2 * LENGTH_S, given(0), None),
        (2 * LENGTH_S, OVER, "the status is 208"),
    ],
)
def test_a_row_is_too_early_before_a_first_window_can_be_full_and_not_after_that(age_s, answer, told):
    read, seen = asked_after(answer, age_s)
    with nullcontext() if told is None else pytest.raises(ExpectationFailed, match=told):
        read.expect_none_before_their_time(seen, FIGURES)


@pytest.mark.parametrize(
    ("late_s", "told"), [([0.0, 0.5], None), ([-0.9], None), ([0.5, -1.1], "1.100 s before its end")]
)
def test_a_row_that_ends_after_it_came_is_too_early_however_late_the_answer_is(late_s, told):
    read, seen = asked_after(NONE_YET, 60, clock_tolerance_s=1)
    read.rows = rows(*range(len(late_s)))
    read.answered_at = [row.end_timestamp + late for row, late in zip(read.rows, late_s, strict=True)]
    with nullcontext() if told is None else pytest.raises(ExpectationFailed, match=told):
        read.expect_none_before_their_time(seen, FIGURES)


@pytest.mark.parametrize(("answer", "goes_on"), [(given(0), True), (NONE_YET, True), (OVER, False)])
def test_rows_go_on_until_it_is_said_that_they_are_over(answer, goes_on):
    with nullcontext() if goes_on else pytest.raises(ExpectationFailed, match="the status is 208"):
        waterfall.expect_going_on(answer, Answers())


def test_two_readings_that_show_the_same():
    assert waterfall.difference_problems(rows(0, 1, 2), rows(0, 1, 2)) == []
    one, other = rows(0, 1, values=(1, 2)), rows(0, 1, sensors=(8,), values=(1, 2))
    assert waterfall.difference_problems(one, other, {8}) == []


@pytest.mark.parametrize(
    ("others", "sensors", "told"),
    [
        (rows(0, 1), None, "2 rows and 1 rows"),
        (rows(1), None, "row 1 begins at"),
        (rows(0, values=(0, 1.4)), None, "row 1 shows something else"),
        (rows(0, sensors=(7,)), None, "row 1 shows something else"),
        (rows(0, values=(0, 1.4)), {7}, "row 1 shows something else"),
        (rows(0), {9}, "row 1 shows something else"),
    ],
)
def test_two_readings_that_differ(others, sensors, told):
    assert told in "\n".join(waterfall.difference_problems(others, rows(0), sensors))


@pytest.mark.parametrize(("late_s", "told"), [(-0.5, "-0.500 s after that"), (3.1, "+3.100 s after that"), (1, None)])
def test_rows_come_after_their_time_and_not_long_after(late_s, told):
    at = settings(time_limits={"rows_late_s": 2, "clock_tolerance_s": 0})
    reading = Waterfall(job(PAYLOAD), at, lambda path: exchange(), rows(0, 1))
    reading.answered_at = [row.end_timestamp + late for row, late in zip(reading.rows, (0.1, late_s), strict=True)]
    if told is None:
        reading.expect_in_real_time()
    else:
        with pytest.raises(ExpectationFailed, match=r"rows within 2 s") as failure:
            reading.expect_in_real_time()
        assert told in str(failure.value)

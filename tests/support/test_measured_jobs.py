import json

import pytest
from stand_ins import exchange, job, settings

from support.checks.figures import figures_of
from support.checks.measurements import (
    MEASUREMENTS,
    expect_as_configured,
    expect_in_proportion,
    expect_measured,
    expect_steps_halved,
)
from support.checks.waterfall import Waterfall, WaterfallRow
from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits
from support.core.errors import ExpectationFailed
from support.profile.settings import Answers

# Two sensors and three frequencies; a row of 0.512 s each 0.256 s.
PAYLOAD = generate_config_payload(channels={"min": 7, "max": 8}, frequencyRange={"min": 0, "max": 4})
FIGURES = figures_of(PAYLOAD, Limits(), Answers())
BEGIN_S = 1_100_000_000.0


def rows(count=4, step_s=0.256, length_s=0.512, sensors=2, values=3):
    seen = [{"id": number, "intensity": [1.5] * values} for number in range(sensors)]
    begins = [BEGIN_S + number * step_s for number in range(count)]
    return [
        WaterfallRow.model_validate({"start_timestamp": at, "end_timestamp": at + length_s, "sensors": seen})
        for at in begins
    ]


def read(sizes=(100.0,), **what):
    """What was read of a job whose time axis is 1 s long: four rows begin within it."""
    of = job(payload={**PAYLOAD, "displayTimeAxisDuration": 1})
    given = rows(**what)
    return Waterfall(of, settings(), lambda path: exchange(), given, sizes=[*sizes] * (len(given) // len(sizes)))


def test_rows_are_measured_by_their_own_times_and_values():
    measured = expect_measured(read())
    assert (measured.lines_dt_s, measured.window_s) == pytest.approx((0.256, 0.512))
    assert (measured.values_per_row, measured.values_per_sensor) == (6, 3)
    assert (measured.rows_per_second, measured.overlap) == pytest.approx((3.90625, 0.5))


def test_bytes_are_those_of_the_answers():
    as_text = [json.dumps(row.model_dump(), indent=indent) for row, indent in zip(rows(3), (None, 1, 8), strict=True)]
    answers = [exchange(f'{{"rows": [{one}]}}', 201) for one in as_text]
    waterfall = Waterfall(job(payload=PAYLOAD), settings(), lambda path: answers.pop(0))
    sizes = [len(one.answer_text) for one in answers]
    for _ in range(3):
        waterfall.expect_next_rows(1)
    assert waterfall.sizes == sizes
    assert expect_measured(waterfall).bytes_per_row == sum(sizes) / 3


def test_a_time_axis_is_filled_by_the_rows_that_begin_on_it():
    axis = expect_measured(read(count=6, sizes=(1.0, 2.0))).axis
    assert (axis.duration_s, axis.filled_s, axis.values, axis.size) == (1, 1, 4 * 6, 6)
    short = expect_measured(read(count=3)).axis
    assert (short.filled_s, short.values, short.size) == (pytest.approx(0.768), 3 * 6, 300)


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 1}, {"count": 2, "step_s": 0}, {"count": 3, "step_s": -1}])
def test_rows_that_do_not_follow_each_other_cannot_be_measured(wrong):
    with pytest.raises(ExpectationFailed, match="rows to measure"):
        expect_measured(read(**wrong))


def test_it_is_shown_in_rows_intensities_and_bytes():
    assert expect_measured(read(count=3)).shown().splitlines() == [
        "rows: one each 0.256 s, each of 0.512 s",
        "output rate: 3.90625 rows/s, overlap: 50.0%",
        "data rate: 23.4375 intensities/s, 390.625 bytes/s as they are answered",
        "on a time axis of 1 s, of which they fill 0.768 s: 18 intensities, 300 bytes as they are answered",
    ]


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_what_follows_from_the_configuration_is_right(measurement):
    expect_as_configured(measurement, expect_measured(read(count=5)), FIGURES)


@pytest.mark.parametrize(
    ("measurement", "wrong"),
    [
        ("output rate", {"step_s": 0.2561}),
        ("overlap of windows", {"length_s": 0.513}),
        ("data rate", {"values": 2}),
        ("data rate", {"sensors": 1}),
        ("data rate", {"step_s": 0.257}),
        ("memory use", {"values": 4}),
        ("memory use", {"step_s": 0.2}),
        ("memory use", {"count": 3}),
    ],
)
def test_what_does_not_follow_from_it_is_found(measurement, wrong):
    with pytest.raises(ExpectationFailed, match=f"the {measurement} that follows"):
        expect_as_configured(measurement, expect_measured(read(**{"count": 6, **wrong})), FIGURES)


def test_steps_of_frequency_are_halved():
    def measured(*steps):
        return [expect_measured(read(values=count + 1)) for count in steps]

    expect_steps_halved(measured(2, 5, 10, 20, 41))
    for wrong in ((2, 3), (2, 6), (2, 4, 4)):
        with pytest.raises(ExpectationFailed, match="steps of frequency after"):
            expect_steps_halved(measured(*wrong))


def test_measurements_are_in_proportion():
    def measured(*steps_s):
        return [expect_measured(read(step_s=step_s)) for step_s in steps_s]

    def time(one):
        return one.lines_dt_s

    expect_in_proportion(measured(0.064, 0.128, 0.256), "time", time, 2)
    for wrong in ((0.064, 0.128, 0.257), (0.256, 0.128), (0.1, 0.1)):
        with pytest.raises(ExpectationFailed, match="each time to be 2 times"):
            expect_in_proportion(measured(*wrong), "time", time, 2)

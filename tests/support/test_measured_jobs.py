from dataclasses import replace

import pytest

from support.checks.figures import figures_of
from support.checks.measurements import (
    MEASUREMENTS,
    expect_as_configured,
    expect_in_proportion,
    expect_measured,
    expect_steps_halved,
)
from support.checks.waterfall import WaterfallRow
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


def test_rows_are_measured_by_their_own_times_and_values():
    measured = expect_measured(rows())
    assert (measured.lines_dt_s, measured.window_s) == pytest.approx((0.256, 0.512))
    assert (measured.values_per_row, measured.values_per_sensor) == (6, 3)
    assert measured.bytes_per_row == sum(len(row.model_dump_json()) for row in rows()) / 4
    assert (measured.rows_per_second, measured.overlap) == pytest.approx((3.90625, 0.5))


@pytest.mark.parametrize("wrong", [rows(0), rows(1), rows(2, step_s=0), rows(3, step_s=-1)])
def test_rows_that_do_not_follow_each_other_cannot_be_measured(wrong):
    with pytest.raises(ExpectationFailed, match="rows to measure"):
        expect_measured(wrong)


def test_it_is_shown_in_rows_intensities_and_bytes():
    measured = replace(expect_measured(rows()), bytes_per_row=100)
    assert measured.shown(10).splitlines() == [
        "rows: one each 0.256 s, each of 0.512 s",
        "output rate: 3.90625 rows/s, overlap: 50.0%",
        "data rate: 23.4375 intensities/s, 390.625 bytes/s as they are answered",
        "on a time axis of 10 s: 234.375 intensities, 3906.25 bytes as they are answered",
    ]


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_what_follows_from_the_configuration_is_right(measurement):
    expect_as_configured(measurement, expect_measured(rows()), FIGURES, 10)


@pytest.mark.parametrize(
    ("measurement", "wrong"),
    [
        ("output rate", {"step_s": 0.2561}),
        ("overlap of windows", {"length_s": 0.513}),
        ("data rate", {"values": 2}),
        ("data rate", {"sensors": 1}),
        ("data rate", {"step_s": 0.257}),
        ("memory use", {"values": 4}),
        ("memory use", {"step_s": 0.25}),
    ],
)
def test_what_does_not_follow_from_it_is_found(measurement, wrong):
    with pytest.raises(ExpectationFailed, match=f"the {measurement} that follows"):
        expect_as_configured(measurement, expect_measured(rows(**wrong)), FIGURES, 10)


def test_steps_of_frequency_are_halved():
    def measured(*steps):
        return [expect_measured(rows(values=count + 1)) for count in steps]

    expect_steps_halved(measured(2, 5, 10, 20, 41))
    for wrong in ((2, 3), (2, 6), (2, 4, 4)):
        with pytest.raises(ExpectationFailed, match="steps of frequency after"):
            expect_steps_halved(measured(*wrong))


def test_measurements_are_in_proportion():
    def measured(*steps_s):
        return [expect_measured(rows(step_s=step_s)) for step_s in steps_s]

    def time(one):
        return one.lines_dt_s

    expect_in_proportion(measured(0.064, 0.128, 0.256), "time", time, 2)
    for wrong in ((0.064, 0.128, 0.257), (0.256, 0.128), (0.1, 0.1)):
        with pytest.raises(ExpectationFailed, match="each time to be 2 times"):
            expect_in_proportion(measured(*wrong), "time", time, 2)

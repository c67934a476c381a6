"""The suite is run against servers that each have one defect in checking configurations: it must find and name it.

Each limit is moved by one, in both directions, each rule is left out, each type is taken for another one.
"""

from itertools import chain

import pytest

from sandbox.defects.shapes import slug
from sandbox.focus_server.rules import ALL_RULES
from tests.acceptance.running import Caught, caught

ACCEPTED = "the job is accepted"
TAKEN = "the status is 200 instead of 400 or 422"
LEAVES_NOTHING = "is refused and launches nothing"


def refused(parameter, *rows):
    """What should be refused because of a parameter, and is accepted."""
    return caught(f"the request is refused because of the {parameter}", TAKEN, rows)


def needed(parameter, defect, scenario):
    return Caught(defect, scenario, f"the request is refused because of the {parameter}", TAKEN)


TOO_NARROW = [
    Caught("fft_from_129", "An FFT of 128 samples is accepted", ACCEPTED, "must be 129 to 4096"),
    Caught("fft_up_to_2048", "An FFT of 4096 samples is accepted", ACCEPTED, "must be 128 to 2048"),
    Caught("duration_from_2", "A time axis duration that is the smallest is accepted", ACCEPTED, "must be 2 to 3600"),
    Caught(
        "duration_up_to_3599", "A time axis duration that is the largest is accepted", ACCEPTED, "must be 1 to 3599"
    ),
    Caught("height_from_2", "A canvas height that is the smallest is accepted", ACCEPTED, "must be 2 to 10000"),
    Caught("height_up_to_9999", "A canvas height that is the largest is accepted", ACCEPTED, "must be 1 to 9999"),
    Caught("sensors_up_to_2220", "The last sensor of the fibre can be looked at", ACCEPTED, "must be 0 to 2220"),
    Caught("frequencies_up_to_999", "Frequencies up to the Nyquist limit itself are accepted", ACCEPTED, "999 Hz"),
    Caught("a_second_behind", "A playback may end with the present second", ACCEPTED, "must not be in the future"),
    Caught("text_times_in_local_time", "A time may be written as text", ACCEPTED, "400"),
    *caught(
        ACCEPTED,
        '422 {"detail"',
        (
            ("sensors_from_1", "The first sensor of the fibre can be looked at"),
            ("channels_from_2", "A single channel view of channel 1"),
            ("no_range_of_one_sensor", "A range of a single sensor can be looked at"),
            ("no_waterfall_view", "A waterfall view"),
            ("no_playback_of_a_second", "The shortest playback is one second long"),
        ),
    ),
]

TOO_WIDE = [
    *refused(
        "FFT length",
        ("fft_from_64", "An FFT of 64 samples, a power of two beyond the range, is refused"),
        ("fft_up_to_8192", "An FFT of 8192 samples, a power of two beyond the range, is refused"),
        ("without_nfft_in_range", "An FFT of 64 samples, a power of two beyond the range, is refused"),
        ("without_nfft_power_of_two", "An FFT of 1000 samples, which is no power of two, is refused"),
    ),
    *refused(
        "time axis duration",
        ("duration_from_0", "A time axis duration of 0 is refused"),
        ("duration_up_to_3601", "A time axis duration of one above the largest is refused"),
        ("without_duration_in_range", "A time axis duration of -1 is refused"),
    ),
    *refused(
        "canvas height",
        ("height_from_0", "A canvas height of 0 is refused"),
        ("height_up_to_10001", "A canvas height of one above the largest is refused"),
        ("without_height_in_range", "A canvas height of -1 is refused"),
    ),
    *refused(
        "sensor range",
        ("sensors_from_minus_1", "A sensor before the first cannot be looked at"),
        ("sensors_up_to_2222", "A sensor after the last cannot be looked at"),
        ("without_channels_exist", "A range that lies beyond the last one cannot be looked at"),
        ("without_channels_ascend", "A range that begins behind its end cannot be looked at"),
        ("without_single_channel_is_one", f"A single channel view of several channels {LEAVES_NOTHING}"),
        (
            "without_channels_ascend_under_a_task_id",
            "A job under a task id refuses a sensor range of 50 to 1",
        ),
        ("without_channels_exist_under_a_task_id", "A job under a task id refuses a sensor range of -1 to 5"),
    ),
    *refused(
        "channel",
        (
            "without_single_channel_counts_from_one",
            f"A single view of channel one below the smallest {LEAVES_NOTHING}",
        ),
    ),
    *refused(
        "frequency range",
        ("frequencies_up_to_1000_5", "A highest frequency just above the largest is refused"),
        ("frequencies_up_to_1001", "A highest frequency one above the largest is refused"),
        ("frequencies_just_below_0", "Frequencies of -0.001 to 500 are refused"),
        ("a_single_frequency", "Frequencies of 500 to 500 are refused"),
        ("without_frequencies_not_negative", "Frequencies of -1 to 500 are refused"),
        ("without_frequencies_ascend", f"A job with a reversed frequency range {LEAVES_NOTHING}"),
        (
            "without_frequencies_ascend_under_a_task_id",
            "A job under a task id refuses a frequency range of 500 to 0",
        ),
        (
            "without_frequencies_up_to_nyquist_under_a_task_id",
            "A job under a task id refuses a frequency range of 0 to 1e9",
        ),
    ),
    *refused(
        "highest frequency",
        ("without_frequencies_up_to_nyquist", f"A job with frequencies above the Nyquist limit {LEAVES_NOTHING}"),
    ),
    *refused(
        "view type",
        ("views_up_to_3", "A view of type one above the largest does not exist"),
        ("views_from_minus_1", "A view of type one below the smallest does not exist"),
        ("without_view_type_known", "A view of type 1000000 does not exist"),
    ),
]

TIMES = [
    *refused(
        "start time",
        ("end_without_beginning", f"A playback without its start time {LEAVES_NOTHING}"),
        ("ends_as_it_begins", f"A playback that ends when it begins {LEAVES_NOTHING}"),
        ("without_times_ascend", f"A playback that ends one hour before it began {LEAVES_NOTHING}"),
        ("start_before_1970", f"A playback with its start time as -1 {LEAVES_NOTHING}"),
        ("start_as_decimal", f"A playback with its start time as 1000000000.5 {LEAVES_NOTHING}"),
        ("start_as_whole_decimal", f"A playback with its start time as 1000000000.0 {LEAVES_NOTHING}"),
        ("start_as_truth", f"A playback with its start time as true {LEAVES_NOTHING}"),
        ("start_as_any_text", f"A playback with its start time as the text yesterday {LEAVES_NOTHING}"),
        ("start_as_seconds_in_text", f"A playback with its start time as the text 1000000000 {LEAVES_NOTHING}"),
        ("start_of_no_month", f"A playback with its start time as the text 011301120000 {LEAVES_NOTHING}"),
        ("start_of_no_month", f"A playback with its start time as the text 010101250000 {LEAVES_NOTHING}"),
    ),
    *refused(
        "end time",
        ("beginning_without_end", f"A playback without its end time {LEAVES_NOTHING}"),
        ("without_times_go_together", f"A playback with an empty end time {LEAVES_NOTHING}"),
        ("without_times_not_in_future", f"A playback with its end time an hour in the future {LEAVES_NOTHING}"),
        ("a_second_ahead", f"A playback with its end time one second in the future {LEAVES_NOTHING}"),
        ("end_as_iso", f"A playback with its end time as the text 2001-01-01T00:00:00Z {LEAVES_NOTHING}"),
        ("end_as_list", f"A playback with its end time as [1000000000] {LEAVES_NOTHING}"),
        ("end_after_9999", f"A playback with its end time as 253402300800 {LEAVES_NOTHING}"),
    ),
]

# By kind: parameters, and how the scenario writes what should not be taken for them.
TYPES = {
    "number_in_text": {
        "time axis duration": "the text 10",
        "FFT length": "the text 1024",
        "canvas height": "the text 1000",
        "first sensor": "the text 1",
        "last sensor": "the text 50",
        "lowest frequency": "the text 0",
        "highest frequency": "the text 500",
    },
    "text": {"canvas height": "the text tall", "sensor range": "the text 1-50", "frequency range": "the text all"},
    "truth": dict.fromkeys(
        (
            "time axis duration",
            "FFT length",
            "canvas height",
            "first sensor",
            "last sensor",
            "lowest frequency",
            "highest frequency",
            "view type",
        ),
        "true",
    ),
    "whole_decimal": {
        "time axis duration": "10.0",
        "FFT length": "1024.0",
        "canvas height": "1000.0",
        "first sensor": "1.0",
        "last sensor": "50.0",
        "view type": "0.0",
    },
    "decimal": {"canvas height": "999.5", "last sensor": "50.5"},
    "list": {
        "time axis duration": "[10]",
        "FFT length": "[1024]",
        "canvas": "[1000]",
        "canvas height": "[1000]",
        "sensor range": "[1,50]",
        "view type": "[0]",
    },
}
NEEDED = (
    *("time axis duration", "FFT length", "canvas", "canvas height", "sensor range", "first sensor", "last sensor"),
    *("frequency range", "lowest frequency", "highest frequency", "view type"),
)
NEEDED_UNDER_A_TASK_ID = (
    *("time axis duration", "FFT length", "canvas height", "sensor range", "frequency range", "view type"),
)
SHAPES = [
    *(
        needed(parameter, f"{slug(parameter)}_as_{kind}", f"A job with a {parameter} of {value} {LEAVES_NOTHING}")
        for kind, parameters in TYPES.items()
        for parameter, value in parameters.items()
    ),
    *chain.from_iterable(
        (
            needed(parameter, f"{slug(parameter)}_as_missing", f"A job without its {parameter} {LEAVES_NOTHING}"),
            needed(parameter, f"{slug(parameter)}_as_nothing", f"A job with an empty {parameter} {LEAVES_NOTHING}"),
        )
        for parameter in NEEDED
    ),
    *(
        needed(parameter, f"{slug(parameter)}_missing_under_a_task_id", f"A job under a task id needs its {parameter}")
        for parameter in NEEDED_UNDER_A_TASK_ID
    ),
    *refused(
        "unknown parameter",
        ("strangers_in_configuration", f"A job with an unknown parameter beside its FFT length {LEAVES_NOTHING}"),
        ("strangers_in_displayinfo", f"A job with an unknown parameter beside its canvas height {LEAVES_NOTHING}"),
        ("strangers_in_channels", f"A job with an unknown parameter beside its first sensor {LEAVES_NOTHING}"),
        (
            "strangers_in_frequencyrange",
            f"A job with an unknown parameter beside its lowest frequency {LEAVES_NOTHING}",
        ),
    ),
    *(
        needed(parameter, f"{slug(parameter)}_as_group", f"a query for anything as {parameter} {LEAVES_NOTHING}")
        for parameter in ("FFT length", "time axis duration")
    ),
    *refused(
        "view type",
        ("view_type_as_number_in_text", f"A job with a view written as text {LEAVES_NOTHING}"),
        ("view_type_as_text", f"code of the database as view type {LEAVES_NOTHING}"),
    ),
]

GENERATED = "Some hundreds of generated requests"
DEALT_WITH = "each was refused without a trace, or was valid and fully carried out"
REASONS = [
    Caught(
        "first_reason_only",
        "All that is wrong with a configuration is told at once",
        "the request is refused because of each of them",
        "the reason does not name height",
    ),
    Caught(
        "reason_without_its_place",
        "An FFT of 64 samples, a power of two beyond the range, is refused",
        "the request is refused because of the FFT length",
        "the reason does not name nfftSelection",
    ),
    Caught(
        "future_of_the_end_only",
        f"A playback of a time that lies in the future as a whole {LEAVES_NOTHING}",
        "the request is refused because of the start time",
        "the reason does not name start_time",
    ),
    Caught("strangers_of_another_script", GENERATED, DEALT_WITH, "the smallest request that shows it: {"),
    Caught("truths_as_numbers", GENERATED, DEALT_WITH, "the smallest request that shows it: {"),
]

ROWS = [*TOO_NARROW, *TOO_WIDE, *TIMES, *SHAPES, *REASONS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.defect)
def test_a_defect_turns_the_right_scenario_red(expect_caught, row):
    expect_caught(row)


def test_every_rule_is_left_out_once():
    assert {f"without_{rule.__name__}" for rule in ALL_RULES} <= {row.defect for row in ROWS}

"""The suite is run against servers that each have one defect in what they show: it must find and name it.

Figures, rows of live jobs and of playbacks, what counts as recorded, and regions of interest.
"""

import pytest

from sandbox.focus_server.region_rules import BOUNDS, SAFETY
from tests.acceptance.running import Caught, caught

ACCEPTED = "the job is accepted"


def figure(name, message, *rows):
    return caught(f"its {name} follows from its configuration", message, rows)


def bins(length):
    return f"With an FFT of {length} samples the list of frequencies is right"


def band(text):
    return f"Both ends of a band belong to it: {text}"


FIGURES = [
    *figure(
        "list of frequencies",
        "frequencies_list is 511 values from 1.953125 to 500 instead of 512 values from 0.9765625 to 500",
        ("lowest_end_open", band("0.9765625 to 500")),
    ),
    *figure(
        "list of frequencies", "frequencies_amount is 1 instead of 2", ("highest_end_open", band("0 to 0.9765625"))
    ),
    *figure("list of frequencies", "512 values from 0.9765625", ("one_bin_below", band("0.97656251 to 500"))),
    *figure("list of frequencies", "to 500.976562 instead of", ("one_bin_above", band("0.9765625 to 500"))),
    *figure("list of frequencies", "is [0.9765625] instead of []", ("upper_end_rounded_up", band("0.1 to 0.2"))),
    *figure("list of frequencies", "values from 1.953125 to 500 instead of 257", ("without_zero", bins(1024))),
    *figure("list of frequencies", "frequencies_amount is 34 instead of 33", ("one_frequency_too_many", bins(128))),
    *figure(
        "highest frequency",
        "is 998.046875 instead of 1000.0",
        ("without_nyquist", "The highest frequency is the Nyquist limit"),
    ),
    *figure(
        "frequency resolution",
        "from 15.7480315 to 15.7480315 instead of 32 values from 15.625 to 15.625",
        ("resolution_of_one_sample_less", "With an FFT of 128 samples the frequency resolution is right"),
    ),
    *figure(
        "frequency resolution",
        "0.244140625 instead of",
        ("frequencies_of_another_rate", "With an FFT of 4096 samples the frequency resolution is right"),
    ),
    *figure(
        "mapping of channels to streams",
        "{'0': 1} instead of {'0': 0}",
        ("streams_from_1", "With the sensors 0 to 0 the mapping of channels to streams is right"),
    ),
    *figure(
        "mapping of channels to streams",
        "{'2': 0, '3': 1,",
        ("channels_one_further", "With the sensors 1 to 50 the mapping of channels to streams is right"),
    ),
    *figure(
        "mapping of channels to streams",
        "channel_to_stream_index is",
        ("last_channel_unmapped", "With the sensors 100 to 199 the mapping of channels to streams is right"),
    ),
    *figure(
        "mapping of channels to streams",
        "{'321': 321} instead of {'321': 0}",
        ("single_channel_by_its_number", "The one channel is mapped to the first stream"),
    ),
    *figure(
        "number of streams",
        "stream_amount is 1 instead of 50",
        ("one_stream_for_all", "With the sensors 1 to 50 the number of streams is right"),
    ),
    *figure(
        "number of streams",
        "stream_amount is 52 instead of 51",
        ("one_stream_too_many", "With the sensors 50 to 100 the number of streams is right"),
    ),
    *figure(
        "number of channels",
        "channel_amount is 999 instead of 1000",
        ("one_channel_too_few", "With the sensors 0 to 999 the number of channels is right"),
    ),
    *figure(
        "number of channels",
        "channel_amount",
        ("channels_as_decimals", "With the sensors 1 to 50 the number of channels is right"),
    ),
    *figure(
        "time between rows",
        "lines_dt is 0.048 instead of 0.032",
        ("overlap_of_a_quarter", "An FFT of 128 samples gives the right time between rows"),
    ),
    *figure(
        "output rate",
        "instead of 3.90625",
        ("overlap_of_a_quarter", "An FFT of 1024 samples gives the right output rate"),
    ),
    *figure("data rate", "instead of 200781.25", ("overlap_of_a_quarter", "The data rate of a view")),
    *figure("memory use", "instead of 2007812.5", ("one_frequency_too_many", "The memory use of a view")),
    *figure("view", "view_type is 0 instead of 2", ("always_view_0", "A waterfall view")),
    Caught(
        "overlap_of_a_quarter",
        "The FFT length is doubled step by step",
        "the windows of each overlap by the promised share",
        "is 0.25 instead of 0.5",
    ),
    Caught(
        "time_between_rows_without_the_rate",
        "The FFT length is doubled step by step",
        "each has twice the time between rows of the one before",
        "time between rows is 0.256 after 0.256",
    ),
    Caught(
        "channels_as_one",
        "Different channels give different mappings",
        "their mappings of channels to streams differ",
        "some are",
    ),
    Caught(
        "mapping_of_the_job_before",
        "Ten channels in quick succession",
        "every one of them was mapped to its own channel",
        "channel_to_stream_index is",
    ),
    Caught(
        "mapping_of_the_job_before",
        "A single channel beside a view of many",
        "both have the channels and streams of their own configuration",
        "stream_amount is 1 instead of 10",
    ),
]

LIVE = "The rows of a live job"
IN_PARTS = "No row is left out, and none is given twice"
MINUTE, SECOND = "A playback over one minute", "A playback over one second"
IN_ORDER = "The rows of a playback come in the order of their time"
HALF_RECORDED = "A playback shows the sensors and frequencies that were asked for, and invents nothing"
GAP = "A playback across a gap leaves the gap out"
SAYING_SO = "A playback says that it is over, and goes on saying so"
REAL_TIME = "Rows come at the rate that was told"
TOO_EARLY = "Before the first window is full there are no rows"
RIGHT_ROWS = "every row is of its sensors and frequencies"
ONE_BY_ONE = "the rows follow each other at its output rate"
AS_MANY = "there are as many rows as fit into its time"
WITHIN = "every row lies within what was recorded"
NO_MORE = "no more rows come from then on"
READ = "its rows are asked for until there are 5"


def dimensions(length):
    return f"The spectrogram of a playback with an FFT of {length} samples has its dimensions"


def only_just(what):
    return f"A time that a recording only just reaches: {what}"


def bad_count(text):
    return f"Rows are asked for by the number {text}"


JOB_ROWS = [
    Caught(
        "rows_of_the_next_sensors",
        "The rows of a single channel are of that channel",
        RIGHT_ROWS,
        "a row is of the sensors 8 to 8 (1) instead of 7 to 7 (1)",
    ),
    Caught("rows_lack_a_sensor", LIVE, RIGHT_ROWS, "of the sensors 1 to 49 (49) instead of 1 to 50 (50)"),
    Caught("rows_with_a_sensor_twice", LIVE, RIGHT_ROWS, "of the sensors 1 to 50 (100) instead of 1 to 50 (50)"),
    Caught("sensors_backwards", HALF_RECORDED, RIGHT_ROWS, "of the sensors 12 to 11 (2) instead of 11 to 12 (2)"),
    Caught("rows_lack_a_frequency", LIVE, RIGHT_ROWS, "sensor 1 has 32 intensities for 33 frequencies"),
    Caught("negative_intensities", LIVE, RIGHT_ROWS, "an intensity that is no number of at least 0"),
    Caught("dark_rows", LIVE, RIGHT_ROWS, "every intensity is 0"),
    Caught("holes_in_rows", LIVE, READ, "intensity.0: Input should be a valid number"),
    Caught("times_as_text", LIVE, READ, "start_timestamp: Input should be a valid number"),
    Caught(
        "live_rows_an_hour_early",
        "The rows of a live job begin with the job",
        "the first row begins with the job",
        "instead of",
    ),
    Caught("rows_come_late", REAL_TIME, "each row comes within the promised time of its own", "came +2."),
    Caught(
        "rows_that_differ_each_time",
        "What was recorded looks the same each time",
        "both show the same",
        "row 2 shows something else",
    ),
    Caught(
        "intensities_of_other_sensors",
        "A single channel shows what it shows among many",
        "both show the same of that sensor",
        "row 1 shows something else",
    ),
    Caught(
        "rows_by_their_place_in_the_answer",
        "Rows read in parts are those read at once",
        "both show the same",
        "row 8 shows something else",
    ),
    Caught("over_too_early", LIVE, READ, "no more will come"),
    Caught(
        "rows_too_long",
        "Each row of an FFT of 128 samples is of the time that the window takes",
        "every row is of its sensors and frequencies, and as long as its window",
        "a row is of 0.128000 s instead of 0.064000 s",
    ),
    Caught("a_row_twice", IN_PARTS, ONE_BY_ONE, "begins 0.000000 s after the one before instead of 0.032000 s"),
    Caught("a_row_left_out", IN_PARTS, ONE_BY_ONE, "begins 0.064000 s after the one before instead of 0.032000 s"),
    Caught("all_rows_for_ever", IN_PARTS, ONE_BY_ONE, "after the one before instead of 0.032000 s"),
    Caught("half_of_the_rows", IN_PARTS, ONE_BY_ONE, "begins 0.064000 s after the one before"),
    Caught("rows_without_overlap", "A waterfall view gives rows, too", ONE_BY_ONE, "begins 0.064000 s after"),
    Caught("row_count_ignored", "3 rows are asked for, of many", "the next 3 rows are asked for", "at most 3 rows"),
    Caught("one_row_more", "1 rows are asked for, of many", "the next 1 rows are asked for", "at most 1 rows"),
    Caught("rows_too_early", TOO_EARLY, "there are no rows yet", "the status is 201 instead of 200"),
    Caught("over_before_it_begins", TOO_EARLY, "there are no rows yet", "the status is 208 instead of 200"),
    Caught("exit_not_noticed", "The analyzer is deleted", NO_MORE, "to come to an end"),
    Caught("end_not_noticed", "The analyzer has done its work", NO_MORE, "to come to an end"),
    Caught("failure_not_noticed", "The analyzer fails", NO_MORE, "to come to an end"),
    Caught("cancelling_not_noticed", "A cancelled job has no more rows", NO_MORE, "to come to an end"),
    Caught(
        "rows_of_the_first_region",
        "The rows follow the region",
        "the rows are of the sensors 102 to 105 from then on",
        "of the sensors 100 to 103 (4) instead of 102 to 105 (4)",
    ),
    Caught(
        "rows_of_an_unknown_job",
        "The rows of a job that nobody made",
        "it is said that there is no such job",
        "the status is 200 instead of 404",
    ),
    Caught(
        "rows_up_to_999",
        "As many rows as can be asked for",
        "the next 1000 rows are asked for",
        "must be a whole number, 1 to 999",
    ),
    *caught(
        "the request is refused because of the number of rows",
        "the status is 20",
        (
            ("rows_up_to_1001", bad_count("1001")),
            ("no_rows_asked_for", bad_count("0")),
            ("negative_row_count", bad_count("-1")),
            ("row_count_in_words", bad_count("ten")),
            ("row_count_with_exponent", bad_count("1e2")),
            ("row_count_with_a_sign", bad_count("+5")),
            ("row_count_with_zeros", bad_count("007")),
            ("row_count_of_any_script", bad_count("٣")),
            ("row_count_with_decimals", bad_count("1.5")),
        ),
    ),
]

PLAYBACKS = [
    Caught("rows_backwards", IN_ORDER, ONE_BY_ONE, "row 2 begins -0.256000 s after the one before"),
    Caught("rows_a_second_late", IN_ORDER, "the first row begins with its time", ".0 instead of "),
    Caught("first_row_lost", IN_ORDER, "the first row begins with its time", ".256 instead of "),
    Caught("last_row_lost", dimensions(128), AS_MANY, "373 rows instead of 374"),
    Caught("rows_without_overlap", dimensions(1024), AS_MANY, "rows instead of"),
    Caught("half_of_the_rows", MINUTE, AS_MANY, "117 rows instead of 233"),
    Caught("over_too_early", "A playback over five minutes", AS_MANY, "1000 rows instead of 1170"),
    Caught("never_over", SECOND, "its rows are read to the end", "to come to an end\n  - 2 rows so far"),
    Caught("over_said_once", SAYING_SO, "no more rows will come", "the status is 200 instead of 208"),
    Caught("playback_from_its_beginning_again", SAYING_SO, "no more rows will come", "201 instead of 208"),
    Caught("rows_of_nothing", HALF_RECORDED, WITHIN, "a row is of"),
    Caught("rows_across_the_edge", GAP, WITHIN, "a row is of"),
    Caught("first_recording_only", GAP, "there are rows of each recording", "0 rows instead of"),
    Caught("second_recording_only", GAP, "there are rows of each recording", "0 rows instead of"),
    *caught(
        "it is said that nothing was recorded then",
        "the status is 200 instead of 400",
        (
            ("anything_counts", "A time without recordings"),
            ("deleted_ones_count", "A time of which there is only a deleted recording"),
            ("those_under_way_count", "A time of which there is only a recording under way"),
            (
                "ending_with_the_beginning_counts",
                "A time of which there is only a recording that ends when it begins",
            ),
            ("beginning_with_the_end_counts", "A time of which there is only a recording that begins when it ends"),
        ),
    ),
    *caught(
        ACCEPTED,
        "there is no recording between",
        (
            ("only_from_the_beginning_counts", only_just("a recording of its last second")),
            ("only_to_the_end_counts", only_just("a recording that ends one second into it")),
        ),
    ),
]

CHANGED = "the region of interest is changed"
SEQUENCE = "Several changes in sequence"
NOT_REFUSED = "it was not refused"


def kept(reason, message, *rows):
    """Changes that should be refused."""
    return caught(f"the change is refused because of its {reason}", message, rows)


REGIONS = [
    *kept(
        "start",
        NOT_REFUSED,
        ("without_region_start_not_negative", "A region with a negative start"),
        ("region_in_words", "A region with a start as text"),
        ("region_in_decimals", "A region with a start in decimals"),
        ("region_in_truths", "A region with a start of true"),
        ("region_by_a_query", "A region that begins with query"),
    ),
    *kept(
        "start",
        "the reason does not name the start",
        ("without_region_holds_a_sensor", "A region of zero size"),
        ("without_region_holds_a_sensor", "A region that is reversed"),
    ),
    *kept(
        "end", "the reason does not name the end", ("without_region_end_not_negative", "A region with a negative end")
    ),
    *kept(
        "end",
        NOT_REFUSED,
        ("without_region_end_within_fibre", "A region beyond the end of the fibre"),
        ("region_with_a_sensor_more", "A region beyond the end of the fibre"),
        ("region_without_an_end", "A region without an end"),
    ),
    *kept(
        "size",
        NOT_REFUSED,
        ("without_region_size_changes_little", "A region that doubles"),
        ("size_by_51_percent", "A region that grows by one sensor too many"),
        ("size_by_51_percent", "A region that shrinks by one sensor too many"),
    ),
    *kept(
        "shift",
        NOT_REFUSED,
        ("without_region_shifts_little", "A region that shifts by almost its size"),
        ("shift_by_51_percent", "A region that moves up by one sensor too many"),
        ("shift_by_51_percent", "A region that moves down by one sensor too many"),
        (
            "regions_measured_against_the_first",
            "What is safe is measured by the region of now, and not by the first one",
        ),
    ),
    *kept("jump", "the reason does not name the jump", ("without_region_does_not_jump", "A region that just leaves")),
    *kept("jump", "the record says 0 to 1", ("refused_region_recorded", "A region that jumps away")),
    *kept("start", "is not said to be 0 to 100", ("refused_region_said_to_be_in_force", "A region of zero size")),
    *kept("unknown parameter", NOT_REFUSED, ("stranger_in_command_accepted", "A command with an unknown parameter")),
    *caught(
        CHANGED,
        "more than 49%",
        (
            ("size_by_49_percent", "The region grows as much as is safe"),
            ("size_by_49_percent", "The region shrinks as much as is safe"),
            ("shift_by_49_percent", "The region moves up as far as is safe"),
        ),
    ),
    Caught("region_without_the_last_sensor", "A region of the whole fibre", CHANGED, "no higher than 2221"),
    Caught("region_change_not_recorded", "The region expands upwards", CHANGED, "the metadata says 100 to 200"),
    Caught("region_one_sensor_short", "The region shrinks from above", CHANGED, "the record says 100 to 159"),
    Caught(
        "regions_measured_against_the_first",
        SEQUENCE,
        "these regions of interest are asked for one after another",
        "unsafe: a shift by 90 sensors",
    ),
    Caught(
        "region_of_every_job",
        "The region of one job is no other job's",
        "the region of interest of the first job is as it was",
        "says 110 to 210",
    ),
    Caught(
        "command_never_carried_out",
        "The region stays as it is",
        "a region of interest from 100 to 200 is asked for",
        "there is none",
    ),
    Caught(
        "command_not_acknowledged",
        "The change is sent over the job's queue and takes effect",
        "the message was taken from the queue",
        "the message was taken, but never acknowledged",
    ),
    Caught(
        "consumer_stops_at_no_json",
        "A message that is no command does no harm",
        "the message was taken from the queue",
        "the message was taken, but never acknowledged",
    ),
]

ROWS = [*FIGURES, *JOB_ROWS, *PLAYBACKS, *REGIONS]


@pytest.mark.catalogue
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.defect)
def test_a_defect_turns_the_right_scenario_red(expect_caught, row):
    expect_caught(row)


def test_every_rule_of_regions_is_left_out_once():
    assert {f"without_region_{rule.__name__}" for rule in (*BOUNDS, *SAFETY)} <= {row.defect for row in ROWS}

"""What the server tells of the fibre and of what was recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

from behave import given, then, when

from steps.scenario_state import Context
from support.checks import answers, discovery, refusals
from support.contract.configuration import generate_config_payload
from support.contract.limits import PARAMETERS, UNKNOWN

SHORT_FFT = 128  # The first row comes after 64 ms.
SECOND, TEN_SECONDS = timedelta(seconds=1), timedelta(seconds=10)
# Beginning and end of the time that is asked for, against a recording of ten seconds.
AGAINST_A_RECORDING = {
    "begins one second before the recording": (-SECOND, SECOND),
    "begins one second before the end of the recording": (TEN_SECONDS - SECOND, 2 * TEN_SECONDS),
    "lies within the recording": (SECOND, TEN_SECONDS - SECOND),
    "begins when the recording ends": (TEN_SECONDS, 2 * TEN_SECONDS),
    "ends when the recording begins": (-TEN_SECONDS, timedelta(0)),
}
WRONG_TIMES: dict[str, dict[str, Any]] = {
    "without a beginning": {"end_time": 1_000_000_000},
    "without an end": {"start_time": 1_000_000_000},
    "that ends as it begins": {"start_time": 1_000_000_000, "end_time": 1_000_000_000},
    "that ends before it begins": {"start_time": 1_000_000_001, "end_time": 1_000_000_000},
    "that ends after the year 9999": {"start_time": 1_000_000_000, "end_time": 10**15},
    "that ends in a text": {"start_time": 1_000_000_000, "end_time": "tomorrow"},
    "that begins before 1970": {"start_time": -1, "end_time": 1_000_000_000},
    "that begins between two seconds": {"start_time": 999_999_999.5, "end_time": 1_000_000_000},
    "that ends in nothing": {"start_time": 1_000_000_000, "end_time": None},
    "that begins with a query for anything": {"start_time": {"$ne": None}, "end_time": 1_000_000_000},
    "that ends with a condition": {"start_time": 1_000_000_000, "end_time": {"$gt": 0}},
    "with an unknown parameter": {"start_time": 1_000_000_000, "end_time": 1_000_000_001, UNKNOWN.field: 1},
}


@given("{what:Listing} were asked for")
@when("{what:Listing} are asked for")
def they_are_asked_for(context: Context, what: str) -> None:
    context.state.get(getattr(context.state.settings.paths, what))


@then("they reach from the first sensor to the last")
def they_reach_from_first_to_last(context: Context) -> None:
    discovery.expect_bounds(context.state.exchange, context.state.settings.limits)


@when("a job is requested with all of them")
def a_job_is_requested_with_all_channels(context: Context) -> None:
    lowest, highest = discovery.expect_bounds_told(context.state.exchange)
    channels = {"min": lowest, "max": highest}
    context.state.configure(generate_config_payload(channels=channels, nfftSelection=SHORT_FFT))
    context.state.request_job()


@when("a job is requested for each bound, and for one channel beyond it")
def a_job_is_requested_for_each_bound(context: Context) -> None:
    lowest, highest = discovery.expect_bounds_told(context.state.exchange)
    channels = (lowest, highest, lowest - 1, highest + 1)
    payloads = [generate_config_payload(channels={"min": channel, "max": channel}) for channel in channels]
    context.state.asked(*map(context.state.client.request_raw, payloads))


@then("those of the bounds are accepted, and those beyond refused")
def those_of_the_bounds_are_accepted(context: Context) -> None:
    settings, attempts = context.state.settings, context.state.attempts
    for attempt in attempts[:2]:
        answers.expect_accepted(attempt, settings.answers, settings.naming)
    for attempt in attempts[2:]:
        refusals.expect_refusal(attempt.exchange, [PARAMETERS["sensor range"]], settings.answers)


@then("every sensor of the fibre is listed once")
def every_sensor_is_listed(context: Context) -> None:
    discovery.expect_sensors(context.state.exchange, context.state.settings.limits)


@given("a recording is under way")
def a_recording_is_under_way(context: Context) -> None:
    if not context.state.stores.recordings.under_way():
        begin_recordings(context, timedelta(minutes=1))


@given("two recordings are under way, begun one after the other")
def two_recordings_under_way(context: Context) -> None:
    # The later one first: it must not be taken for being found first.
    begin_recordings(context, timedelta(minutes=1), timedelta(minutes=2))


def begin_recordings(context: Context, *ago: timedelta) -> None:
    context.state.skip_unless_alone()
    now = datetime.now(UTC).replace(microsecond=0)
    for age in ago:
        context.state.session.recorder.put(now - age, None)


@given("a recording that never ended was deleted")
def a_recording_that_never_ended_was_deleted(context: Context) -> None:
    context.state.record(context.state.session.recorder.free_time(), None, deleted=True)


@given("no recording is under way")
def no_recording_is_under_way(context: Context) -> None:
    under_way = context.state.stores.recordings.under_way()
    context.state.skip_unless(not under_way, "something is being recorded here, and is not ours to stop")


@given("a recording of one minute that has ended, and one that is under way")
def one_ended_and_one_under_way(context: Context) -> None:
    context.state.skip_unless_alone()
    context.state.record_for(timedelta(minutes=1))
    context.state.session.recorder.put(context.state.window[0], None)


@then("they are those of the recording under way")
def they_are_of_the_recording_under_way(context: Context) -> None:
    under_way = context.state.stores.recordings.under_way()
    discovery.expect_live_metadata(context.state.exchange, under_way, context.state.settings.limits)


@then("it is said that there is no live source")
def there_is_no_live_source(context: Context) -> None:
    statuses = context.state.settings.answers.unknown_statuses
    refusals.expect_error_response(context.state.exchange, statuses, "to be told that there is no live source")


@when("the recordings of that time are asked for")
def the_recordings_of_that_time(context: Context) -> None:
    context.state.ask_for_recordings(*context.state.window)


@when("the recordings of that time are asked for, written as yymmddHHMMSS")
def the_recordings_of_that_time_as_text(context: Context) -> None:
    start, end = (f"{moment.astimezone(UTC):%y%m%d%H%M%S}" for moment in context.state.window)
    context.state.send_times({"start_time": start, "end_time": end})


@when("the recordings from its beginning until {end} are asked for")
def the_recordings_until(context: Context, end: str) -> None:
    ends = {
        "tomorrow": datetime.now(UTC) + timedelta(days=1),
        "the last day of the year 9999": datetime(9999, 12, 31, tzinfo=UTC),
    }
    context.state.ask_for_recordings(context.state.window[0], ends[end])


@when("the recordings of the first day of 1970 are asked for")
def the_recordings_of_the_first_day(context: Context) -> None:
    context.state.ask_for_recordings(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))


@when("the recordings of a time are asked for that {window}")
def the_recordings_of_a_time_that(context: Context, window: str) -> None:
    begin, end = AGAINST_A_RECORDING[window]
    start, _ = context.state.window
    context.state.ask_for_recordings(start + begin, start + end)


@when("the recordings of a time {wrong} are asked for")
def the_recordings_of_a_wrong_time(context: Context, wrong: str) -> None:
    context.state.send_times(WRONG_TIMES[wrong])


@then("each of them is listed, in the order of their time")
@then("only the one that has ended is listed")
@then("the recording is listed")
def the_recordings_are_listed(context: Context) -> None:
    discovery.expect_recordings(context.state.exchange, context.state.recorded)


@then("the recording is among those that are listed")
def the_recording_is_among_them(context: Context) -> None:
    discovery.expect_listed(context.state.exchange, context.state.recorded)


@then("none is listed")
@then("the recording is not listed")
def none_is_listed(context: Context) -> None:
    discovery.expect_recordings(context.state.exchange, [])

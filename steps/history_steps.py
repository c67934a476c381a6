"""What was recorded, and the configurations that play it back. Times are in whole seconds."""

from datetime import UTC, datetime, timedelta

from behave import given, then, when

from steps.scenario_state import Context
from support.checks import refusals
from support.contract.configuration import generate_playback_payload

SECOND, TEN_SECONDS = timedelta(seconds=1), timedelta(seconds=10)
# Beginning and end of a recording against the time that is asked for, and whether it was deleted; no end: under way.
AROUND = {
    "a deleted recording": (timedelta(0), TEN_SECONDS, True),
    "a recording under way": (timedelta(0), None, False),
    "a recording that ends when it begins": (-TEN_SECONDS, timedelta(0), False),
    "a recording that begins when it ends": (TEN_SECONDS, 2 * TEN_SECONDS, False),
    "a recording that ends one second into it": (-TEN_SECONDS, SECOND, False),
    "a recording of its last second": (TEN_SECONDS - SECOND, TEN_SECONDS, False),
}
# How long after the first of two recordings the second one begins.
AFTER_THE_FIRST = {
    "with a gap of ten seconds between them": 2 * TEN_SECONDS,
    "that overlap by half": TEN_SECONDS / 2,
}
AFTER_THE_BEGINNING = {
    "when it begins": timedelta(0),
    "one second before it began": -SECOND,
    "one hour before it began": -timedelta(hours=1),
    "one second after it began": SECOND,
}


@given("a recording of {duration:Duration}")
def a_recording(context: Context, duration: timedelta) -> None:
    context.state.record_for(duration)


@given("a deleted recording of {duration:Duration}")
def a_deleted_recording(context: Context, duration: timedelta) -> None:
    context.state.record_for(duration, deleted=True)


@given("a recording that begins and ends between two seconds")
def a_recording_between_seconds(context: Context) -> None:
    start = have_window(context, 2 * TEN_SECONDS)
    context.state.record(start + timedelta(milliseconds=250), start + timedelta(milliseconds=10_500))


def have_window(context: Context, duration: timedelta) -> datetime:
    """Ask about a time of this length, of which nothing is recorded; its beginning."""
    start = context.state.session.recorder.free_time()
    context.state.window = (start, start + duration)
    return start


@given("recordings of ten, thirty and ten seconds, one after another")
def recordings_one_after_another(context: Context) -> None:
    start = have_window(context, timedelta(seconds=50))
    edges = [start + timedelta(seconds=s) for s in (0, 10, 40, 50)]
    # The last first: what is listed in the order of time must have been put into it.
    later, middle, earlier = (context.state.session.recorder.put(edges[n], edges[n + 1]) for n in (2, 1, 0))
    context.state.recordings = [earlier, middle, later]


@given("two recordings of ten seconds {apart}")
def two_recordings(context: Context, apart: str) -> None:
    start = have_window(context, AFTER_THE_FIRST[apart] + TEN_SECONDS)
    put = context.state.session.recorder.put
    begins = (start, start + AFTER_THE_FIRST[apart])
    context.state.recordings = [put(begin, begin + TEN_SECONDS) for begin in begins]


@given("a recording of one minute, of which a playback asks for two minutes")
def a_recording_of_half_the_window(context: Context) -> None:
    start = have_window(context, timedelta(minutes=2))
    context.state.record(start + timedelta(seconds=30), start + timedelta(seconds=90))
    the_configuration_of_its_playback(context)


@given("a time without recordings")
def a_time_of_nothing(context: Context) -> None:
    have_window(context, TEN_SECONDS)
    context.state.recordings = []


@given("a time of which there is only {what}")
def a_time_of_which_there_is_only(context: Context, what: str) -> None:
    begin, end, deleted = AROUND[what]
    if end is None:
        context.state.skip_unless_alone()
    start = have_window(context, TEN_SECONDS)
    context.state.record(start + begin, None if end is None else start + end, deleted=deleted)


@given("the configuration of its playback")
@given("the configuration of the playback of all of it")
def the_configuration_of_its_playback(context: Context) -> None:
    context.state.configure(generate_playback_payload(*context.state.window))


@given("the configuration of a playback, its times written as yymmddHHMMSS")
def a_configuration_with_times_as_text(context: Context) -> None:
    context.state.record_for(TEN_SECONDS)
    start, end = (f"{moment.astimezone(UTC):%y%m%d%H%M%S}" for moment in context.state.window)
    context.state.configure(generate_playback_payload(*context.state.window) | {"start_time": start, "end_time": end})


@when("a playback is requested that ends {when_}")
def a_playback_that_ends(context: Context, when_: str) -> None:
    day = timedelta(days=1)
    start = context.state.session.recorder.free_time(day)
    # Recorded is what lies around it as well: nothing but the time itself can be refused.
    context.state.record(start - day, start + day)
    context.state.request_raw(generate_playback_payload(start, start + AFTER_THE_BEGINNING[when_]))


@when("a playback is requested of an hour of tomorrow")
def a_playback_of_tomorrow(context: Context) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    context.state.request_raw(generate_playback_payload(start, start + timedelta(hours=1)))


@then("it is said that nothing was recorded then")
def nothing_was_recorded_then(context: Context) -> None:
    statuses = context.state.settings.answers.nothing_recorded_statuses
    for exchange in context.state.exchanges:
        refusals.expect_error_response(exchange, statuses, "to be told that nothing was recorded then", "recording")

"""What was recorded, and the configurations that play it back. Times are in whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from behave import given, then, when
from behave.runner import Context

from steps.kept import alone_or_skipped
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
AFTER_THE_BEGINNING = {
    "when it begins": timedelta(0),
    "one second before it began": -SECOND,
    "one hour before it began": -timedelta(hours=1),
    "one second after it began": SECOND,
}


def ask_for(context: Context, start: datetime, end: datetime) -> None:
    """Have the configuration that plays a time back."""
    context.window = (start, end)
    context.configuration = context.session.configuration(generate_playback_payload(start, end))


@given("a recording of {duration:Duration}")
def a_recording(context: Context, duration: timedelta) -> None:
    start = context.session.recorder.free_time()
    context.recordings = [context.session.recorder.put(start, start + duration)]
    context.window = (start, start + duration)


@given("a recording that begins and ends between two seconds")
def a_recording_between_seconds(context: Context) -> None:
    start = context.session.recorder.free_time()
    begins, ends = start + timedelta(milliseconds=250), start + timedelta(milliseconds=10_500)
    context.recordings = [context.session.recorder.put(begins, ends)]
    context.window = (start, start + 2 * TEN_SECONDS)


@given("a deleted recording of {duration:Duration}")
def a_deleted_recording(context: Context, duration: timedelta) -> None:
    start = context.session.recorder.free_time()
    context.recordings = [context.session.recorder.put(start, start + duration, deleted=True)]
    context.window = (start, start + duration)


@given("recordings of ten, thirty and ten seconds, one after another")
def recordings_one_after_another(context: Context) -> None:
    start = context.session.recorder.free_time()
    edges = [start + timedelta(seconds=s) for s in (0, 10, 40, 50)]
    # The last first: what is listed in the order of time must have been put into it.
    later, middle, earlier = (context.session.recorder.put(edges[n], edges[n + 1]) for n in (2, 1, 0))
    context.recordings = [earlier, middle, later]
    context.window = (edges[0], edges[-1])


@given("two recordings of ten seconds with a gap of ten seconds between them")
def two_recordings_with_a_gap(context: Context) -> None:
    two_recordings(context, 2 * TEN_SECONDS)


@given("two recordings of ten seconds that overlap by half")
def two_recordings_that_overlap(context: Context) -> None:
    two_recordings(context, TEN_SECONDS / 2)


def two_recordings(context: Context, after: timedelta) -> None:
    """Have two recordings of ten seconds, the second one of which begins so long after the first."""
    start = context.session.recorder.free_time()
    second = start + after
    put = context.session.recorder.put
    context.recordings = [put(start, start + TEN_SECONDS), put(second, second + TEN_SECONDS)]
    context.window = (start, second + TEN_SECONDS)


@given("a recording of one minute, of which a playback asks for two minutes")
def a_recording_of_half_the_window(context: Context) -> None:
    start = context.session.recorder.free_time()
    half_a_minute = timedelta(seconds=30)
    context.recordings = [context.session.recorder.put(start + half_a_minute, start + 3 * half_a_minute)]
    ask_for(context, start, start + 4 * half_a_minute)


@given("a time without recordings")
def a_time_of_nothing(context: Context) -> None:
    start = context.session.recorder.free_time()
    context.recordings = []
    context.window = (start, start + TEN_SECONDS)


@given("a time of which there is only {what}")
def a_time_of_which_there_is_only(context: Context, what: str) -> None:
    begin, end, deleted = AROUND[what]
    if end is None and not alone_or_skipped(context):
        return
    start = context.session.recorder.free_time()
    until = None if end is None else start + end
    context.recordings = [context.session.recorder.put(start + begin, until, deleted=deleted)]
    context.window = (start, start + TEN_SECONDS)


@given("the configuration of its playback")
@given("the configuration of the playback of all of it")
def the_configuration_of_its_playback(context: Context) -> None:
    ask_for(context, *context.window)


@given("the configuration of a playback, its times written as yymmddHHMMSS")
def a_configuration_with_times_as_text(context: Context) -> None:
    a_recording(context, TEN_SECONDS)
    payload = generate_playback_payload(*context.window)
    payload["start_time"], payload["end_time"] = (f"{moment.astimezone(UTC):%y%m%d%H%M%S}" for moment in context.window)
    context.configuration = context.session.configuration(payload)


@when("a playback is requested that ends {when_}")
def a_playback_that_ends(context: Context, when_: str) -> None:
    day = timedelta(days=1)
    start = context.session.recorder.free_time(day)
    # Recorded is what lies around it as well: nothing but the time itself can be refused.
    context.recordings = [context.session.recorder.put(start - day, start + day)]
    payload = generate_playback_payload(start, start + AFTER_THE_BEGINNING[when_])
    context.attempts = [context.session.request_raw(payload)]


@when("a playback is requested of an hour of tomorrow")
def a_playback_of_tomorrow(context: Context) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    payload = generate_playback_payload(start, start + timedelta(hours=1))
    context.attempts = [context.session.request_raw(payload)]


@then("it is said that nothing was recorded then")
def nothing_was_recorded_then(context: Context) -> None:
    statuses = context.run.settings.answers.nothing_recorded_statuses
    for attempt in context.attempts:
        refusals.expect_error_response(
            attempt.exchange, statuses, "to be told that nothing was recorded then", "recording"
        )

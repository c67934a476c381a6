"""What was recorded, and the configurations that play it back. Times are in whole seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from behave import given, when

from steps.scenario_state import Context
from support.contract.configuration import generate_playback_payload
from support.faults.recorder import Recording

TEN_SECONDS = timedelta(seconds=10)


@given("a recording of {duration:Duration}")
def a_recording(context: Context, duration: timedelta) -> None:
    context.state.record_for(duration)


def have_window(context: Context, duration: timedelta) -> datetime:
    """Ask about a time of this length, of which nothing is recorded; its beginning."""
    start = context.state.session.recorder.free_time()
    context.state.window = (start, start + duration)
    return start


@given("a time without recordings")
def a_time_of_nothing(context: Context) -> None:
    have_window(context, TEN_SECONDS)
    context.state.recordings = []


@given("a time of {duration:Duration} with these recordings")
def a_time_with_recordings(context: Context, duration: timedelta) -> None:
    put_recordings(context, duration)


@given("a time of {duration:Duration} with these recordings, ended or under way")
def a_time_with_recordings_under_way(context: Context, duration: timedelta) -> None:
    context.state.skip_unless_alone()
    put_recordings(context, duration)


def put_recordings(context: Context, duration: timedelta) -> None:
    """Have the recordings of the table below the step, whose times are seconds after the beginning of that time."""
    start, put = have_window(context, duration), context.state.session.recorder.put

    def moment(text: str) -> datetime:
        return start + timedelta(seconds=float(text.removesuffix(" s")))

    def recording(row: Mapping[str, str]) -> Recording:
        end = None if row["ends"] == "never" else moment(row["ends"])
        return put(moment(row["begins"]), end, deleted=row.get("deleted") == "yes")

    # The last first: what is listed in the order of time must have been put into it.
    recordings = [recording(row) for row in reversed(list(context.table))]
    context.state.recordings = sorted(recordings, key=lambda one: one.start)


@given("the configuration of its playback")
def the_configuration_of_its_playback(context: Context) -> None:
    context.state.configure(generate_playback_payload(*context.state.window))


@when("a playback is requested that {lies:PlaybackTime}")
def a_playback_that(context: Context, lies: timedelta | None) -> None:
    day = timedelta(days=1)
    if lies is None:
        start, end = datetime.now(UTC) + day, datetime.now(UTC) + day + timedelta(hours=1)
    else:
        start = context.state.session.recorder.free_time(day)
        end = start + lies
        # Recorded is what lies around it as well: nothing but the time itself can be refused.
        context.state.record(start - day, start + day)
    context.state.request_raw(generate_playback_payload(start, end))

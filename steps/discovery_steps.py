"""What the server tells of the fibre and of what was recorded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from behave import given, register_type, then, when

from steps.scenario_state import Context, ScenarioState
from steps.words import choice
from support.api.exchange import Exchange
from support.checks import discovery
from support.checks.discovery import Window
from support.contract.configuration import generate_config_payload

SHORT_FFT = 128  # The first row comes after 64 ms.


@then("they reach from the first sensor to the last")
def they_reach_from_first_to_last(context: Context) -> None:
    discovery.expect_bounds(context.state.exchange, context.state.settings.limits)


@when("a job is requested with {channels:ToldChannels}")
def a_job_is_requested_with_channels(context: Context, channels: Callable[[int, int], tuple[int, int]]) -> None:
    first, last = channels(*discovery.expect_bounds_told(context.state.exchange))
    payload = generate_config_payload(channels={"min": first, "max": last}, nfftSelection=SHORT_FFT)
    context.state.request_raw(payload)


@then("every sensor of the fibre is listed once")
def every_sensor_is_listed(context: Context) -> None:
    discovery.expect_sensors(context.state.exchange, context.state.settings.limits)


@given("a recording is under way")
def a_recording_is_under_way(context: Context) -> None:
    if not context.state.stores.recordings.under_way():
        context.state.skip_unless_alone()
        context.state.session.recorder.put(datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1), None)


@given("no recording is under way")
def no_recording_is_under_way(context: Context) -> None:
    under_way = context.state.stores.recordings.under_way()
    context.state.skip_unless(not under_way, "something is being recorded here, and is not ours to stop")


@then("they are those of the recording under way")
def they_are_of_the_recording_under_way(context: Context) -> None:
    under_way = context.state.stores.recordings.under_way()
    discovery.expect_live_metadata(context.state.exchange, under_way, context.state.settings.limits)


RECORDINGS: dict[str, Callable[[ScenarioState], list[Window]]] = {
    "the recording": lambda state: state.recorded,
    "each of them": lambda state: state.recorded,
    "only the one that has ended": lambda state: state.ended,
    "none": lambda state: [],
}
register_type(Recordings=choice("Which recording is listed: `the recording`.", RECORDINGS))


@then("{which:Recordings} is {expect:Listed}")
def the_recordings_are_listed(
    context: Context,
    which: Callable[[ScenarioState], list[Window]],
    expect: Callable[[Exchange, list[Window]], None],
) -> None:
    expect(context.state.exchange, which(context.state))

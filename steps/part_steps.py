"""Parts of the product that are stopped, killed and restarted, and how all goes on."""

from collections.abc import Callable, Sequence

from behave import given, then, when

from steps.scenario_state import Context
from support.api.client import FocusServerAPI
from support.api.job import Attempt
from support.checks import client_reports, discovery, record_store
from support.core.errors import EnvironmentBroken
from support.faults.workloads import Workloads

Disruption = Callable[[Workloads, str], None]


def workloads_of(context: Context, *parts: str) -> Workloads:
    """What disturbs these parts; where one may not be disturbed, the scenario is skipped."""
    workloads = context.state.session.disturbances.workloads
    context.state.skip_if_impossible(workloads.impossible, parts, "this stops, kills or restarts a part,")
    return workloads


@given("the recorder is recording")
def the_recorder_is_recording(context: Context) -> None:
    workloads_of(context, "recorder").have_running("recorder")
    limit = context.state.settings.time_limits.wait_policy("effect_appears_s")
    context.state.documents = record_store.expect_under_way(context.state.stores.recordings, limit)


@when("{parts:Parts} {be:Be} {disrupted:Disruption}")
def parts_are_disrupted(context: Context, parts: Sequence[str], be: str, disrupted: Disruption) -> None:
    workloads = workloads_of(context, *parts)
    for part in parts:
        disrupted(workloads, part)


@when("the job is requested, and {part:Part} is killed once its {effect:Effect} shows")
def it_is_killed_once_an_effect_shows(context: Context, part: str, effect: str) -> None:
    """No answer may come: what the client reports of it is left, and the answer, if there is one.

    Raises EnvironmentBroken if the job was made before the part was killed.
    """
    state, workloads = context.state, workloads_of(context, part)
    asked_before = len(state.client.exchanges)

    def see_that_it_was_not_made() -> None:
        for exchange in state.client.exchanges[asked_before:]:
            if exchange.status in state.settings.answers.accepted_statuses:
                raise EnvironmentBroken(f"the job was made before {part} was killed: {exchange}")

    def once_begun() -> None:
        state.session.ledger.expect_begun(effect)
        workloads.kill(part)
        see_that_it_was_not_made()

    state.failure = state.failure_of_request(once_begun)
    if part == "Focus Server":  # One that is killed accepts nothing; it may have gone some time after it was told to.
        see_that_it_was_not_made()
    state.asked(Attempt(state.configuration.payload(), state.client.exchanges[-1]))


@when("{parts:Parts} {come:ComeBack}")
def they_come_back(context: Context, parts: Sequence[str], come: str) -> None:
    session = context.state.session
    took_s = [session.disturbances.workloads.start(part) for part in parts]
    session.timing.chart("how long it took until each part was back", took_s, "part_recovers_s")


@when("a client asks for a job, the end of the job and the health of the server")
def asked_for_in_vain(context: Context) -> None:
    state, job_id = context.state, context.state.job.job_id
    asked: list[Callable[[FocusServerAPI], object]] = [
        lambda client: client.configure_streaming_job(state.configuration),
        lambda client: client.cancel_job(job_id),
        lambda client: client.acknowledge(),
    ]
    state.failures = [state.client.failure_of(one) for one in asked]


@then("the client reports each time that the server is not there")
def the_server_is_not_there(context: Context) -> None:
    limit_s = context.state.settings.time_limits.unavailable_answered_s
    exchanges = context.state.client.exchanges[-len(context.state.failures) :]
    for failure, exchange in zip(context.state.failures, exchanges, strict=True):
        client_reports.expect_absence(failure, exchange, limit_s)


@then("{part:Part} is back within the promised time")
def it_is_back(context: Context, part: str) -> None:
    took_s = context.state.session.disturbances.workloads.await_return(part)
    context.state.session.timing.chart(f"how long it took until {part} was back", [took_s], "part_recovers_s")


@then("{part:Part} runs in another pod than before")
def it_runs_in_another_pod(context: Context, part: str) -> None:
    context.state.session.disturbances.workloads.expect_another_pod(part)


@then("what was being recorded has ended, and is listed")
def it_has_ended_and_is_listed(context: Context) -> None:
    limit = context.state.settings.time_limits.wait_policy("recovered_s")
    these = record_store.expect_ended(context.state.stores.recordings, context.state.documents, limit)
    context.state.ask_for_recordings(*record_store.span_of(these))
    discovery.expect_listed(context.state.exchange, record_store.ended(these))


@then("the live metadata are those of the recording under way within the promised time")
def live_metadata_follow(context: Context) -> None:
    state = context.state
    discovery.expect_live_metadata_within(
        lambda: state.client.get(state.settings.paths.live_metadata),
        state.stores.recordings.under_way,
        state.settings.limits,
        state.settings.time_limits.wait_policy("recovered_s"),
    )

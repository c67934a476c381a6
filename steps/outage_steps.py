"""Stores that cannot be used while a job is asked for, and what is said, undone and done again then."""

from collections.abc import Callable, Collection, Sequence

from behave import given, register_type, then, when
from requests import codes

from steps.fault_types import CLIENT_TIMEOUT_S
from steps.scenario_state import Context, ScenarioState
from steps.words import choice
from support.api.exchange import Exchange
from support.checks import client_reports, discovery, metadata, refusals, waterfall
from support.faults.outages import Outages

register_type(
    AsEver=choice(
        "What may come all the same while a store cannot be used: `the job is accepted`.",
        {
            "the job is accepted": ScenarioState.accept,
            "the metadata is that of the job": lambda state: metadata.expect_metadata_of(
                state.exchange, state.job, state.settings.answers.configured_status
            ),
            "they are those of the recording under way": lambda state: discovery.expect_live_metadata(
                state.exchange, state.stores.recordings.under_way(), state.settings.limits
            ),
            "the rows go on": lambda state: waterfall.expect_going_on(state.exchange, state.settings.answers),
        },
    )
)


def outages_of(context: Context, *dependencies: str) -> Outages:
    """What breaks the ways to these stores; where one cannot be broken, the scenario is skipped."""
    outages = context.state.session.disturbances.outages
    needed = "this needs a Toxiproxy on the server's way to"
    context.state.skip_if_impossible(outages.impossible, dependencies, needed)
    return outages


def request_meanwhile(context: Context, begun: str, meanwhile: Callable[[], object]) -> None:
    """Ask for the job, and do something when such an effect of it shows, before it is answered."""
    session = context.state.session
    context.state.begun = begun

    def once_begun() -> None:
        session.ledger.expect_begun(begun)
        meanwhile()

    context.state.asked(session.client.request_job_meanwhile(context.state.configuration, once_begun))


@given("{stores:Stores} {fails:Outage}")
@when("{stores:Stores} {fails:Outage}")
def they_fail(context: Context, stores: Sequence[str], fails: Callable[[Outages, str], None]) -> None:
    outages = outages_of(context, *stores)
    for store in stores:
        fails(outages, store)


@when("{dependency:Dependency} can be reached again")
def it_can_be_reached_again(context: Context, dependency: str) -> None:
    context.state.session.disturbances.outages.reopen(dependency)


@when("the job is requested, and its {effect:Effect} shows before there is an answer")
def it_shows_before_there_is_an_answer(context: Context, effect: str) -> None:
    request_meanwhile(context, effect, lambda: None)


@when("the job is requested, and {stores:Stores} {break_:Break} down once its {effect:Effect} shows")
def they_break_down(context: Context, stores: Sequence[str], break_: str, effect: str) -> None:
    outages = outages_of(context, *stores)

    def cut_off() -> None:
        for store in stores:
            outages.cut_off(store)

    request_meanwhile(context, effect, cut_off)


@when("the job is requested, and somebody looks it up and cancels it while it is half made")
def somebody_looks_it_up_and_cancels_it(context: Context) -> None:
    session = context.state.session

    def look_up_and_cancel() -> None:
        (job_id,) = session.ledger.unanswered()
        path = context.state.settings.paths.metadata.format(job_id=job_id)
        context.state.meanwhile = [session.client.get(path), session.client.cancel(job_id)]

    request_meanwhile(context, "task record", look_up_and_cancel)


@when("the job is requested by a client that goes away before there is an answer")
def the_client_goes_away(context: Context) -> None:
    failure = context.state.failure_of_request(request_timeout_s=CLIENT_TIMEOUT_S)
    client_reports.expect_timeout(failure, context.state.client.exchanges, CLIENT_TIMEOUT_S)


@then("neither finds such a job")
def neither_finds_such_a_job(context: Context) -> None:
    unknown = context.state.settings.answers.unknown_statuses
    for exchange in context.state.meanwhile:
        refusals.expect_error_response(exchange, unknown, "that there is no such job, and that it is said")


@then("what was begun is still there")
def it_is_still_there(context: Context) -> None:
    context.state.session.ledger.expect_begun(context.state.begun)


@when("all stores work again")
def all_stores_work_again(context: Context) -> None:
    context.state.session.disturbances.mend_stores()


@then("it is said that {stores:AnyStore} is not available")
def it_is_not_available(context: Context, stores: Sequence[str]) -> None:
    broken = context.state.session.disturbances.outages.broken()
    for exchange in context.state.exchanges:
        refusals.expect_unavailable(exchange, stores, context.state.settings.answers, broken)


@then("{as_ever:AsEver}, or it is said that {stores:AnyStore} is not available")
def it_is_as_ever_or_not_available(
    context: Context, as_ever: Callable[[ScenarioState], None], stores: Sequence[str]
) -> None:
    if context.state.exchange.status in context.state.settings.answers.unavailable_statuses:
        it_is_not_available(context, stores)
    else:
        as_ever(context.state)


@then("the same request is accepted within the promised time")
def the_same_request_is_accepted(context: Context) -> None:
    ask_again_until(context, "the request to be accepted again", context.state.settings.answers.accepted_statuses)
    context.state.accept()


@then("the same request is refused because of {stores:AnyStore} within the promised time")
def the_same_request_is_refused(context: Context, stores: Sequence[str]) -> None:
    statuses = context.state.settings.answers.unavailable_statuses
    broken = context.state.session.disturbances.outages.broken()

    def misnamed(seen: Exchange) -> list[str]:
        return refusals.store_problems(seen.told("detail"), stores, broken)

    ask_again_until(context, f"the request to be refused because of {' or '.join(stores)}", statuses, misnamed)


def ask_again_until(
    context: Context,
    expected: str,
    statuses: Collection[int],
    more_problems: Callable[[Exchange], list[str]] = lambda seen: [],
) -> None:
    def ask() -> Exchange:
        context.state.request_job()
        return context.state.exchange

    context.state.session.timing.expect_recovery(expected, ask, statuses, more_problems)


@then("the recording is listed within the promised time")
def the_recording_is_listed(context: Context) -> None:
    def ask() -> Exchange:
        context.state.ask_for_recordings(*context.state.window)
        return context.state.exchange

    context.state.session.timing.expect_recovery("the recordings to be listed again", ask, [codes.ok])
    discovery.expect_recordings(context.state.exchange, context.state.recorded)

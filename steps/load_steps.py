"""The Focus Server under load: many requests at once or at a rate, and how long their answers take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from behave import given, register_type, then, when

from steps.scenario_state import Context
from steps.words import choice
from support.api.exchange import Exchange
from support.api.job import Attempt
from support.contract.configuration import different_payloads, generate_config_payload
from support.core.errors import require
from support.faults.slow_network import slowed
from support.load import expectations
from support.load.arrivals import Stage, due_times
from support.load.figures import samples_of
from support.load.open_loop import OpenLoop
from support.load.permission import refusal
from support.load.rows import first_row
from support.load.store_check import StoreCheck
from support.load.sustained import sustain
from support.load.watch import ServerWatch

MOST_CLIENTS = 40
LOOK_EVERY_S = 0.5
PATIENCE = 3

UsedResource = tuple[str, Callable[[ServerWatch, int], list[str]]]
"""What is expected of it, and what is wrong with it after so many jobs."""
USED_RESOURCES: dict[str, UsedResource] = {
    "memory": ("the server's memory to stay as it was", lambda watch, jobs: watch.memory_problems()),
    "CPU time for each job": ("little CPU time for each job", ServerWatch.cpu_problems),
    "time for a query in MongoDB": ("only quick queries", lambda watch, jobs: watch.query_problems()),
}
register_type(UsedResource=choice("What the server has used: `memory`.", USED_RESOURCES))


def request_when_due(context: Context, due_s: Sequence[float], clients: int) -> OpenLoop[Attempt]:
    """Have a loop that asks for the jobs at these times; where there may be no load the scenario is skipped."""
    why = refusal(context.state.settings)
    context.state.skip_unless(why is None, f"the server is not put under load: {why}")
    patience_s = PATIENCE * context.state.settings.load.created_p99_s
    return OpenLoop(due_s, clients, lambda: context.state.client.connect(patience_s))


def request(context: Context, loop: OpenLoop[Attempt]) -> None:
    """Ask for all jobs as they are due, and keep them."""
    configurations, client = context.state.configurations, context.state.client
    loop.start(lambda number: client.request_job(configurations[number]))
    context.state.asked(*loop.join())
    context.state.samples = loop.samples


@given("as many different live configurations as there can be jobs at once")
def as_many_as_there_can_be(context: Context) -> None:
    context.state.configure_each(different_payloads(context.state.settings.load.jobs_at_once))


@when("all jobs are requested at the same moment")
def at_the_same_moment(context: Context) -> None:
    count = len(context.state.configurations)
    request(context, request_when_due(context, [0.0] * count, count))


@when("jobs are requested at this rate{cancelled:Cancelled}")
def at_this_rate(context: Context, cancelled: bool) -> None:
    stages = [
        Stage(seconds=float(row["seconds"]), from_per_s=float(row["from"]), to_per_s=float(row["to"]))
        for row in context.table
    ]
    due_s = due_times(stages)
    if cancelled:
        request_and_cancel_when_whole(context, due_s)
    else:
        context.state.configure_each(different_payloads(len(due_s)))
        request(context, request_when_due(context, due_s, MOST_CLIENTS))


def request_and_cancel_when_whole(context: Context, due_s: Sequence[float]) -> None:
    loop = request_when_due(context, due_s, MOST_CLIENTS)
    different, client = different_payloads(MOST_CLIENTS), context.state.client
    check = StoreCheck(context.state.settings, context.state.stores)

    def request_one(number: int) -> Attempt:
        return client.request_job(client.configuration(different[number % MOST_CLIENTS]))

    read_history = context.state.session.ledger.read_history
    context.state.asked(*sustain(loop, request_one, client.cancel, check, read_history, LOOK_EVERY_S))
    context.state.samples, context.state.store_check = loop.samples, check


@when("the jobs are requested and cancelled{clients:AtOnce}")
def requested_and_cancelled(context: Context, clients: int) -> None:
    configurations, client = context.state.configurations, context.state.client
    loop = request_when_due(context, [0.0] * len(configurations), clients)

    def request_and_cancel(number: int) -> Attempt:
        attempt = client.request_job(configurations[number])
        if job_id := attempt.exchange.job_id():
            client.cancel(job_id)
        return attempt

    with ServerWatch(context.state.settings, context.state.stores, context.state.session.journal) as server:
        loop.start(request_and_cancel)
        context.state.asked(*loop.join())
    context.state.server_watch = server
    context.state.samples = samples_of(context.state.exchanges, context.state.settings.answers.accepted_statuses)


@when("the jobs are requested one after another, each until its first row")
def each_until_its_first_row(context: Context) -> None:
    context.state.samples, attempts = [], []
    for configuration in context.state.configurations:
        context.state.configuration = configuration
        context.state.request_job()
        context.state.accept_one()
        attempts += context.state.attempts
        context.state.samples.append(first_row(context.state.waterfall, context.state.figures))
    context.state.asked(*attempts)


@given("a network to the server that takes {delay_ms:d} ms in each direction")
def a_slow_network(context: Context, delay_ms: int) -> None:
    settings = context.state.settings
    context.state.skip_unless(settings.toxiproxy.url, "toxiproxy.url is not set")
    network = slowed(settings.focus_server, settings.toxiproxy, delay_ms, context.state.session.journal)
    context.state.slow_network = context.state.session.fixtures.enter_context(network)


@then("{percent:d} in 100 {what:Timed} are there within the promised time")
def so_many_in_time(context: Context, percent: int, what: str) -> None:
    state = context.state
    expectations.expect_percentile(state.samples, what, percent, state.settings, state.keep)


@then("no job was lost meanwhile")
def no_job_was_lost(context: Context) -> None:
    require("every job to be whole in all three stores", context.state.store_check.problems)


@then("the server has used no more {resource:UsedResource} than is promised")
def it_has_used_no_more(context: Context, resource: UsedResource) -> None:
    watch, (expected, problems) = context.state.server_watch, resource
    context.state.skip_unless(not watch.unseen, "; ".join(watch.unseen))
    require(expected, problems(watch, len(context.state.exchanges)))


@then("a new job is there as quickly as before within the promised time")
def as_quickly_as_before(context: Context) -> None:
    state = context.state

    state.configure(generate_config_payload())

    def ask() -> Exchange:
        state.request_job()
        if job_id := state.exchange.job_id():
            state.client.cancel(job_id)
        return state.exchange

    expectations.expect_recovery(ask, state.settings)


@then("every job is accepted, or refused because there are too many")
def accepted_or_too_many(context: Context) -> None:
    context.state.jobs = expectations.expect_made_or_told(context.state.attempts, context.state.settings)


@then("as many rows have come as the answer lets expect")
def as_many_rows_as_expected(context: Context) -> None:
    tolerance = context.state.settings.load.row_rate_tolerance
    told = context.state.job.exchange.told("lines_dt")
    expectations.expect_rows_as_estimated(*context.state.reading, told, tolerance)


@then("no answer takes more than the promised number of round trips")
def few_round_trips(context: Context) -> None:
    state = context.state
    expectations.expect_few_round_trips(state.exchanges, state.slow_network.round_trip_s, state.settings)

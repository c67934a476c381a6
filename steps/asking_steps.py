"""Asking the server for what it tells: of itself, of the fibre, of jobs, of what was recorded."""

from urllib.parse import quote

from behave import then, when

from steps.questions import Manner, Resource, Times
from steps.scenario_state import Context
from support.api.client import FocusServerAPI
from support.checks import refusals
from support.checks.refusals import Told
from support.load.figures import samples_of


def paths_of(context: Context, what: Resource, rows: str) -> list[str]:
    """The path of what is asked for, or those of several jobs."""
    path = getattr(context.state.settings.paths, what.path)
    job_ids = context.state.ids_of(what.jobs) if what.jobs else [""]
    return [path.format(job_id=job_id, rows=quote(rows)) for job_id in job_ids]


@when("{what:Resource} {be:Be} asked for{how:Manner}")
def it_is_asked_for(context: Context, what: Resource, be: str, how: Manner) -> None:
    send = context.state.client.send
    if how.over_slow_network:
        slow = context.state.settings.model_copy(update={"focus_server": context.state.slow_network.server})
        client = FocusServerAPI(slow)
        client.connect()
        send = client.send
    paths = paths_of(context, what, how.rows) * how.times
    context.state.exchanges = [send(how.method, path, headers=how.headers) for path in paths]


@when("{clients:d} clients ask for {what:Resource}, {times:d} times each")
def clients_ask(context: Context, clients: int, what: Resource, times: int) -> None:
    answers, (path,) = context.state.settings.answers, paths_of(context, what, "5")
    context.state.exchanges = context.state.client.send_at_once([("GET", path)] * (clients * times), clients)
    good = (200, answers.rows_status, answers.no_rows_yet_status)
    context.state.samples = samples_of(context.state.exchanges, good)


@when("the recordings {times:AskedTime} are asked for")
def the_recordings_are_asked_for(context: Context, times: Times) -> None:
    context.state.send_times(times(context.state))


@then("it is said that {what:Told}")
def it_is_said_that(context: Context, what: Told) -> None:
    for exchange in context.state.exchanges:
        refusals.expect_told(exchange, what, context.state.settings.answers)

"""What the client reports when the way to the server fails, and the form of the server's errors."""

from collections.abc import Callable
from typing import Any

from behave import given, then, when

from steps.scenario_state import Context
from support.checks import refusals
from support.faults import gateway
from support.faults.gateway import Gateway
from support.fuzzing.invalid_requests import INVALID_REQUESTS

# Longer than a record takes, and shorter than a job does where RabbitMQ takes its time.
CLIENT_TIMEOUT_S = 0.5


@given("a gateway in front of the server that {stands:GatewayKind}")
def a_gateway_in_front_of_the_server(context: Context, stands: str) -> None:
    server = context.state.settings.focus_server
    context.state.skip_unless(gateway.possible(server), "a proxy leads to the server, and no gateway can stand here")
    kinds = {
        "passes requests on": gateway.before(server),
        "passes nothing on": gateway.before(server, passes_on=False),
        "is not there": gateway.unreachable(),
    }
    context.state.gateway = context.state.session.fixtures.enter_context(kinds[stands])


@when("the job is requested through the gateway")
def the_job_is_requested_through_it(context: Context) -> None:
    request_through_gateway(context, lambda: None, request_timeout_s=CLIENT_TIMEOUT_S)


@when("the job is requested through the gateway, which {fails:GatewayFailure} once its {effect:Effect} shows")
def the_gateway_fails(context: Context, fails: Callable[[Gateway], object], effect: str) -> None:
    def once_begun() -> None:
        context.state.session.ledger.expect_begun(effect)
        fails(context.state.gateway)

    request_through_gateway(context, once_begun)


@when("the job is requested through the gateway, which keeps the answer back")
def the_gateway_keeps_the_answer(context: Context) -> None:
    request_through_gateway(
        context, lambda: context.state.session.ledger.expect_begun("task record"), request_timeout_s=CLIENT_TIMEOUT_S
    )


def request_through_gateway(context: Context, meanwhile: Callable[[], object], **server: Any) -> None:
    state = context.state
    state.failure = state.failure_of_request(meanwhile, base_url=state.gateway.address, **server)


@then("the client reports within its time limit that {failure:ReportedFailure}")
def the_client_reports(context: Context, failure: str) -> None:
    reported, exchanges = context.state.failure, context.state.client.exchanges
    if failure == "it took too long":
        refusals.expect_reported_status(reported, 504, gateway.TOO_LONG)
    elif failure == "no answer came":
        refusals.expect_reported_timeout(reported, exchanges, CLIENT_TIMEOUT_S)
    elif failure == "the connection broke":
        refusals.expect_reported_break(reported, exchanges)
    else:
        refusals.expect_reported_unreachable(reported, exchanges)


@then("the request was sent once")
def the_request_was_sent_once(context: Context) -> None:
    context.state.gateway.expect_asked_once()


@then("the job is there as a whole, or not at all")
def the_job_is_whole_or_absent(context: Context) -> None:
    path, accepted = context.state.settings.paths.metadata, context.state.settings.answers.accepted_statuses
    context.state.session.ledger.expect_whole_or_absent(
        lambda job_id: context.state.client.get(path.format(job_id=job_id)).status in accepted
    )


@when("{what} is asked of the server")
def something_is_asked(context: Context, what: str) -> None:
    context.state.exchanges = [INVALID_REQUESTS[what](context.state.session)]


@then("it is told in the form that all errors have")
def told_in_the_form_of_errors(context: Context) -> None:
    for exchange in context.state.exchanges:
        refusals.expect_client_error(exchange)

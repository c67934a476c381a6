"""What the client reports when the server, or the way to it, fails."""

from typing import Any

from behave import given, then, when

from steps.scenario_state import Context
from support.checks import refusals
from support.faults import gateway
from support.fuzzing.invalid_requests import INVALID_REQUESTS

ANSWERS = {"an internal error": 500, "that it is not available": 503, "that it took too long": 504}
REASON = "the gateway is out of luck today"
CLIENT_TIMEOUT_S = 0.4


@given("a gateway in front of the server that answers {answer}")
def a_gateway_that_answers(context: Context, answer: str) -> None:
    context.state.gateway = context.state.session.fixtures.enter_context(gateway.answering(ANSWERS[answer], REASON))


@given("a gateway in front of the server that never answers")
def a_gateway_that_never_answers(context: Context) -> None:
    context.state.gateway = context.state.session.fixtures.enter_context(gateway.unresponsive())


@given("a gateway in front of the server that is not there")
def a_gateway_that_is_not_there(context: Context) -> None:
    context.state.gateway = context.state.session.fixtures.enter_context(gateway.unreachable())


@when("the job is requested through the gateway")
def the_job_is_requested_through_it(context: Context) -> None:
    request_through_gateway(context)


@when("the job is requested through the gateway, by a client with a short time limit")
def the_job_is_requested_impatiently(context: Context) -> None:
    request_through_gateway(context, request_timeout_s=CLIENT_TIMEOUT_S)


def request_through_gateway(context: Context, **server: Any) -> None:
    state = context.state
    state.failure = state.failure_of_request(base_url=state.gateway.address, **server)


@then("the client reports {answer} with the reason that was given")
def the_client_reports(context: Context, answer: str) -> None:
    refusals.expect_reported_status(context.state.failure, ANSWERS[answer], REASON)


@then("the request was sent once")
def the_server_was_asked_once(context: Context) -> None:
    context.state.gateway.expect_asked_once()


@then("the client reports within its time limit that no answer came")
def the_client_reports_no_answer(context: Context) -> None:
    refusals.expect_reported_timeout(context.state.failure, context.state.client.exchanges, CLIENT_TIMEOUT_S)


@then("the client reports at once that the server cannot be reached")
def the_client_reports_unreachable(context: Context) -> None:
    refusals.expect_reported_unreachable(context.state.failure, context.state.client.exchanges)


@when("{what} is asked of the server")
def something_is_asked(context: Context, what: str) -> None:
    context.state.exchanges = [INVALID_REQUESTS[what](context.state.session)]


@then("it is told in the form that all errors have")
def told_in_the_form_of_errors(context: Context) -> None:
    for exchange in context.state.exchanges:
        refusals.expect_client_error(exchange)

"""What the client reports when the way to the server fails, and the form of the server's errors."""

from behave import given, register_type, then, when

from steps.fault_types import CLIENT_TIMEOUT_S, GatewayConduct, GatewayKind
from steps.scenario_state import Context
from steps.words import choice
from support.checks import refusals
from support.faults import gateway
from support.fuzzing.invalid_requests import INVALID_REQUESTS, Send

register_type(InvalidRequest=choice("A request that is a mistake: `a page that does not exist`.", INVALID_REQUESTS))


@given("a gateway in front of the server that {kind:GatewayKind}")
def a_gateway_in_front_of_the_server(context: Context, kind: GatewayKind) -> None:
    server = context.state.settings.focus_server
    context.state.skip_unless(gateway.possible(server), "a proxy leads to the server, and no gateway can stand here")
    context.state.gateway = context.state.session.fixtures.enter_context(kind(server))


@when("the job is requested through the gateway{conduct:GatewayConduct}")
def the_job_is_requested_through_it(context: Context, conduct: GatewayConduct) -> None:
    state = context.state

    def meanwhile() -> None:
        if conduct.once_shows:
            state.session.ledger.expect_begun(conduct.once_shows)
        if conduct.fails:
            conduct.fails(state.gateway)

    patience = {} if conduct.fails else {"request_timeout_s": CLIENT_TIMEOUT_S}
    state.failure = state.failure_of_request(meanwhile, base_url=state.gateway.address, **patience)


@then("the request was sent once")
def the_request_was_sent_once(context: Context) -> None:
    context.state.gateway.expect_asked_once()


@then("the job is there as a whole, or not at all")
def the_job_is_whole_or_absent(context: Context) -> None:
    path, accepted = context.state.settings.paths.metadata, context.state.settings.answers.accepted_statuses
    context.state.session.ledger.expect_whole_or_absent(
        context.state.configuration.payload(),
        lambda job_id: context.state.client.get(path.format(job_id=job_id)).status in accepted,
    )


@when("{send:InvalidRequest} is asked of the server")
def something_is_asked(context: Context, send: Send) -> None:
    context.state.exchanges = [send(context.state.session)]


@then("it is told in the form that all errors have")
def told_in_the_form_of_errors(context: Context) -> None:
    for exchange in context.state.exchanges:
        refusals.expect_client_error(exchange)

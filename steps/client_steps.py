"""What the client reports when it gets no answer, or one that it cannot use."""

from behave import then, when

from steps.fault_types import CLIENT_TIMEOUT_S
from steps.scenario_state import Context
from support.checks import refusals
from support.faults import gateway
from support.faults.shortened_answers import leaving_out


@when("the job is requested, and its answer lacks {field}")
def the_answer_lacks(context: Context, field: str) -> None:
    send, as_json = context.state.client.send, {"Content-Type": "application/json"}
    with leaving_out(field, lambda method, path, body: send(method, path, raw=body, headers=as_json)) as address:
        context.state.failure = context.state.failure_of_request(base_url=address)


@then("the client reports that {failure:ReportedFailure}")
def the_client_reports(context: Context, failure: str) -> None:
    reported, exchanges = context.state.failure, context.state.client.exchanges
    if failure == "it took too long":
        refusals.expect_reported_status(reported, 504, gateway.TOO_LONG)
    elif failure == "no answer came within its time limit":
        refusals.expect_reported_timeout(reported, exchanges, CLIENT_TIMEOUT_S)
    elif failure == "the connection broke":
        refusals.expect_reported_break(reported, exchanges)
    elif failure == "the server is gone":
        refusals.expect_reported_crash(reported, exchanges[-1])
    elif failure == "nobody listens":
        refusals.expect_reported_unreachable(reported, exchanges)
    elif failure == "the server cannot be trusted":
        refusals.expect_reported_distrust(reported)
    else:
        refusals.expect_reported_lack(reported, failure.removeprefix("the answer lacks "))

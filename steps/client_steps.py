"""What the client reports of an answer that it cannot use."""

from behave import then, when

from steps.scenario_state import Context
from support.checks import refusals
from support.faults.shortened_answers import leaving_out


@when("the job is requested, and its answer lacks {field}")
def the_answer_lacks(context: Context, field: str) -> None:
    send, as_json = context.state.client.send, {"Content-Type": "application/json"}
    with leaving_out(field, lambda method, path, body: send(method, path, raw=body, headers=as_json)) as address:
        context.state.failure = context.state.failure_of_request(base_url=address)


@then("the client reports that the answer lacks {field}")
def the_client_reports_a_lack(context: Context, field: str) -> None:
    refusals.expect_reported_lack(context.state.failure, field)

"""What the client reports when it gets no answer, or one that it cannot use."""

from behave import then, when

from steps.fault_types import Report
from steps.scenario_state import Context
from support.faults.shortened_answers import leaving_out


@when("the job is requested, and its answer lacks {field}")
def the_answer_lacks(context: Context, field: str) -> None:
    send, as_json = context.state.client.send, {"Content-Type": "application/json"}
    with leaving_out(field, lambda method, path, body: send(method, path, raw=body, headers=as_json)) as address:
        context.state.failure = context.state.failure_of_request(base_url=address)


@then("the client reports that {expect:ReportedFailure}")
def the_client_reports(context: Context, expect: Report) -> None:
    limit_s = context.state.settings.focus_server.request_timeout_s
    expect(context.state.failure, context.state.client.exchanges, limit_s)

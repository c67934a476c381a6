"""What the client itself refuses, before anything is sent."""

from behave import then, when

from steps.parameter_types import Change
from steps.scenario_state import Context
from support.checks import refusals
from support.contract.configuration import ConfigureRequest, generate_config_payload
from support.contract.limits import Parameter
from support.faults.shortened_answers import leaving_out


@when("the job is requested, and its answer lacks {field}")
def the_answer_lacks(context: Context, field: str) -> None:
    send, as_json = context.state.client.send, {"Content-Type": "application/json"}
    with leaving_out(field, lambda method, path, body: send(method, path, raw=body, headers=as_json)) as address:
        context.state.failure = context.state.failure_of_request(base_url=address)


@then("the client reports that the answer lacks {field}")
def the_client_reports_a_lack(context: Context, field: str) -> None:
    refusals.expect_reported_lack(context.state.failure, field)


@when("the client is handed a configuration {change:Change}")
def the_client_is_handed_a_configuration(context: Context, change: Change) -> None:
    payload = change(generate_config_payload(), context.state.settings)
    context.state.refusal = context.state.client.refusal_to_send(ConfigureRequest.model_construct(**payload))


@when("the client is handed something that is no configuration")
def the_client_is_handed_something_else(context: Context) -> None:
    context.state.refusal = context.state.client.refusal_to_send(generate_config_payload())


@when("the client is handed the task id {text}")
def the_client_is_handed_a_task_id(context: Context, text: str) -> None:
    request = context.state.client.configuration(generate_config_payload())
    context.state.refusal = context.state.client.refusal_to_send(request, text)


@then("the client refuses it")
@then("the client refuses because of the {cause:Cause}")
def the_client_refuses(context: Context, cause: Parameter | None = None) -> None:
    refusals.expect_client_refusal(context.state.refusal, cause)


@then("nothing is sent to the server")
def nothing_is_sent(context: Context) -> None:
    context.state.client.expect_nothing_sent()

"""What the client itself refuses, before anything is sent."""

from __future__ import annotations

from typing import Any

from behave import then, when

from steps.scenario_state import Context
from support.checks import refusals
from support.contract.configuration import ConfigureRequest, generate_config_payload, with_value, without
from support.contract.limits import TASK_ID, Parameter
from support.profile.boundary_values import resolve


@when("the client is handed a configuration with {parameter:Parameter} {value:Value}")
def the_client_is_handed_a_value(context: Context, parameter: Parameter, value: Any) -> None:
    given = resolve(value, parameter, context.state.settings)
    payload = with_value(generate_config_payload(), parameter, given)
    context.state.refusal = context.state.session.hand_to_client(ConfigureRequest.model_construct(**payload))


@when("the client is handed a configuration without {parameter:Parameter}")
def the_client_is_handed_a_gap(context: Context, parameter: Parameter) -> None:
    payload = without(generate_config_payload(), parameter)
    context.state.refusal = context.state.session.hand_to_client(ConfigureRequest.model_construct(**payload))


@when("the client is handed something that is no configuration")
def the_client_is_handed_something_else(context: Context) -> None:
    context.state.refusal = context.state.session.hand_to_client(generate_config_payload())


@when("the client is handed the task id {text}")
def the_client_is_handed_a_task_id(context: Context, text: str) -> None:
    request = context.state.session.configuration(generate_config_payload())
    context.state.refusal = context.state.session.hand_to_client(request, text)


@then("the client refuses because of the {parameter:Parameter}")
def the_client_refuses_because_of(context: Context, parameter: Parameter) -> None:
    refusals.expect_client_refusal(context.state.refusal, parameter)


@then("the client refuses because of the task id")
def the_client_refuses_because_of_the_task_id(context: Context) -> None:
    refusals.expect_client_refusal(context.state.refusal, TASK_ID)


@then("the client refuses it")
def the_client_refuses(context: Context) -> None:
    refusals.expect_client_refusal(context.state.refusal)


@then("nothing is sent to the server")
def nothing_is_sent(context: Context) -> None:
    context.state.session.expect_nothing_sent()

"""Asking for jobs, and what is answered."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from steps.parameter_types import parse_parameter, parse_value
from steps.scenario_state import Context
from support.checks import answers, refusals
from support.contract.configuration import (
    different_payloads,
    generate_config_payload,
    generate_task_id,
    with_neighbour,
    without,
)
from support.contract.limits import TASK_ID, UNKNOWN, Parameter

MALFORMED_TASK_ID = "no-task-id"


def changes_in_table(context: Context) -> dict[Parameter, Any]:
    return {parse_parameter(row["parameter"]): parse_value(row["value"]) for row in context.table}


@given("a live configuration with every parameter set")
def a_live_configuration(context: Context) -> None:
    the_configuration_of(context, "job")


@given("the configuration of a {kind:Kind}")
def the_configuration_of(context: Context, kind: str) -> None:
    context.state.configure(context.state.payload_of(kind))


@given("the configuration of a {kind:Kind} with {parameter:Parameter} {value:Value}")
def the_configuration_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.state.configure(context.state.payload_of(kind, {parameter: value}))


@given("the configuration of a {kind:Kind} with")
def the_configuration_with_several(context: Context, kind: str) -> None:
    context.state.configure(context.state.payload_of(kind, changes_in_table(context)))


@given("a running {kind:Kind}")
def a_running_job(context: Context, kind: str) -> None:
    context.state.run_job(context.state.payload_of(kind))


@given("a running {kind:Kind} with {parameter:Parameter} {value:Value}")
def a_running_job_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.state.run_job(context.state.payload_of(kind, {parameter: value}))


@given("a running {kind:Kind} with")
def a_running_job_with_several(context: Context, kind: str) -> None:
    context.state.run_job(context.state.payload_of(kind, changes_in_table(context)))


@given("another running {kind:Kind} with {parameter:Parameter} {value:Value}")
def another_running_job_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.state.other_job = context.state.job
    a_running_job_with(context, kind, parameter, value)


@given("two running jobs")
def two_running_jobs(context: Context) -> None:
    live_configurations(context, 2)
    jobs_are_requested_at_once(context, 2)
    every_job_is_accepted(context)
    context.state.session.promises.expect_kept(context.state.jobs)


@given("a running job under a task id of the client")
def a_running_job_under_a_task_id(context: Context) -> None:
    a_live_configuration(context)
    context.state.task_id = generate_task_id("acceptance")
    context.state.run_job(task_id=context.state.task_id)


@given("{count:d} different live configurations")
def live_configurations(context: Context, count: int) -> None:
    context.state.configurations = [context.state.session.configuration(one) for one in different_payloads(count)]


@given("configurations of a {kind:Kind} with each {parameter:Parameter} of")
def configurations_with_each(context: Context, kind: str, parameter: Parameter) -> None:
    values = [parse_value(row[parameter.words]) for row in context.table]
    payloads = [context.state.payload_of(kind, {parameter: value}) for value in values]
    context.state.configurations = [context.state.session.configuration(payload) for payload in payloads]


@when("the job is requested")
def the_job_is_requested(context: Context) -> None:
    context.state.request_job()


@when("the job is requested under a task id of the client")
def the_job_is_requested_under_a_task_id(context: Context) -> None:
    context.state.task_id = generate_task_id("acceptance")
    context.state.request_job(context.state.task_id)


@when("another job is requested under the same task id")
def another_job_under_the_same_task_id(context: Context) -> None:
    context.state.request_job(context.state.task_id)


@when("the jobs are requested by {workers:d} clients at once")
def jobs_are_requested_at_once(context: Context, workers: int) -> None:
    context.state.attempts = context.state.session.request_jobs(context.state.configurations, workers)


@when("the jobs are requested one after another")
def jobs_are_requested_one_after_another(context: Context) -> None:
    jobs_are_requested_at_once(context, 1)


@when("a job is requested under the task id {text}")
def a_job_is_requested_under(context: Context, text: str) -> None:
    context.state.task_id = text
    context.state.request_raw(generate_config_payload(), text)


@when("a job is requested under a malformed task id with {parameter:Parameter} {value:Value}")
def a_job_is_requested_under_a_malformed_task_id_with(context: Context, parameter: Parameter, value: Any) -> None:
    context.state.request_raw(context.state.payload_of("job", {parameter: value}), MALFORMED_TASK_ID)


@when("a job is requested under a task id with {parameter:Parameter} {value:Value}")
def a_job_is_requested_under_a_task_id_with(context: Context, parameter: Parameter, value: Any) -> None:
    context.state.request_raw(context.state.payload_of("job", {parameter: value}), generate_task_id("acceptance"))


@when("a job is requested under a task id without {parameter:Parameter}")
def a_job_is_requested_under_a_task_id_without(context: Context, parameter: Parameter) -> None:
    context.state.request_raw(without(generate_config_payload(), parameter), generate_task_id("acceptance"))


@when("a {kind:Kind} is requested with {parameter:Parameter} {value:Value}")
def a_job_is_requested_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.state.request_raw(context.state.payload_of(kind, {parameter: value}))


@when("a {kind:Kind} is requested with")
def a_job_is_requested_with_several(context: Context, kind: str) -> None:
    changes = changes_in_table(context)
    context.state.parameters = list(changes)
    context.state.request_raw(context.state.payload_of(kind, changes))


@when("a {kind:Kind} is requested without {parameter:Parameter}")
def a_job_is_requested_without(context: Context, kind: str, parameter: Parameter) -> None:
    context.state.request_raw(without(context.state.payload_of(kind), parameter))


@when("a {kind:Kind} is requested with an unknown parameter beside its {parameter:Parameter}")
def a_job_is_requested_with_a_neighbour(context: Context, kind: str, parameter: Parameter) -> None:
    context.state.request_raw(with_neighbour(context.state.payload_of(kind), parameter, UNKNOWN.field))


@then("the job is accepted")
def the_job_is_accepted(context: Context) -> None:
    context.state.accept_one()


@then("every job is accepted")
def every_job_is_accepted(context: Context) -> None:
    context.state.accept()


@then("every job has an id of its own")
def every_job_has_an_id_of_its_own(context: Context) -> None:
    answers.expect_distinct_ids(context.state.jobs)


@then("the answer and the record carry the task id")
def the_task_id_is_carried(context: Context) -> None:
    answers.expect_task_id(context.state.job, context.state.task_id)
    context.state.session.promises.expect_task_id_in_record(context.state.job, context.state.task_id)


@then("the answer comes within the promised time")
def the_answer_comes_in_time(context: Context) -> None:
    context.state.session.expect_in_time([attempt.exchange for attempt in context.state.attempts], "job_created_s")


@then("the request is refused because of the {parameter:Parameter}")
def the_request_is_refused(context: Context, parameter: Parameter) -> None:
    context.state.because_of = parameter
    for attempt in context.state.attempts:
        refusals.expect_refusal(attempt.exchange, parameter, context.state.settings.answers)


@then("the request is refused because of each of them")
def the_request_is_refused_because_of_each(context: Context) -> None:
    for parameter in context.state.parameters:
        the_request_is_refused(context, parameter)


@then("the request is refused because of the unknown parameter")
def the_request_is_refused_because_of_an_unknown_parameter(context: Context) -> None:
    the_request_is_refused(context, UNKNOWN)


@then("the request is refused because of the task id")
def the_request_is_refused_because_of_the_task_id(context: Context) -> None:
    the_request_is_refused(context, TASK_ID)


@then("the client refuses it, too")
def the_client_refuses_it(context: Context) -> None:
    for attempt in context.state.attempts:
        refusals.expect_client_refusal(attempt.client_refusal, context.state.because_of)

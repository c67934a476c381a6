"""Asking for jobs, and what is answered."""

from __future__ import annotations

from typing import Any

from behave import given, then, when
from behave.runner import Context

from steps.kept import accept, changed, payload_of, run_configuration, run_job, several_changed
from steps.parameter_types import parse_parameter, parse_value
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


@given("a live configuration with every parameter set")
def a_live_configuration(context: Context) -> None:
    the_configuration_of(context, "job")


@given("the configuration of a {kind:Kind}")
def the_configuration_of(context: Context, kind: str) -> None:
    context.configuration = context.session.configuration(payload_of(context, kind))


@given("the configuration of a {kind:Kind} with {parameter:Parameter} {value:Value}")
def the_configuration_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.configuration = context.session.configuration(changed(context, kind, parameter, value))


@given("the configuration of a {kind:Kind} with")
def the_configuration_with_several(context: Context, kind: str) -> None:
    context.configuration = context.session.configuration(several_changed(context, kind))


@given("a running {kind:Kind}")
def a_running_job(context: Context, kind: str) -> None:
    run_job(context, payload_of(context, kind))


@given("a running {kind:Kind} with {parameter:Parameter} {value:Value}")
def a_running_job_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    run_job(context, changed(context, kind, parameter, value))


@given("a running {kind:Kind} with")
def a_running_job_with_several(context: Context, kind: str) -> None:
    the_configuration_with_several(context, kind)
    run_configuration(context)


@given("another running {kind:Kind} with {parameter:Parameter} {value:Value}")
def another_running_job_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.first_job = context.job
    a_running_job_with(context, kind, parameter, value)


@when("the job is requested")
def the_job_is_requested(context: Context) -> None:
    context.attempts = [context.session.request_job(context.configuration)]


@when("the job is requested under a task id of the client")
def the_job_is_requested_under_a_task_id(context: Context) -> None:
    context.task_id = generate_task_id("acceptance")
    context.attempts = [context.session.request_job(context.configuration, context.task_id)]


@given("a running job under a task id of the client")
def a_running_job_under_a_task_id(context: Context) -> None:
    a_live_configuration(context)
    the_job_is_requested_under_a_task_id(context)
    the_job_is_accepted(context)
    context.session.promises.expect_running_analyzer(context.job)


@when("another job is requested under the same task id")
def another_job_under_the_same_task_id(context: Context) -> None:
    context.attempts = [context.session.request_job(context.configuration, context.task_id)]


@when("a job is requested under the task id {text}")
def a_job_is_requested_under(context: Context, text: str) -> None:
    context.task_id = text
    context.attempts = [context.session.request_raw(generate_config_payload(), text)]


@when("a job is requested under a malformed task id with {parameter:Parameter} {value:Value}")
def a_job_is_requested_under_a_malformed_task_id_with(context: Context, parameter: Parameter, value: Any) -> None:
    context.attempts = [context.session.request_raw(changed(context, "job", parameter, value), MALFORMED_TASK_ID)]


@when("a job is requested under a task id with {parameter:Parameter} {value:Value}")
def a_job_is_requested_under_a_task_id_with(context: Context, parameter: Parameter, value: Any) -> None:
    payload = changed(context, "job", parameter, value)
    context.attempts = [context.session.request_raw(payload, generate_task_id("acceptance"))]


@when("a job is requested under a task id without {parameter:Parameter}")
def a_job_is_requested_under_a_task_id_without(context: Context, parameter: Parameter) -> None:
    payload = without(generate_config_payload(), parameter)
    context.attempts = [context.session.request_raw(payload, generate_task_id("acceptance"))]


@given("{count:d} different live configurations")
def live_configurations(context: Context, count: int) -> None:
    context.configurations = [context.session.configuration(payload) for payload in different_payloads(count)]


@given("configurations of a {kind:Kind} with each {parameter:Parameter} of")
def configurations_with_each(context: Context, kind: str, parameter: Parameter) -> None:
    context.configurations = [
        context.session.configuration(changed(context, kind, parameter, parse_value(row[parameter.words])))
        for row in context.table
    ]


@given("two running jobs")
def two_running_jobs(context: Context) -> None:
    live_configurations(context, 2)
    jobs_are_requested_at_once(context, 2)
    every_job_is_accepted(context)
    context.session.promises.expect_kept(context.jobs)


@when("the jobs are requested by {workers:d} clients at once")
def jobs_are_requested_at_once(context: Context, workers: int) -> None:
    context.attempts = context.session.request_jobs(context.configurations, workers)


@when("the jobs are requested one after another")
def jobs_are_requested_one_after_another(context: Context) -> None:
    jobs_are_requested_at_once(context, 1)


@when("a {kind:Kind} is requested with {parameter:Parameter} {value:Value}")
def a_job_is_requested_with(context: Context, kind: str, parameter: Parameter, value: Any) -> None:
    context.attempts = [context.session.request_raw(changed(context, kind, parameter, value))]


@when("a {kind:Kind} is requested with")
def a_job_is_requested_with_several(context: Context, kind: str) -> None:
    context.parameters = [parse_parameter(row["parameter"]) for row in context.table]
    context.attempts = [context.session.request_raw(several_changed(context, kind))]


@then("the request is refused because of each of them")
def the_request_is_refused_because_of_each(context: Context) -> None:
    for parameter in context.parameters:
        the_request_is_refused(context, parameter)


@when("a {kind:Kind} is requested without {parameter:Parameter}")
def a_job_is_requested_without(context: Context, kind: str, parameter: Parameter) -> None:
    context.attempts = [context.session.request_raw(without(payload_of(context, kind), parameter))]


@when("a {kind:Kind} is requested with an unknown parameter beside its {parameter:Parameter}")
def a_job_is_requested_with_a_neighbour(context: Context, kind: str, parameter: Parameter) -> None:
    payload = with_neighbour(payload_of(context, kind), parameter, UNKNOWN.field)
    context.attempts = [context.session.request_raw(payload)]


@then("the job is accepted")
def the_job_is_accepted(context: Context) -> None:
    every_job_is_accepted(context)
    (context.job,) = context.jobs


@then("every job is accepted")
def every_job_is_accepted(context: Context) -> None:
    accept(context)


@then("every job has an id of its own")
def every_job_has_an_id_of_its_own(context: Context) -> None:
    answers.expect_distinct_ids(context.jobs)


@then("the answer and the record carry the task id")
def the_task_id_is_carried(context: Context) -> None:
    answers.expect_task_id(context.job, context.task_id)
    context.session.promises.expect_task_id_in_record(context.job, context.task_id)


@then("the answer comes within the promised time")
def the_answer_comes_in_time(context: Context) -> None:
    context.session.expect_in_time([attempt.exchange for attempt in context.attempts], "job_created_s")


@then("the request is refused because of the {parameter:Parameter}")
def the_request_is_refused(context: Context, parameter: Parameter) -> None:
    context.because_of = parameter
    for attempt in context.attempts:
        refusals.expect_refusal(attempt.exchange, parameter, context.run.settings.answers)


@then("the request is refused because of the unknown parameter")
def the_request_is_refused_because_of_a_stranger(context: Context) -> None:
    the_request_is_refused(context, UNKNOWN)


@then("the request is refused because of the task id")
def the_request_is_refused_because_of_the_task_id(context: Context) -> None:
    the_request_is_refused(context, TASK_ID)


@then("the client refuses it, too")
def the_client_refuses_it(context: Context) -> None:
    for attempt in context.attempts:
        refusals.expect_client_refusal(attempt.client_refusal, context.because_of)

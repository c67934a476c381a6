"""Asking for jobs, and what is answered."""

from collections.abc import Sequence
from typing import Any

from behave import given, then, when

from steps.parameter_types import Change, parse_parameter, parse_value, set_to
from steps.scenario_state import Context
from support.checks import answers, refusals
from support.contract.configuration import different_payloads, generate_config_payload, generate_task_id
from support.contract.limits import Parameter

MALFORMED_TASK_ID = "no-task-id"


def payload_of(context: Context, kind: str, change: Change | None = None) -> dict[str, Any]:
    """The payload of a kind of job with one change, or with those in the table below the step."""
    rows = context.table or ()
    changes = [set_to(parse_parameter(row["parameter"]), parse_value(row["value"])) for row in rows]
    return context.state.payload_of(kind, [change] if change else changes)


@given("a live configuration with every parameter set")
@given("the configuration of a {kind:Kind}")
@given("the configuration of a {kind:Kind} with")
@given("the configuration of a {kind:Kind} {change:Change}")
def the_configuration_of(context: Context, kind: str = "job", change: Change | None = None) -> None:
    context.state.configure(payload_of(context, kind, change))


@given("a running {kind:Kind}")
@given("a running {kind:Kind} with")
@given("a running {kind:Kind} {change:Change}")
def a_running_job(context: Context, kind: str, change: Change | None = None) -> None:
    context.state.run_job(payload_of(context, kind, change))


@given("another running {kind:Kind} {change:Change}")
def another_running_job(context: Context, kind: str, change: Change) -> None:
    context.state.other_job = context.state.job
    a_running_job(context, kind, change)


@given("two running jobs")
def two_running_jobs(context: Context) -> None:
    live_configurations(context, 2)
    jobs_are_requested_at_once(context, 2)
    every_job_is_accepted(context)
    context.state.session.promises.expect_fulfilled(context.state.jobs)


@given("a running job under a task id of the client")
def a_running_job_under_a_task_id(context: Context) -> None:
    context.state.task_id = generate_task_id("acceptance")
    context.state.run_job(generate_config_payload(), context.state.task_id)


@given("{count:d} different live configurations")
def live_configurations(context: Context, count: int) -> None:
    context.state.configurations = [context.state.client.configuration(one) for one in different_payloads(count)]


@given("configurations of a {kind:Kind} with each {parameter:Parameter} of")
def configurations_with_each(context: Context, kind: str, parameter: Parameter) -> None:
    changes = [set_to(parameter, parse_value(row[parameter.words])) for row in context.table]
    payloads = [context.state.payload_of(kind, [change]) for change in changes]
    context.state.configurations = [context.state.client.configuration(payload) for payload in payloads]


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


@when("the jobs are requested one after another")
@when("the jobs are requested by {workers:d} clients at once")
def jobs_are_requested_at_once(context: Context, workers: int = 1) -> None:
    context.state.asked(*context.state.client.request_jobs(context.state.configurations, workers))


@when("a job is requested under the task id {text}")
def a_job_is_requested_under(context: Context, text: str) -> None:
    context.state.task_id = text
    context.state.request_raw(generate_config_payload(), text)


@when("a job is requested under a malformed task id {change:Change}")
def a_job_is_requested_under_a_malformed_task_id(context: Context, change: Change) -> None:
    context.state.request_raw(payload_of(context, "job", change), MALFORMED_TASK_ID)


@when("a job is requested under a task id {change:Change}")
def a_job_is_requested_under_a_task_id(context: Context, change: Change) -> None:
    context.state.request_raw(payload_of(context, "job", change), generate_task_id("acceptance"))


@when("a {kind:Kind} is requested with")
@when("a {kind:Kind} is requested {change:Change}")
def a_job_is_requested(context: Context, kind: str, change: Change | None = None) -> None:
    context.state.parameters = [parse_parameter(row["parameter"]) for row in context.table or ()]
    context.state.request_raw(payload_of(context, kind, change))


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
    context.state.session.timing.expect_in_time(context.state.exchanges, "job_created_s")


@then("the request is refused because of the {cause:Cause}")
@then("the request is refused because of the {cause:Cause} and the {other:Cause}")
def the_request_is_refused_because_of(context: Context, cause: Parameter, other: Parameter | None = None) -> None:
    context.state.because_of = cause
    expect_refused(context, [cause] if other is None else [cause, other])


@then("the request is refused because of each of them")
def the_request_is_refused_because_of_each(context: Context) -> None:
    expect_refused(context, context.state.parameters)


def expect_refused(context: Context, causes: Sequence[Parameter]) -> None:
    for exchange in context.state.exchanges:
        refusals.expect_refusal(exchange, causes, context.state.settings.answers)


@then("the client refuses it, too")
def the_client_refuses_it(context: Context) -> None:
    for attempt in context.state.attempts:
        refusals.expect_client_refusal(attempt.client_refusal, context.state.because_of)

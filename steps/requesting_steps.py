"""Asking for jobs, and what is answered."""

from typing import Any

from behave import given, then, when

from steps.parameter_types import SAME_TASK_ID, Causes, Change, parse_parameter, parse_value, set_to
from steps.scenario_state import Context
from support.checks import answers, refusals
from support.contract.configuration import different_payloads, generate_config_payload
from support.contract.limits import Parameter


def payload_of(context: Context, kind: str, change: Change) -> dict[str, Any]:
    """The payload of a kind of job with one change, and with those in the table below the step."""
    rows = context.table or ()
    changes = [set_to(parse_parameter(row["parameter"]), parse_value(row["value"])) for row in rows]
    return context.state.payload_of(kind, [change, *changes])


def task_id_of(context: Context, under: str | None) -> str | None:
    """The task id to send; the scenario keeps it."""
    if under is not None and under != SAME_TASK_ID:
        context.state.task_id = under
    return None if under is None else context.state.task_id


@given("a live configuration with every parameter set")
def a_live_configuration(context: Context) -> None:
    context.state.configure(generate_config_payload())


@given("the configuration of a {kind:Kind}{change:Change}")
def the_configuration_of(context: Context, kind: str, change: Change) -> None:
    context.state.configure(payload_of(context, kind, change))


@given("a running {kind:Kind}{under:TaskId}{change:Change}")
def a_running_job(context: Context, kind: str, under: str | None, change: Change) -> None:
    context.state.run_job(payload_of(context, kind, change), task_id_of(context, under))


@given("another running {kind:Kind}{change:Change}")
def another_running_job(context: Context, kind: str, change: Change) -> None:
    context.state.other_job = context.state.job
    context.state.run_job(payload_of(context, kind, change))


@given("{count:d} different live configurations")
def live_configurations(context: Context, count: int) -> None:
    context.state.configure_each(different_payloads(count))


@given("configurations of a {kind:Kind} with each {parameter:Parameter} of")
def configurations_with_each(context: Context, kind: str, parameter: Parameter) -> None:
    changes = [set_to(parameter, parse_value(row[parameter.words])) for row in context.table]
    context.state.configure_each(context.state.payload_of(kind, [change]) for change in changes)


@when("the job is requested{under:TaskId}")
def the_job_is_requested(context: Context, under: str | None) -> None:
    context.state.request_job(task_id_of(context, under))


@when("the jobs are requested{clients:AtOnce}")
def jobs_are_requested(context: Context, clients: int) -> None:
    context.state.asked(*context.state.client.request_jobs(context.state.configurations, clients))


@when("a {kind:Kind} is requested{under:TaskId}{change:Change}")
def a_job_is_requested(context: Context, kind: str, under: str | None, change: Change) -> None:
    context.state.request_raw(payload_of(context, kind, change), task_id_of(context, under))


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


@then("{setting:TimedAnswer} within the promised time")
def the_answer_comes_in_time(context: Context, setting: str) -> None:
    context.state.session.timing.expect_in_time(context.state.exchanges, setting)


@then("the request is refused because of {causes:Causes}")
def the_request_is_refused_because_of(context: Context, causes: Causes) -> None:
    context.state.because_of = causes
    for exchange in context.state.exchanges:
        refusals.expect_refusal(exchange, causes.parameters, context.state.settings.answers, either=causes.either)


@then("the client refuses it, too")
def the_client_refuses_it(context: Context) -> None:
    parameters, either = context.state.because_of
    for attempt in context.state.attempts:
        refusals.expect_client_refusal(attempt.client_refusal, parameters, either=either)

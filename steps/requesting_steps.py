"""Asking for jobs, and what is answered."""

from __future__ import annotations

from typing import Any

from behave import given, then, when
from behave.runner import Context

from support import answers
from support.configuration import different_payloads, generate_config_payload, with_value, without
from support.contract import Parameter


@given("a live configuration with every parameter set")
def a_live_configuration(context: Context) -> None:
    context.configuration = context.case.configuration(generate_config_payload())


@given("a running job")
def a_running_job(context: Context) -> None:
    a_live_configuration(context)
    the_job_is_requested(context)
    the_job_is_accepted(context)
    context.case.promises.analyzer_runs(context.job)


@when("the job is requested")
def the_job_is_requested(context: Context) -> None:
    context.attempts = [context.case.request_job(context.configuration)]


@given("{count:d} live configurations, each another one")
def live_configurations(context: Context, count: int) -> None:
    context.configurations = [
        context.case.configuration(payload, frozenset({"channels"})) for payload in different_payloads(count)
    ]


@given("two running jobs")
def two_running_jobs(context: Context) -> None:
    live_configurations(context, 2)
    jobs_are_requested_at_once(context, 2)
    every_job_is_accepted(context)
    context.case.promises.are_kept(context.jobs)


@when("the jobs are requested by {workers:d} clients at once")
def jobs_are_requested_at_once(context: Context, workers: int) -> None:
    context.attempts = context.case.request_jobs(context.configurations, workers)


@when("a job is requested with {parameter:Parameter} {value:Value}")
def a_job_is_requested_with(context: Context, parameter: Parameter, value: Any) -> None:
    payload = context.case.mark(generate_config_payload(), frozenset({parameter.path[0]}))
    context.attempts = [context.case.request_raw(with_value(payload, parameter, value))]


@when("a job is requested without {parameter:Parameter}")
def a_job_is_requested_without(context: Context, parameter: Parameter) -> None:
    payload = context.case.mark(generate_config_payload(), frozenset({parameter.path[0]}))
    context.attempts = [context.case.request_raw(without(payload, parameter))]


@then("the job is accepted")
def the_job_is_accepted(context: Context) -> None:
    every_job_is_accepted(context)
    (context.job,) = context.jobs


@then("every job is accepted")
def every_job_is_accepted(context: Context) -> None:
    settings = context.run.settings
    context.jobs = [answers.accepted(attempt, settings.answers, settings.naming) for attempt in context.attempts]


@then("every job has an id of its own")
def every_job_has_an_id_of_its_own(context: Context) -> None:
    answers.distinct(context.jobs)


@then("the answer comes within the promised time")
def the_answer_comes_in_time(context: Context) -> None:
    for attempt in context.attempts:
        answers.in_time(attempt, context.run.settings.time_limits.job_created_s)


@then("the request is refused because of the {parameter:Parameter}")
def the_request_is_refused(context: Context, parameter: Parameter) -> None:
    for attempt in context.attempts:
        answers.refused(attempt.exchange, parameter, context.run.settings.answers)

"""Requests that no good client sends."""

from __future__ import annotations

import json
from functools import partial

from behave import given, then, when
from behave.runner import Context

from steps.kept import PLAYBACK
from support.api.job import Attempt
from support.checks import refusals
from support.contract.configuration import generate_config_payload
from support.fuzzing.invalid_requests import send_malformed
from support.fuzzing.malformed_bodies import BODIES, Make, padded, statuses_for, with_character_set


@when("{what} is sent to the server")
def it_is_sent(context: Context, what: str) -> None:
    context.exchanges = [send_malformed(context.session, what)]


@when("a job is requested with a body as large as is read")
def a_job_with_the_largest_body(context: Context) -> None:
    request_in(context, partial(padded, context.run.settings.limits.body_max_bytes))


@when("a job is requested with a body one byte larger than is read")
def a_job_with_too_large_a_body(context: Context) -> None:
    request_in(context, partial(padded, context.run.settings.limits.body_max_bytes + 1))


@when("a job is requested with a body that tells its character set")
def a_job_with_a_character_set(context: Context) -> None:
    request_in(context, with_character_set)


def request_in(context: Context, make: Make) -> None:
    path, payload = context.run.settings.paths.configure, context.session.mark(generate_config_payload())
    body = make(payload)
    context.exchanges = [context.session.send("POST", path, raw=body.content, headers=body.headers)]
    context.attempts = [Attempt(payload, context.exchanges[0])]


@given("everything malformed was sent to the server")
def everything_malformed_was_sent(context: Context) -> None:
    for what in BODIES:
        it_is_sent(context, what)


@then("it is turned away as {why}")
def it_is_turned_away(context: Context, why: str) -> None:
    for exchange in context.exchanges:
        refusals.expect_error_response(
            exchange, statuses_for(why, context.run.settings.answers), f"to be turned away as {why}"
        )


@when("{count:d} generated requests are sent")
def generated_requests_are_sent(context: Context, count: int) -> None:
    # Here: hypothesis takes a sixth of a second to load, and one scenario needs it.
    from support.fuzzing.generated_requests import DEFAULT_SEED, NotDealtWith, requests, try_all
    from support.fuzzing.robustness import Judge

    limits, recorder = context.run.settings.limits, context.session.recorder
    start = recorder.free_time()
    window = (start, start + PLAYBACK)
    recorder.put(*window)
    context.generated, context.judge, context.failure = requests(limits, window), Judge(context.session), None
    seed = int(context.config.userdata.get("seed", DEFAULT_SEED))
    try:
        try_all(count, seed, limits, context.judge, window, context.run.settings.time_limits.smallest_found_s)
    except NotDealtWith as failure:
        context.report.attach("the smallest request that fails", failure.request, "json")
        context.failure = failure
    context.report.attach("what was sent, by kind", json.dumps(context.judge.counts, indent=2), "json")


@then("each was refused without a trace, or was valid and fully carried out")
def each_was_dealt_with(context: Context) -> None:
    if context.failure is not None:
        raise context.failure
    context.judge.expect_each(context.generated["valid"], context.generated["one mistake"])

"""Invalid requests: malformed bodies, and generated ones."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from behave import register_type, then, when

from steps.scenario_state import PLAYBACK, Context
from steps.words import choice
from support.api.exchange import Exchange
from support.api.job import Attempt
from support.checks import refusals
from support.contract.configuration import generate_config_payload
from support.contract.limits import Limits
from support.evidence.evidence import Evidence
from support.fuzzing.invalid_requests import send_malformed
from support.fuzzing.malformed_bodies import Body, in_two_halves, padded, with_character_set
from support.fuzzing.verdicts import RequestVerdicts
from support.profile.settings import Answers

MakeBody = Callable[[Mapping[str, Any], Limits], Body]
"""Makes a body of a valid configuration."""
BODIES: dict[str, MakeBody] = {
    "as large as is read": lambda payload, limits: padded(limits.body_max_bytes, payload),
    "one byte larger than is read": lambda payload, limits: padded(limits.body_max_bytes + 1, payload),
    "that tells its character set": lambda payload, limits: with_character_set(payload),
    "that comes in two halves": lambda payload, limits: in_two_halves(payload),
    "twice as large as is read, in two halves": lambda payload, limits: in_two_halves(
        payload, 2 * limits.body_max_bytes
    ),
}
register_type(
    Body=choice("What is special about the body of a valid configuration: `as large as is read`.", BODIES),
    TurnedAway=choice("Why a request is turned away: `unreadable`.", refusals.TURNED_AWAY),
)


@when("{bodies:Malformed} is sent {origin:Origin}")
def it_is_sent(context: Context, bodies: Sequence[str], origin: Mapping[str, str]) -> None:
    context.state.exchanges = [send_malformed(context.state.session, what, origin) for what in bodies]


@when("a job is requested with a body {that:Body}")
def a_job_with_a_body(context: Context, that: MakeBody) -> None:
    client = context.state.client
    payload, _ = client.mark(generate_config_payload())
    body = that(payload, context.state.settings.limits)
    path = context.state.settings.paths.configure
    context.state.asked(Attempt(payload, client.send("POST", path, raw=body.content, headers=body.headers)))


@then("it is turned away as {expect:TurnedAway}")
def it_is_turned_away(context: Context, expect: Callable[[Exchange, Answers], None]) -> None:
    for exchange in context.state.exchanges:
        expect(exchange, context.state.settings.answers)


@when("{count:d} generated requests are sent")
def generated_requests_are_sent(context: Context, count: int) -> None:
    # Here: hypothesis takes a sixth of a second to load, and one scenario needs it.
    from support.fuzzing.generated_requests import DEFAULT_SEED, WrongAnswer, expect_right_answers

    state, limits = context.state, context.state.settings.limits
    state.record_for(PLAYBACK)
    state.verdicts, state.wrong_answer = RequestVerdicts(state.session), None
    seed, smallest_found_s = int(state.options.get("seed", DEFAULT_SEED)), state.settings.time_limits.smallest_found_s
    try:
        expect_right_answers(count, seed, limits, state.verdicts.expect_right_answer, state.window, smallest_found_s)
    except WrongAnswer as failure:
        state.keep(Evidence("the smallest request that fails", failure.request, "json"))
        state.wrong_answer = failure
    state.keep(Evidence("what was sent, by kind", json.dumps(state.verdicts.counts, indent=2), "json"))


@then("each was refused without a trace, or was valid and fully carried out")
def each_was_dealt_with(context: Context) -> None:
    from support.fuzzing.generated_requests import strategies  # Here: as above.

    if context.state.wrong_answer is not None:
        raise context.state.wrong_answer
    kinds = strategies(context.state.settings.limits, context.state.window)
    context.state.verdicts.expect_each_kind(kinds["valid"], kinds["one violation"])

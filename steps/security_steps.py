"""What is sent with harm in mind, and what must not be given away."""

from collections.abc import Callable

from behave import register_type, then, when

from redaction import is_ordinary, redact
from steps.parameter_types import OF_ANOTHER_SITE
from steps.scenario_state import Context
from steps.words import choice
from support.checks import exposure
from support.core.errors import require
from support.fuzzing.invalid_requests import INVALID_REQUESTS, send_malformed
from support.fuzzing.malformed_bodies import MALFORMED_BODIES

# What a browser asks before it sends JSON for a page of another site.
ASKED_FOR = {"Access-Control-Request-Headers": "content-type"}


@when("metadata, rows and the end of {job_id:JobId} are asked for")
def everything_of_a_job(context: Context, job_id: str | None) -> None:
    paths, job_id = context.state.settings.paths, job_id or context.state.job.job_id
    context.state.exchanges = [
        context.state.client.send(method, path.format(job_id=job_id, rows=10))
        for method, path in (("GET", paths.metadata), ("GET", paths.waterfall), ("DELETE", paths.job))
    ]


@when("another site asks whether it may make and end jobs")
def another_site_asks(context: Context) -> None:
    paths, job_id = context.state.settings.paths, context.state.job.job_id
    wanted = ((paths.configure, "POST"), (paths.job.format(job_id=job_id), "DELETE"))
    context.state.exchanges = [
        context.state.client.send(
            "OPTIONS", path, headers={**OF_ANOTHER_SITE, "Access-Control-Request-Method": method, **ASKED_FOR}
        )
        for path, method in wanted
    ]


@when("everything is asked of the server that it can answer, by valid and by invalid requests")
def everything_is_asked(context: Context) -> None:
    paths, send = context.state.settings.paths, context.state.client.send
    for path in (paths.health, paths.channels, paths.sensors, paths.live_metadata):
        send("GET", path)
    for path in (paths.metadata, paths.waterfall):
        send("GET", path.format(job_id=context.state.job.job_id, rows=10))
    for what, body in MALFORMED_BODIES.items():
        send_malformed(context.state.session, what)
        send("POST", paths.recordings, raw=body().content, headers=body().headers)
    for mistake in INVALID_REQUESTS.values():
        mistake(context.state.session)


def expect_no_other_site_let_in(context: Context) -> None:
    exposure.expect_no_other_site_let_in(context.state.exchanges)


def expect_no_active_content(context: Context) -> None:
    exposure.expect_no_active_content(context.state.client.exchanges)


def expect_no_failure(context: Context) -> None:
    failures = [one for one in context.state.client.exchanges if one.status is None or one.status >= 500]
    require("no failure of the server", [str(exchange)[:300] for exchange in failures])


def expect_nothing_secret(context: Context) -> None:
    secrets = [secret for secret in redact.credentials if not is_ordinary(secret)]
    context.state.skip_unless(secrets, "there is no password or token that can be told from an ordinary word")
    address = context.state.stores.namespace.address
    exposure.expect_nothing_secret(context.state.client.exchanges, context.state.settings, secrets, address)


HARMS = {
    "lets another site in": expect_no_other_site_let_in,
    "is run by a browser": expect_no_active_content,
    "is a failure of the server": expect_no_failure,
    "shows a password, an address of a store or the server's inside": expect_nothing_secret,
}
register_type(Harm=choice("What no answer may do: `lets another site in`.", HARMS))


@then("no answer {expect_none:Harm}")
def no_answer_does_harm(context: Context, expect_none: Callable[[Context], None]) -> None:
    expect_none(context)

"""What is sent with harm in mind, and what must not be given away."""

from behave import then, when

from redaction import is_ordinary, redact
from steps.scenario_state import Context
from support.checks import exposure, health
from support.core.errors import require
from support.fuzzing.invalid_requests import INVALID_REQUESTS, send_malformed
from support.fuzzing.malformed_bodies import MALFORMED_BODIES

# What a browser says of a page that is not the server's own, and asks before it sends JSON for one.
OF_ANOTHER_SITE = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
ASKED_FOR = {"Access-Control-Request-Headers": "content-type"}


@when("metadata, rows and the end of {job_id:JobId} are asked for")
def everything_of_a_job(context: Context, job_id: str | None) -> None:
    paths, job_id = context.state.settings.paths, job_id or context.state.job.job_id
    context.state.exchanges = [
        context.state.client.send(method, path.format(job_id=job_id, rows=10))
        for method, path in (("GET", paths.metadata), ("GET", paths.waterfall), ("DELETE", paths.job))
    ]


@when("{what} is sent by a page of another site")
def sent_by_another_site(context: Context, what: str) -> None:
    context.state.exchanges = [send_malformed(context.state.session, what, OF_ANOTHER_SITE)]


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


@then("no answer lets another site in")
def no_answer_lets_another_site_in(context: Context) -> None:
    exposure.expect_no_other_site_let_in(context.state.exchanges)


@then("no browser would run what is answered")
def no_browser_would_run_it(context: Context) -> None:
    exposure.expect_no_active_content(context.state.client.exchanges)


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


@then("no answer is a failure of the server")
def no_answer_is_a_failure(context: Context) -> None:
    failures = [one for one in context.state.client.exchanges if one.status is None or one.status >= 500]
    require("no failure of the server", [str(exchange)[:300] for exchange in failures])


@then("every answer carries the headers that protect its reader")
def every_answer_carries_the_headers(context: Context) -> None:
    for exchange in context.state.client.exchanges:
        health.expect_protective_headers(exchange, context.state.settings.answers.headers)


@then("no answer shows a password, an address of a store or the server's inside")
def no_answer_gives_away(context: Context) -> None:
    secrets = [secret for secret in redact.credentials if not is_ordinary(secret)]
    context.state.skip_unless(secrets, "there is no password or token that can be told from an ordinary word")
    address = context.state.stores.namespace.address
    exposure.expect_nothing_secret(context.state.client.exchanges, context.state.settings, secrets, address)

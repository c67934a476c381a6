"""The health check, and how confidentially it is answered."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from behave import then, when

from steps.scenario_state import Context
from support.api.exchange import Exchange
from support.checks import health
from support.contract.configuration import generate_config_payload, generate_task_id
from support.faults import gateway
from support.profile.settings import Answers

QUESTIONS_WHILE_BUSY = 20


@when("the jobs are requested by {workers:d} clients while {clients:d} others ask for the health of the server")
def jobs_while_others_ask(context: Context, workers: int, clients: int) -> None:
    questions = [("GET", context.state.settings.paths.health)] * (clients * QUESTIONS_WHILE_BUSY)
    with ThreadPoolExecutor(max_workers=1) as pool:
        asking = pool.submit(context.state.client.send_at_once, questions, clients)
        context.state.attempts = context.state.client.request_jobs(context.state.configurations, workers)
        context.state.exchanges = asking.result()


@then("the server says that it is healthy")
def the_server_is_healthy(context: Context) -> None:
    health.expect_healthy(context.state.exchanges, context.state.settings.answers)


@then("every answer carries {expect:Header}")
def every_answer_carries(context: Context, expect: Callable[[Exchange, Answers], None]) -> None:
    for exchange in context.state.client.exchanges:
        expect(exchange, context.state.settings.answers)


@then("it speaks TLS 1.2 or newer, and nothing older")
def it_speaks_new_tls(context: Context) -> None:
    server = context.state.settings.focus_server
    context.state.skip_unless(gateway.possible(server), "a proxy leads to the server, and TLS ends there")
    health.expect_new_tls(server.base_url, server.ca_file, server.request_timeout_s)


@when("a client that does not know its authority asks for the health of the server")
def a_client_asks_that_does_not_know_its_authority(context: Context) -> None:
    own_authority = context.state.settings.focus_server.ca_file
    context.state.skip_unless(own_authority, "its authority is known to everybody (focus_server.ca_file is not set)")
    context.state.failure = context.state.client.failure_of(lambda client: client.acknowledge(), ca_file=None)


@when("every call of the server is made without TLS")
def every_call_is_made_in_the_clear(context: Context) -> None:
    server, paths, job_id = context.state.settings.focus_server, context.state.settings.paths, context.state.job.job_id
    now = int(datetime.now(UTC).timestamp())
    calls: list[tuple[str, str, Mapping[str, Any] | None]] = [
        *(("GET", path, None) for path in (paths.health, paths.channels, paths.sensors, paths.live_metadata)),
        ("POST", paths.recordings, {"start_time": now - 60, "end_time": now}),
        *(
            ("POST", path, context.state.client.mark(generate_config_payload())[0])
            for path in (paths.configure, paths.configure_by_task.format(task_id=generate_task_id("acceptance")))
        ),
        ("GET", paths.metadata.format(job_id=job_id), None),
        ("GET", paths.waterfall.format(job_id=job_id, rows=10), None),
        ("DELETE", paths.job.format(job_id=job_id), None),
    ]
    context.state.plaintext_responses = {
        f"{method} {path}": health.ask_in_plaintext(server.base_url, path, server.request_timeout_s, method, body)
        for method, path, body in calls
    }


@then("nothing is answered in the clear")
def nothing_is_answered_in_the_clear(context: Context) -> None:
    health.expect_no_plaintext_response(context.state.plaintext_responses, context.state.settings.answers)

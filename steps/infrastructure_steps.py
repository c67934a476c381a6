"""The health of what the product stands on."""

from datetime import timedelta

from behave import given, then

from steps.scenario_state import Context
from support.checks import access


@then("MongoDB answers, and gives back what is written until it is removed")
def mongodb_is_healthy(context: Context) -> None:
    context.state.stores.database.check_health()
    recorder = context.state.session.recorder
    start = recorder.free_time()
    recording = recorder.put(start, start + timedelta(seconds=10), deleted=True)
    written = recorder.stored(recording)
    problems = recorder.take_away()
    access.expect_written_and_removed(recording.document(), written, recorder.stored(recording), problems)


@then("Kubernetes answers")
def kubernetes_answers(context: Context) -> None:
    context.state.stores.namespace.check_health()


@then("all its pods are healthy")
def all_its_pods_are_healthy(context: Context) -> None:
    context.state.session.promises.expect_healthy_pods(context.state.job)


@then("RabbitMQ answers")
def the_broker_is_healthy(context: Context) -> None:
    context.state.stores.broker.check_health()


@then("MongoDB is reached with its credentials")
def the_record_store_is_reached(context: Context) -> None:
    access.expect_access(context.state.settings.mongodb)


@given("a MongoDB that is kept under a password")
def a_record_store_under_a_password(context: Context) -> None:
    context.state.skip_unless(access.has_password(context.state.settings.mongodb), "mongodb.uri has no password")


@then("MongoDB is not reached with {credentials}")
def the_record_store_is_not_reached(context: Context, credentials: str) -> None:
    access.expect_no_access_with(credentials, context.state.settings.mongodb)


@then("the record of the job is read with the server's own credentials")
def the_record_is_read_with_the_servers_own(context: Context) -> None:
    context.state.skip_unless(context.state.settings.mongodb.server_uri, "mongodb.server_uri is not set")
    access.expect_record_read_by_server(context.state.job, context.state.settings.mongodb)


@then("{quick:d} of {count:d} queries of MongoDB are answered within the promised time")
def mongodb_answers_quickly(context: Context, quick: int, count: int) -> None:
    limit_s = context.state.settings.time_limits.record_store_answers_s
    answers_s = access.query_times_s(context.state.stores, context.state.job, count)
    context.state.session.timing.chart("how long each answer took", answers_s, "record_store_answers_s")
    access.expect_quick_answers(answers_s, quick, limit_s)


@given("the servers that the product runs on")
def the_machines(context: Context) -> None:
    context.state.skip_unless(context.state.settings.ssh.hosts, "ssh.hosts is not set")


@then("the operator can log in to each of them and run a harmless command")
def the_operator_can_log_in(context: Context) -> None:
    access.expect_login_to_machines(context.state.settings.ssh)

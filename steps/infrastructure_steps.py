"""The health of what the product stands on."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from behave import given, register_type, then

from steps.scenario_state import Context
from steps.words import choice
from support.checks import access
from support.profile.settings import MongoDB, Settings

FACILITIES: dict[str, tuple[Callable[[Settings], object], str]] = {
    "the server is reached over TLS": (
        lambda settings: settings.focus_server.base_url.startswith("https://"),
        "focus_server.base_url is no https address",
    ),
    "MongoDB is kept under a password": (
        lambda settings: access.has_password(settings.mongodb),
        "mongodb.uri has no password",
    ),
    "the product runs on servers with SSH": (lambda settings: settings.ssh.hosts, "ssh.hosts is not set"),
}
MONGODB_ACCESS: dict[str, Callable[[MongoDB], None]] = {
    "open to a client with its credentials": access.expect_access,
    "closed to a client with no credentials": partial(access.expect_no_access_with, "no credentials"),
    "closed to a client with a wrong password": partial(access.expect_no_access_with, "a wrong password"),
}
register_type(
    Facility=choice("What only some environments have; without it the scenario is skipped.", FACILITIES),
    MongoDBAccess=choice("To whom MongoDB is open: `closed to a client with a wrong password`.", MONGODB_ACCESS),
)


@given("an environment in which {facility:Facility}")
def an_environment_in_which(context: Context, facility: tuple[Callable[[Settings], object], str]) -> None:
    is_there, otherwise = facility
    context.state.skip_unless(is_there(context.state.settings), otherwise)


@then("{dependency:Dependency} answers")
def it_answers(context: Context, dependency: str) -> None:
    stores = context.state.stores
    check_health: dict[str, Callable[[], object]] = {
        "MongoDB": stores.database.check_health,
        "RabbitMQ": stores.broker.check_health,
        "Kubernetes": stores.namespace.check_health,
    }
    check_health[dependency]()


@then("MongoDB gives back what is written until it is removed")
def mongodb_gives_back_what_is_written(context: Context) -> None:
    recorder = context.state.session.recorder
    start = recorder.free_time()
    recording = recorder.put(start, start + timedelta(seconds=10), deleted=True)
    written = recorder.stored(recording)
    problems = recorder.take_away()
    access.expect_written_and_removed(recording.document(), written, recorder.stored(recording), problems)


@then("MongoDB is {expect:MongoDBAccess}")
def mongodb_is_open_or_closed(context: Context, expect: Callable[[MongoDB], None]) -> None:
    expect(context.state.settings.mongodb)


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


@then("the operator can log in to each of them and run a harmless command")
def the_operator_can_log_in(context: Context) -> None:
    access.expect_login_to_machines(context.state.settings.ssh)

"""What MongoDB holds, and how it is found there."""

from behave import given, register_type, then, when

from steps.scenario_state import Context
from steps.words import choice, named
from support.checks import discovery, record_store


@then("MongoDB keeps jobs in one place and recordings in another")
def they_are_kept_apart(context: Context) -> None:
    record_store.expect_kept_apart(context.state.stores.database, context.state.settings, context.state.job.job_id)


register_type(Kept=choice("What MongoDB keeps: `recordings`.", named("jobs", "recordings")))


@then("MongoDB finds {what:Kept} quickly by")
def they_are_found_quickly(context: Context, what: str) -> None:
    wanted = [(what, row["by"], row["unique"] == "yes") for row in context.table]
    record_store.expect_indexes(context.state.stores.database, context.state.settings.mongodb, wanted)


@when("the same recording is put once more")
def the_same_recording_once_more(context: Context) -> None:
    context.state.put_again = context.state.session.recorder.put_again(context.state.recordings[0])


@then("MongoDB refuses it")
def mongodb_refuses_it(context: Context) -> None:
    record_store.expect_not_taken(context.state.put_again)


@given("the product has made recordings")
def the_product_has_made_recordings(context: Context) -> None:
    context.state.documents = context.state.stores.recordings.latest()
    context.state.skip_unless(context.state.documents, "there are no recordings here yet")


@then("each of them has an identity and a beginning, an end unless it is under way, and says whether it was deleted")
def each_recording_is_complete(context: Context) -> None:
    record_store.expect_complete_recordings(context.state.documents)


@then("each that has ended is listed as history, and each that is under way is not")
def each_is_history_or_live(context: Context) -> None:
    record_store.expect_complete_recordings(context.state.documents)
    ended = record_store.ended(context.state.documents)
    context.state.ask_for_recordings(*record_store.span_of(context.state.documents))
    discovery.expect_recordings(context.state.exchange, ended)


@then("the record of the job has these fields and no others")
def the_record_has_these_fields(context: Context) -> None:
    named = {"client_task_id": context.state.settings.naming.client_task_id}
    schema = {named.get(row["field"], row["field"]): row["kind"] for row in context.table}
    record_store.expect_schema(context.state.stores.records.of_job(context.state.job.job_id), schema)


@then("answer, record and metadata tell the same time, within the time of the request")
def they_tell_the_same_time(context: Context) -> None:
    context.state.session.promises.expect_complete_record(context.state.job)
    told = context.state.client.get(context.state.settings.paths.metadata.format(job_id=context.state.job.job_id))
    record_store.expect_same_time(context.state.job, told)

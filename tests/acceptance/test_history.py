"""The history of the stores, on the sandbox: nothing that comes and goes is lost, however late it comes."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pika
import pytest
from bson.objectid import ObjectId
from kubernetes import client, config
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from support.observers.history import History
from support.observers.kubernetes_api import JOBS
from support.observers.rabbitmq import OUR_QUEUES
from support.profile.profile import read_profile

ROUNDS = range(20)  # A reader that does not wait may be quick enough once.
LABEL = "focus-server/job-id"


@pytest.fixture
def settings(endpoints_file):
    return read_profile(str(endpoints_file)).settings()


@pytest.fixture
def history(settings, stores):
    history = History.of(settings, stores)
    assert history.missing == {}
    yield history
    history.close()


@contextmanager
def records(settings):
    with MongoClient(settings.mongodb.uri.get_secret_value()) as client:
        yield client[settings.mongodb.database]


@contextmanager
def channel(settings):
    connection = pika.BlockingConnection(pika.URLParameters(settings.rabbitmq.url.get_secret_value()))
    yield connection.channel()
    connection.close()


def look(stores):
    """The closing look at Kubernetes, up to which its history must be read."""
    stores.analyzers.jobs(), stores.analyzers.pods(), stores.analyzers.services()


def told(history, *kinds):
    return [(one.event, one.kind, one.effect.name) for one in history.read() if one.kind in kinds]


def test_a_record_right_before_the_closing_look_is_not_lost(settings, history):
    with records(settings) as database:
        for number in ROUNDS:
            made = database.tasks.insert_one({"task_id": f"job_{number}"}).inserted_id
            database.tasks.delete_one({"_id": made})
            expected = [(event, "task record", f"job_{number}") for event in ("came", "went")]
            assert told(history, "task record") == expected


def test_a_document_of_any_other_collection_is_told_and_so_is_the_collection(settings, history):
    with records(settings) as database:
        made = database.create_collection("notes").insert_one({}).inserted_id
        database.notes.delete_one({"_id": made})
        database.notes.create_index("of_no_interest")
        database.notes.drop()
    kind, collection = "document of the collection notes", "collection"
    assert [(one.event, one.kind) for one in history.read()] == [
        ("came", collection),
        ("came", kind),
        ("went", kind),
        ("went", collection),
    ]


def test_an_empty_collection_right_before_the_closing_look_is_not_lost(settings, history):
    with records(settings) as database:
        for number in ROUNDS:
            database.create_collection(f"notes_{number}").drop()
            expected = [(event, "collection", f"notes_{number}") for event in ("came", "went")]
            assert told(history, "collection") == expected


@pytest.mark.parametrize("code", [9, 40415])
def test_a_mongodb_that_cannot_tell_of_collections_tells_all_else(settings, stores, monkeypatch, code):
    database = stores.database._database
    command, refused = database.command, []

    def of_before(name, *values, **options):
        if any("showExpandedEvents" in stage["$changeStream"] for stage in options.get("pipeline", ())):
            refused.append(name)
            raise OperationFailure("BSON field '$changeStream.showExpandedEvents' is an unknown field.", code)
        return command(name, *values, **options)

    monkeypatch.setattr(database, "command", of_before)
    history = History.of(settings, stores)
    with records(settings) as client:
        client.notes.delete_one({"_id": client.create_collection("notes").insert_one({}).inserted_id})
        client.notes.drop()
    assert [one.event for one in history.read()] == ["came", "went", "went"]
    assert (history.missing, refused) == ({}, ["aggregate"])
    history.close()


def test_a_recording_is_told_unless_the_suite_has_put_it(settings, stores, history):
    of_ours, start = ObjectId(), datetime.now(UTC)
    stores.own_documents.add(str(of_ours))
    with records(settings) as database:
        for document in ({"_id": of_ours}, {"_id": "theirs", "start_time": start}, {"_id": "odd"}):
            database.recordings.insert_one({"uuid": f"of {document['_id']}", **document})
            database.recordings.delete_one({"_id": document["_id"]})
    assert [(one.event, one.kind, one.effect.name) for one in history.read()] == [
        ("came", "recording", "theirs"),
        ("went", "recording", "theirs"),
        ("came", "document of the collection recordings", "odd"),
        ("went", "recording", "odd"),  # All that is told then is its identity.
    ]


def test_more_changes_than_are_read_at_once_are_all_told(settings, history):
    with records(settings) as database:
        database.tasks.insert_many([{"task_id": f"job_{number}"} for number in range(2001)])
        database.tasks.delete_many({})
        assert len(told(history, "task record")) == 4002


def test_a_queue_with_its_consumer_right_before_the_closing_look_is_not_lost(settings, history):
    with channel(settings) as broker:
        for number in ROUNDS:
            name = f"grpc-job-job_{number}"
            broker.queue_declare(name)
            broker.basic_cancel(broker.basic_consume(name, print, consumer_tag="c"))
            broker.queue_delete(name)
            found = told(history, "work queue", "queue consumer")
            assert [one[:2] for one in found] == [
                ("came", "work queue"),
                ("came", "queue consumer"),
                ("went", "queue consumer"),
                ("went", "work queue"),
            ]
            assert {one[2] for one in found} == {name, f"consumer c of {name}"}


def test_an_exchange_with_a_binding_is_told(settings, history):
    with channel(settings) as broker:
        broker.exchange_declare("passing")
        queue = broker.queue_declare("", exclusive=True).method.queue
        broker.queue_bind(queue, "passing", "key")
        broker.exchange_delete("passing")
    both = [("exchange", "passing"), ("binding", f"passing -> {queue} (key)")]
    assert sorted(told(history, "exchange", "binding")) == sorted(
        (event, *one) for one in both for event in ("came", "went")
    )


@pytest.fixture
def make_job(settings):
    namespace = settings.kubernetes.namespace
    batch = client.BatchV1Api(config.new_client_from_config(str(settings.kubernetes.kubeconfig)))
    return lambda name: batch.create_namespaced_job(namespace, job_called(name))


def job_called(name):
    container = {"name": "analyzer", "image": "baby-analyzer:latest"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    metadata = {"name": name, "labels": {LABEL: name}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}


def test_a_job_of_kubernetes_right_before_the_closing_look_is_not_lost(stores, history, make_job):
    for number in ROUNDS:
        make_job(f"passing-{number}")
        stores.namespace.change("DELETE", JOBS, f"passing-{number}", {"propagationPolicy": "Background"})
        look(stores)
        found = told(history, "analyzer")
        assert (found[0], found[-1]) == tuple((event, "analyzer", f"passing-{number}") for event in ("came", "went"))


def test_an_object_that_a_server_could_leak_is_not_lost(stores, history):
    path, kind = "/api/v1/namespaces/{namespace}/secrets", "object of Kubernetes (secrets)"
    for number in ROUNDS:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"passing-{number}"}}
        stores.namespace.create(path, secret)
        stores.namespace.remove(path, f"passing-{number}", {})
        stores.surroundings.look()
        assert told(history, kind) == [(event, kind, f"passing-{number}") for event in ("came", "went")]


def test_a_watch_that_is_cut_goes_on_where_it_was(stores, history, make_job):
    (watches,) = (source for source in history._read if hasattr(source, "_watches"))
    for watch in watches._watches:
        watch._stream.end()
    make_job("cut")
    stores.namespace.change("DELETE", JOBS, "cut", {"propagationPolicy": "Background"})
    look(stores)
    found = told(history, "analyzer")
    assert (found[0], found[-1]) == (("came", "analyzer", "cut"), ("went", "analyzer", "cut"))
    assert history.take_gaps() == []


def test_the_last_reading_waits_for_an_api_that_sends_no_bookmarks(stores, history, make_job):
    (watches,) = (source for source in history._read if hasattr(source, "_watches"))
    watches.is_prompt = False
    make_job("last")
    stores.namespace.change("DELETE", JOBS, "last", {"propagationPolicy": "Background"})
    found = [one.event for one in history.read(is_last=True) if one.effect.name == "last"]
    assert (found[0], found[-1]) == ("came", "went")


def test_an_api_that_sends_no_bookmarks_is_not_waited_for_again(stores, history, monkeypatch):
    (watches,) = (source for source in history._read if hasattr(source, "_watches"))
    monkeypatch.setattr(stores.namespace, "version", lambda path: 10**12)
    assert watches.is_prompt
    history.read()
    assert not watches.is_prompt


def test_what_is_missed_while_the_connection_to_the_broker_is_cut_is_told_as_a_gap(settings, stores, history):
    (events,) = (source for source in history._read if hasattr(source, "_listening"))
    events._listening.connection.close()
    with channel(settings) as broker:
        broker.queue_declare("missed", exclusive=True)
    assert told(history, "work queue") == []
    (gap,) = history.take_gaps()
    assert "RabbitMQ" in gap
    with channel(settings) as broker:
        broker.queue_declare("heard", exclusive=True)
    assert told(history, "work queue")[0] == ("came", "work queue", "heard")


def test_the_queues_of_the_suite_itself_are_no_effects(settings, stores):
    with channel(settings) as broker:
        broker.queue_declare(f"{OUR_QUEUES}1", exclusive=True)
        broker.queue_declare("theirs", exclusive=True)
        assert stores.queues.names() == ["theirs"]


def test_where_a_store_tells_nothing_that_is_said_and_the_others_are_read(settings, stores):
    # The tenant's own virtual host has no such exchange, as that of a broker without the plugin.
    tenant = settings.rabbitmq.url.get_secret_value().rpartition("/")[2]
    rabbitmq = settings.rabbitmq.model_copy(update={"event_virtual_host": tenant})
    history = History.of(settings.model_copy(update={"rabbitmq": rabbitmq}), stores)
    try:
        assert "no exchange amq.rabbitmq.event in the virtual host" in history.missing["RabbitMQ"]
        assert list(history.missing) == ["RabbitMQ"]
        assert history.description().startswith("told by MongoDB and Kubernetes; RabbitMQ is only looked at: ")
    finally:
        history.close()


def test_a_closed_history_leaves_no_thread(settings, stores):
    before = set(threading.enumerate())
    History.of(settings, stores).close()
    assert [thread for thread in set(threading.enumerate()) - before if "watch" in thread.name] == []

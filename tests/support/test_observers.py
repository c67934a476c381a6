"""What the observers say of real stores, held against what was put there past them."""

import json
import socket
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pika
import pytest
import requests
import yaml
from pymongo import MongoClient
from stand_ins import settings

from support.core.errors import EnvironmentBroken
from support.core.eventually import WaitPolicy
from support.faults import gateway, store_writes
from support.observers.kubernetes import Analyzer, Analyzers
from support.observers.kubernetes_api import JOBS, OWN_QUOTA, Namespace
from support.observers.mongodb import Database, TaskRecords
from support.observers.rabbitmq import Broker, QueueState, WorkQueues
from support.observers.stores import Stores
from support.profile.settings import Settings

T, HOUR = datetime(2000, 1, 1, tzinfo=UTC), timedelta(hours=1)


@pytest.fixture(scope="module")
def stores(sandbox_endpoints):
    with closing(Stores.connect(Settings.model_validate(sandbox_endpoints))) as stores:
        yield stores


@pytest.fixture(scope="module")
def database(sandbox_endpoints):
    where = sandbox_endpoints["mongodb"]
    with closing(MongoClient(where["uri"])) as client:
        yield client[where["database"]]


@pytest.fixture
def name():
    """Of nothing else, since the stores are shared."""
    return f"job_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def records(stores, database, name):
    """A collection with two records of one job and one of another."""
    ours = [{"task_id": name, "status": status, "config": {"of": name, "n": 1}} for status in ("configured", "error")]
    collection = database[f"tasks_{name}"]
    collection.insert_many([*ours, {"task_id": f"other_{name}", "status": "cancelled", "config": {"of": name, "n": 2}}])
    yield TaskRecords(stores.database.collection(collection.name)), ours
    collection.drop()


def test_records_of_a_job_are_all_of_it_and_no_others(records, name):
    observed, ours = records
    assert observed.of_job(name) == ours
    assert [record["config"] for record in observed.of_job(f"other_{name}")] == [{"of": name, "n": 2}]
    assert observed.of_job("nobody") == []
    assert [record["task_id"] for record in observed.all()] == [name, name, f"other_{name}"]
    assert observed.job_ids_not_in("cancelled") == {name}
    assert observed.job_ids_carrying({"of": name, "n": 2}) == {f"other_{name}"}
    assert observed.job_ids_carrying({"of": name, "n": 3}) == set()


def test_recordings_are_those_that_touch_a_time(stores, database):
    recording = {"uuid": str(uuid.uuid4()), "start_time": T, "end_time": T + HOUR, "deleted": True}
    collection = database["recordings"]
    collection.insert_one(recording)
    try:
        for start, end, there in (
            (T - HOUR, T, True),
            (T + HOUR, T + 2 * HOUR, True),
            (T - 2 * HOUR, T - HOUR, False),
            (T + 2 * HOUR, T + 3 * HOUR, False),
        ):
            assert (recording in stores.recordings.between(start, end)) is there
    finally:
        collection.delete_one({"uuid": recording["uuid"]})


@pytest.fixture
def channel(sandbox_endpoints, name):
    with closing(pika.BlockingConnection(pika.URLParameters(sandbox_endpoints["rabbitmq"]["url"]))) as connection:
        channel = connection.channel()
        channel.queue_declare(name)
        yield channel
        channel.queue_delete(name)


def test_a_queue_is_told_as_it_is(stores, channel, name):
    queues = stores.queues
    assert queues.state_of(f"no_{name}") is None
    assert queues.state_of(name) == QueueState(name, 0, 0)
    assert name in queues.names()
    assert f"no_{name}" not in queues.names()
    stores.broker.publish(name, b"one")
    assert queues.state_of(name) == QueueState(name, 1, 0)
    for count in (1, 2):
        channel.basic_consume(name, lambda *_: None)
        assert queues.state_of(name) == QueueState(name, 0, count)


def test_a_connection_that_was_cut_is_made_anew(stores, channel, name):
    assert stores.queues.state_of(name) == QueueState(name, 0, 0)
    stores.broker._link.connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)
    channel.basic_publish("", name, b"one")
    assert stores.queues.state_of(name) == QueueState(name, 1, 0)


def test_what_was_taken_is_consumed_when_it_was_acknowledged(stores, channel, name, wait_for):
    tags = []
    channel.basic_consume(name, lambda channel, method, *_: tags.append(method.delivery_tag))
    stores.broker.publish(name, b"one")
    stores.broker.publish(name, b"two")
    while len(tags) < 2:
        channel.connection.process_data_events(time_limit=1)
    assert stores.queues.state_of(name).ready == 0
    assert stores.queues.consumed(name) == 0
    channel.basic_ack(tags[0])
    channel.connection.process_data_events()
    wait_for(lambda: stores.queues.consumed(name) == 1)


@pytest.fixture
def make_analyzer(sandbox_endpoints):
    """Makes an analyzer's Job; a `gated` one's pod stays Pending."""
    where = sandbox_endpoints["kubernetes"]
    kubeconfig = yaml.safe_load(Path(where["kubeconfig"]).read_text())
    (token,) = {user["user"]["token"] for user in kubeconfig["users"] if "token" in user["user"]}
    server = kubeconfig["clusters"][0]["cluster"]["server"]
    jobs = f"{server}/apis/batch/v1/namespaces/{where['namespace']}/jobs"
    made = []

    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"

        def make(name, *, gated=False):
            gates = {"schedulingGates": [{"name": "focus.test/never"}]} if gated else {}
            metadata = {"name": name.replace("_", "-"), "labels": {"focus-server/job-id": name}}
            asked = {"name": "FOCUS_CONFIG", "value": json.dumps({"of": name})}
            spec = {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a", "env": [asked]}], **gates}
            template = {"metadata": {"labels": metadata["labels"]}, "spec": spec}
            body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}
            made.append(metadata["name"])
            answer = session.post(jobs, json=body, timeout=5)
            assert answer.status_code == 201, answer.text

        yield make
        for name in made:
            session.delete(f"{jobs}/{name}", json={"propagationPolicy": "Background"}, timeout=5)


def test_an_analyzer_is_told_as_it_is_and_apart_from_others(stores, make_analyzer, name, wait_for):
    analyzers, other = stores.analyzers, f"{name}_2"
    make_analyzer(other, gated=True)
    assert analyzers.of_job(name) == Analyzer()
    make_analyzer(name)

    def phases(job_id):
        return [pod["status"].get("phase") for pod in analyzers.of_job(job_id).pods]

    wait_for(lambda: phases(name) == ["Running"])
    wait_for(lambda: phases(other) != [])
    assert phases(other) == ["Pending"]
    seen = analyzers.of_job(name)
    assert [job["metadata"]["labels"]["focus-server/job-id"] for job in seen.jobs] == [name]
    for everything, one in ((analyzers.jobs(), seen.jobs[0]), (analyzers.pods(), seen.pods[0])):
        assert one["metadata"]["uid"] in {each["metadata"]["uid"] for each in everything.items}
    assert analyzers.job_ids_carrying({"of": name}) == {name}
    store_writes.delete_analyzer(stores, name)
    wait_for(lambda: analyzers.of_job(name) == Analyzer())


NOWHERE_CONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "%s"}}]
users: [{name: me, user: {token: none}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
current-context: here
"""


def test_the_configuration_is_taken_out_of_one_record_and_put_back_as_often_as_it_takes(records, stores, name):
    observed, ours = records
    documents = stores.database.collection(f"tasks_{name}")
    other = f"other_{name}"
    (whole,) = observed.of_job(other)
    store_writes.spoil_record(documents, other)
    (spoilt,) = observed.of_job(other)
    assert "config" not in spoilt
    assert observed.of_job(name) == ours
    for _ in range(2):
        store_writes.mend_record(documents, other)
        assert observed.of_job(other) == [whole]


def test_kubernetes_takes_no_jobs_by_a_quota_until_it_is_taken_away(stores):
    namespace, within = stores.namespace, WaitPolicy(5, 0.05, "a test")
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "refused"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "one", "image": "two"}]}}},
    }
    store_writes.refuse_analyzers(namespace, within)
    try:
        with pytest.raises(EnvironmentBroken, match="exceeded quota: focus-acceptance-takes-no-jobs"):
            namespace.create(JOBS, manifest)
        assert ("object of Kubernetes (resourcequotas)", OWN_QUOTA) not in stores.surroundings.look()
    finally:
        store_writes.accept_analyzers(namespace)
    store_writes.accept_analyzers(namespace)
    namespace.create(JOBS, manifest)
    namespace.change("DELETE", JOBS, "refused", {"propagationPolicy": "Background"})


def test_a_quota_that_kubernetes_does_not_heed_is_told():
    never = SimpleNamespace(create=lambda path, item: None, items=lambda path: [{"metadata": {"name": OWN_QUOTA}}])
    with pytest.raises(EnvironmentBroken, match="does not heed a quota"):
        store_writes.refuse_analyzers(never, WaitPolicy(0.05, 0.01, "a test"))


@pytest.mark.parametrize("part", ["MongoDB", "RabbitMQ", "Kubernetes"])
def test_what_cannot_be_looked_at_is_never_taken_for_empty(tmp_path, part):
    with gateway.unreachable() as nowhere:
        host = nowhere.address.removeprefix("http://")
        broken = settings(rabbitmq={"url": f"amqp://{host}", "management_url": nowhere.address})
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(NOWHERE_CONFIG % nowhere.address)
        if part == "MongoDB":
            records = TaskRecords(Database(f"mongodb://{host}", "focus", 0.6).collection("tasks"))
            looks = [records.all, lambda: records.of_job("job"), lambda: records.job_ids_not_in("cancelled")]
        elif part == "RabbitMQ":
            queues = WorkQueues(Broker(broken.rabbitmq))
            looks = [queues.names, lambda: queues.state_of("queue"), lambda: queues.consumed("queue")]
        else:
            namespace = Namespace(broken.kubernetes.model_copy(update={"kubeconfig": kubeconfig}))
            analyzers = Analyzers(namespace, broken.naming)
            looks = [analyzers.jobs, analyzers.pods, lambda: analyzers.of_job("job")]
        for look in looks:
            with pytest.raises(EnvironmentBroken, match=f"{part} cannot be read"):
                look()

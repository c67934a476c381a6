"""The Focus Server on the stores of the session's sandbox: what its own tests with fakes cannot show."""

import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest
import requests
import yaml
from focus_server_environment import environment
from pymongo import MongoClient

from kubeconfig import Cluster, read_context
from sandbox.focus_server.identity import object_name, queue_name
from sandbox.focus_server.mongodb import Database, MongoTasks
from sandbox.focus_server.ports import JobRecord
from support.observers.stores import Stores
from support.profile.settings import Settings

CHECKOUT = Path(__file__).parents[3]
AT_ONCE = 50
RECORDED = datetime(2025, 1, 1, 12, tzinfo=UTC)
DELETED = datetime(2025, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Server(requests.Session):
    """Requests to a server, by their paths under its base path."""

    def __init__(self, base_url: str, ca: str | bool = True) -> None:
        super().__init__()
        self.base_url, self.verify = base_url, ca
        self.trust_env = False  # or REQUESTS_CA_BUNDLE would be believed instead

    def request(self, method, path, **options):
        return super().request(method, f"{self.base_url}{path}", timeout=60, **options)

    def configure(self, body: dict[str, Any]) -> requests.Response:
        return self.post("/configure", json=body)


@pytest.fixture(scope="module")
def endpoints(leased):
    with leased() as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def stores(endpoints):
    stores = Stores.connect(Settings.model_validate(endpoints))
    yield stores
    stores.close()


@pytest.fixture(scope="module")
def server(endpoints):
    """The tenant's own server."""
    with Server(endpoints["focus_server"]["base_url"], endpoints["focus_server"].get("ca_file", True)) as server:
        yield server


@pytest.fixture
def start_server(endpoints):
    """Starts a server of the test's own on the tenant's stores, with these settings changed."""
    processes = []

    def start(**changes: str) -> Server:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.focus_server"],
            cwd=CHECKOUT,
            env=environment(endpoints, **changes),
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        return Server(address)

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=20)


def job(**changes: Any) -> dict[str, Any]:
    return {
        "displayTimeAxisDuration": 10,
        "nfftSelection": 1024,
        "displayInfo": {"height": 1000},
        "channels": {"min": 1, "max": 50},
        "frequencyRange": {"min": 0, "max": 500},
        "start_time": None,
        "end_time": None,
        "view_type": 0,
    } | changes


def everything(stores: Stores) -> set[str]:
    jobs = {each["metadata"]["name"] for each in stores.analyzers.jobs().items}
    return {record["task_id"] for record in stores.records.all()} | jobs | set(stores.queues.names())


@pytest.mark.parametrize(("start", "status"), [(RECORDED, 200), (RECORDED - 3 * HOUR, 400), (DELETED, 400)])
def test_a_historic_job_needs_a_recording_that_is_not_deleted(endpoints, server, stores, start, status):
    with MongoClient(endpoints["mongodb"]["uri"]) as client:
        recordings = client[endpoints["mongodb"]["database"]]["recordings"]
        for begin, deleted in ((RECORDED, False), (DELETED, True)):
            recording = {"uuid": begin.isoformat(), "start_time": begin, "end_time": begin + HOUR, "deleted": deleted}
            recordings.replace_one({"uuid": recording["uuid"]}, recording, upsert=True)
    before = everything(stores)
    # Half of the window lies before the recording.
    window = {"start_time": int((start - HOUR).timestamp()), "end_time": int((start + HOUR).timestamp())}
    reply = server.configure(job(**window))
    assert reply.status_code == status, reply.text
    assert (everything(stores) == before) == (status == 400)


def test_recordings_are_found_by_their_time(endpoints, server):
    def asked(start: datetime, end: datetime) -> list[list[float]]:
        body = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
        reply = server.post("/recordings_in_time_range", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    begin = datetime(2024, 5, 1, tzinfo=UTC)
    late, early = begin + 2 * HOUR, begin
    with MongoClient(endpoints["mongodb"]["uri"]) as client:
        recordings = client[endpoints["mongodb"]["database"]]["recordings"]
        assert server.get("/live_metadata").status_code == 404
        recordings.insert_many(
            [
                {"uuid": "late", "start_time": late, "end_time": late + HOUR, "deleted": False},
                {"uuid": "early", "start_time": early, "end_time": early + HOUR / 7, "deleted": False},
                {"uuid": "gone", "start_time": early, "end_time": early + HOUR, "deleted": True},
                {"uuid": "open", "start_time": early, "end_time": None, "deleted": False},
                {"uuid": "open and gone", "start_time": late + 9 * HOUR, "end_time": None, "deleted": True},
                {"uuid": "open later", "start_time": late + HOUR, "deleted": False},
            ]
        )
        try:
            spans = [[early.timestamp(), 1714522114.285], [late.timestamp(), (late + HOUR).timestamp()]]
            assert asked(early - HOUR, late + 9 * HOUR) == spans
            assert asked(early + HOUR / 60, late + HOUR / 60) == spans
            # Touching is no overlap.
            assert asked(early + HOUR, late) == asked(late + HOUR, late + 9 * HOUR) == asked(early - HOUR, early) == []
            live = server.get("/live_metadata").json()
            assert live == {"sampling_rate": 2000, "sensors": 2222, "started_at": "2024-05-01T03:00:00.000Z"}
            # What is under way is not yet there to be played back.
            window = {"start_time": int((late + 2 * HOUR).timestamp()), "end_time": int((late + 3 * HOUR).timestamp())}
            assert server.configure(job(**window)).status_code == 400
        finally:
            recordings.delete_many({"start_time": {"$gte": begin, "$lt": begin + 24 * HOUR}})


def test_a_record_keeps_the_clients_task_id_where_there_is_one(server, stores):
    task_id = "own_20250601115959_0a1b2c3d"
    by_id = server.post(f"/configure/{task_id}", json=job()).json()
    (record,) = stores.records.of_job(by_id["job_id"])
    assert (record["client_task_id"], by_id["task_id"]) == (task_id, task_id)
    assert server.get(f"/metadata/{by_id['job_id']}").json()["task_id"] == task_id
    (record,) = stores.records.of_job(server.configure(job()).json()["job_id"])
    assert set(record) - {"_id"} == {"task_id", "config", "status", "created_at", "user"}


async def test_records_that_a_start_looks_at_and_those_that_may_be_removed(endpoints):
    database = Database(endpoints["mongodb"]["server_uri"], endpoints["mongodb"]["database"], limit_s=10)
    tasks = MongoTasks(database)
    early, late, ended = (
        JobRecord(f"job_{name}", job(), status, RECORDED + number * HOUR, "automation")
        for number, (name, status) in enumerate(
            [("000000e1", "configured"), ("000000e3", "configured"), ("000000e2", "cancelled")]
        )
    )
    try:
        for record in (early, late, ended):
            await tasks.insert(record)
        assert await tasks.configured_before(RECORDED + HOUR) == [early]
        asked = {"job_000000e1", "job_000000e2", "job_ffffffff"}
        assert await tasks.statuses(asked) == {"job_000000e1": "configured", "job_000000e2": "cancelled"}
        for record in (early, late, ended):
            await tasks.remove(record.job_id)
        assert [await tasks.find(record.job_id) for record in (early, late, ended)] == [None, None, ended]
    finally:
        async with database.collection("tasks") as collection:
            await collection.delete_many({"task_id": ended.job_id})
        await database.aclose()


def test_jobs_asked_for_at_once_are_all_whole(server, stores):
    start = threading.Barrier(AT_ONCE)

    def ask(number: int) -> requests.Response:
        start.wait(60)
        with Server(server.base_url, server.verify) as own:
            return own.configure(job(displayTimeAxisDuration=number))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(ask, range(1, AT_ONCE + 1)))
    assert {reply.status_code for reply in replies} == {200}
    ids = [reply.json()["job_id"] for reply in replies]
    assert len(set(ids)) == AT_ONCE
    labels = [each["metadata"]["labels"]["focus-server/job-id"] for each in stores.analyzers.jobs().items]
    for number, job_id in enumerate(ids, start=1):
        (record,) = stores.records.of_job(job_id)
        assert record["config"] == job(displayTimeAxisDuration=number)
        assert labels.count(job_id) == 1
        assert stores.queues.state_of(f"grpc-job-{job_id}").consumers == 1


def test_a_waterfall_is_over_when_the_analyzer_has_exited(endpoints, server):
    small = job(nfftSelection=128, channels={"min": 1, "max": 2}, frequencyRange={"min": 0, "max": 50})
    removed, finished = job_ids = [server.configure(small).json()["job_id"] for _ in range(2)]
    time.sleep(0.1)  # a row is 0.064 s long
    for job_id in job_ids:
        reply = server.get(f"/waterfall/{job_id}/1")
        assert reply.status_code == 201
        (row,) = reply.json()["rows"]
        assert [(sensor["id"], len(sensor["intensity"])) for sensor in row["sensors"]] == [(1, 4), (2, 4)]
    cluster = Cluster(read_context(endpoints["kubernetes"]["kubeconfig"]), limit_s=5)
    jobs = f"{cluster.server}/apis/batch/v1/namespaces/{endpoints['kubernetes']['namespace']}/jobs"
    with requests.Session() as kubernetes:
        kubernetes.headers.update(cluster.credentials().headers)
        kubernetes.delete(f"{jobs}/{object_name(removed)}", json={"propagationPolicy": "Background"}).raise_for_status()
        complete = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
        headers = {"content-type": "application/merge-patch+json"}
        kubernetes.patch(f"{jobs}/{object_name(finished)}/status", json=complete, headers=headers).raise_for_status()
    for job_id in job_ids:
        reply = server.get(f"/waterfall/{job_id}/1")
        assert (reply.status_code, reply.json()) == (208, {"rows": []})


def test_a_region_of_interest_is_changed_over_the_queue(endpoints, server, stores):
    job_id = server.configure(job(channels={"min": 100, "max": 199})).json()["job_id"]
    answers: list[tuple[str, dict[str, Any]]] = []
    connection = pika.BlockingConnection(pika.URLParameters(endpoints["rabbitmq"]["url"]))
    with connection, connection.channel() as channel:
        channel.basic_consume(
            "amq.rabbitmq.reply-to",
            lambda _, __, properties, body: answers.append((properties.correlation_id, json.loads(body))),
            auto_ack=True,
        )
        messages = [
            json.dumps({"command": "change_roi", "roi": {"start": start, "end": end}})
            for start, end in ((150, 250), (200, 300), (900, 950))
        ]
        for number, message in enumerate([*messages, "no command", messages[1]]):
            properties = pika.BasicProperties(reply_to="amq.rabbitmq.reply-to", correlation_id=str(number))
            channel.basic_publish("", queue_name(job_id), message.encode(), properties)
        deadline = time.monotonic() + 10
        while len(answers) < 4 and time.monotonic() < deadline:
            connection.process_data_events(0.1)
    assert [(number, answer["status"], answer["roi"]["start"]) for number, answer in answers] == [
        ("0", "changed", 150),
        ("1", "changed", 200),
        ("2", "refused", 200),
        ("4", "changed", 200),
    ]
    assert server.get(f"/metadata/{job_id}").json()["roi"] == {"start": 200, "end": 300}
    (record,) = stores.records.of_job(job_id)
    assert record["roi"] == {"start": 200, "end": 300}


@pytest.mark.parametrize("dependency", ["Kubernetes", "RabbitMQ"])
def test_a_dependency_out_of_reach_leaves_nothing(endpoints, stores, start_server, tmp_path, dependency):
    before = everything(stores)
    with socket.socket() as unserved:
        unserved.bind(("127.0.0.1", 0))  # and never listens: who connects is refused
        port = unserved.getsockname()[1]
        if dependency == "RabbitMQ":
            broker = endpoints["rabbitmq"]["url"]
            changes = {"RABBITMQ_URL": broker.replace(f":{urlsplit(broker).port}/", f":{port}/")}
        else:
            kubeconfig = yaml.safe_load(Path(endpoints["kubernetes"]["kubeconfig"]).read_text())
            kubeconfig["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{port}"
            (tmp_path / "wrong").write_text(yaml.safe_dump(kubeconfig))
            changes = {"KUBECONFIG": str(tmp_path / "wrong")}
        reply = start_server(**changes).configure(job())
    assert reply.status_code == 503, reply.text
    assert dependency in reply.json()["detail"]
    assert "job_id" not in reply.text
    assert everything(stores) == before

"""The Focus Server on the stores of the session's sandbox: what its own tests with fakes cannot show."""

import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from pymongo import MongoClient

from support.settings import Settings
from support.stores import Stores

CHECKOUT = Path(__file__).parents[2]
AT_ONCE = 50
RECORDED = datetime(2025, 1, 1, 12, tzinfo=UTC)
DELETED = datetime(2025, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def endpoints(leased):
    with leased() as endpoints:
        yield endpoints


@pytest.fixture(scope="module")
def stores(endpoints):
    stores = Stores.connect(Settings.model_validate(endpoints))
    yield stores
    stores.close()


@pytest.fixture
def start_server(endpoints):
    """Starts a server of the test's own on the tenant's stores, with these settings changed; gives its address."""
    processes = []

    def start(**changes: str) -> str:
        settings = {
            "MONGODB_URI": endpoints["mongodb"]["uri"],
            "MONGODB_DATABASE": endpoints["mongodb"]["database"],
            "RABBITMQ_URL": endpoints["rabbitmq"]["url"],
            "KUBECONFIG": endpoints["kubernetes"]["kubeconfig"],
            "NAMESPACE": endpoints["kubernetes"]["namespace"],
        } | changes
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.focus_server"],
            cwd=CHECKOUT,
            env=os.environ | {f"FOCUS_SERVER_{name}": value for name, value in settings.items()},
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        return address

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


def post(base_url: str, body: dict[str, Any]) -> requests.Response:
    return requests.post(f"{base_url}/configure", json=body, timeout=60)


def everything(stores: Stores) -> set[str]:
    jobs = {each["metadata"]["name"] for each in stores.analyzers.jobs()}
    return {record["task_id"] for record in stores.records.all()} | jobs | set(stores.queues.names())


@pytest.mark.parametrize(("start", "status"), [(RECORDED, 200), (RECORDED - 3 * HOUR, 400), (DELETED, 400)])
def test_a_historic_job_needs_a_recording_that_is_not_deleted(endpoints, stores, start, status):
    with MongoClient(endpoints["mongodb"]["uri"]) as client:
        recordings = client[endpoints["mongodb"]["database"]]["recordings"]
        for begin, deleted in ((RECORDED, False), (DELETED, True)):
            recording = {"uuid": begin.isoformat(), "start_time": begin, "end_time": begin + HOUR, "deleted": deleted}
            recordings.replace_one({"uuid": recording["uuid"]}, recording, upsert=True)
    before = everything(stores)
    # Half of the window lies before the recording.
    window = {"start_time": int((start - HOUR).timestamp()), "end_time": int((start + HOUR).timestamp())}
    reply = post(endpoints["focus_server"]["base_url"], job(**window))
    assert reply.status_code == status, reply.text
    assert (everything(stores) == before) == (status == 400)


def test_recordings_are_found_by_their_time(endpoints):
    def asked(start: datetime, end: datetime) -> list[list[float]]:
        body = {"start_time": int(start.timestamp()), "end_time": int(end.timestamp())}
        reply = requests.post(f"{base_url}/recordings_in_time_range", json=body, timeout=60)
        assert reply.status_code == 200, reply.text
        return reply.json()

    base_url = endpoints["focus_server"]["base_url"]
    begin = datetime(2024, 5, 1, tzinfo=UTC)
    late, early = begin + 2 * HOUR, begin
    with MongoClient(endpoints["mongodb"]["uri"]) as client:
        recordings = client[endpoints["mongodb"]["database"]]["recordings"]
        assert requests.get(f"{base_url}/live_metadata", timeout=60).status_code == 404
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
            live = requests.get(f"{base_url}/live_metadata", timeout=60).json()
            assert live == {"sampling_rate": 2000, "sensors": 2222, "started_at": "2024-05-01T03:00:00.000Z"}
            # What is under way is not yet there to be played back.
            window = {"start_time": int((late + 2 * HOUR).timestamp()), "end_time": int((late + 3 * HOUR).timestamp())}
            assert post(base_url, job(**window)).status_code == 400
        finally:
            recordings.delete_many({"start_time": {"$gte": begin, "$lt": begin + 24 * HOUR}})


def test_a_record_keeps_the_clients_task_id_where_there_is_one(endpoints, stores):
    base_url = endpoints["focus_server"]["base_url"]
    task_id = "own_20250601115959_0a1b2c3d"
    by_id = requests.post(f"{base_url}/configure/{task_id}", json=job(), timeout=60).json()
    (record,) = stores.records.of_job(by_id["job_id"])
    assert (record["client_task_id"], by_id["task_id"]) == (task_id, task_id)
    assert requests.get(f"{base_url}/metadata/{by_id['job_id']}", timeout=60).json()["task_id"] == task_id
    (record,) = stores.records.of_job(post(base_url, job()).json()["job_id"])
    assert set(record) - {"_id"} == {"task_id", "config", "status", "created_at", "user"}


def test_jobs_asked_for_at_once_are_all_whole(endpoints, stores):
    start = threading.Barrier(AT_ONCE)

    def ask(number: int) -> requests.Response:
        start.wait(60)
        return post(endpoints["focus_server"]["base_url"], job(displayTimeAxisDuration=number))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(ask, range(1, AT_ONCE + 1)))
    assert {reply.status_code for reply in replies} == {200}
    ids = [reply.json()["job_id"] for reply in replies]
    assert len(set(ids)) == AT_ONCE
    labels = [each["metadata"]["labels"]["focus-server/job-id"] for each in stores.analyzers.jobs()]
    for number, job_id in enumerate(ids, start=1):
        (record,) = stores.records.of_job(job_id)
        assert record["config"] == job(displayTimeAxisDuration=number)
        assert labels.count(job_id) == 1
        assert stores.queues.state_of(f"grpc-job-{job_id}").consumers == 1


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
        reply = post(start_server(**changes), job())
    assert reply.status_code == 503, reply.text
    assert dependency in reply.json()["detail"]
    assert "job_id" not in reply.text
    assert everything(stores) == before

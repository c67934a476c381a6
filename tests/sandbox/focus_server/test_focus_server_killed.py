"""A server that is killed between two steps, and started again, on the stores of the session's sandbox."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from focus_server_environment import environment
from focus_server_fakes import payload
from pymongo import MongoClient

from sandbox.focus_server.identity import queue_name
from support.observers.stores import Stores
from support.profile.settings import Settings

HERE = Path(__file__)
LIMIT_S = 20
IN_CREATION = [
    "tasks.insert",
    "analyzers.launch",
    "queues.open",
    "fails:queues.open,queues.close",
    "fails:queues.open,analyzers.stop",
    "fails:queues.open,tasks.remove",
]
BEFORE_THE_ANSWER = "answers.configured"
IN_CANCELLING = ["queues.close", "analyzers.stop"]

Seen = tuple[dict[str, str], set[str], dict[str, int]]
"""The status in each record, the job of each analyzer, and how many consumers each queue has."""


class Servers:
    """Servers that are started one after another, each when the one before has been killed."""

    def __init__(self, endpoints: dict[str, Any], points: list[str]) -> None:
        settings = {"RABBITMQ_MANAGEMENT_URL": endpoints["rabbitmq"]["management_url"], "SHARES_STORES": "false"}
        checkout = HERE.parents[3]
        self._process = subprocess.Popen(
            [sys.executable, str(HERE.with_name("dying_server.py")), *points],
            cwd=checkout,
            env=environment(endpoints, **settings) | {"PYTHONPATH": str(checkout)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._await_next()

    def _await_next(self) -> None:
        assert self._process.stdout is not None
        self._server = int(self._process.stdout.readline())
        word, _, self._address = self._process.stdout.readline().strip().partition(" ")
        assert word == "ready"

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self._address}{path}", timeout=LIMIT_S, **options)

    def die_of(self, method: str, path: str, **options: Any) -> None:
        """Send the request that the present one dies of; returns when the next one serves."""
        with pytest.raises(requests.ConnectionError):
            self.ask(method, path, **options)
        self._await_next()

    def kill(self) -> None:
        os.kill(self._server, signal.SIGKILL)
        self._await_next()

    def end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=LIMIT_S)


@pytest.fixture(scope="module")
def endpoints(leased) -> Iterator[dict[str, Any]]:
    with leased() as endpoints:
        yield endpoints


@pytest.fixture
def seen(endpoints) -> Iterator[Callable[[], Seen]]:
    stores = Stores.connect(Settings.model_validate(endpoints))
    with MongoClient(endpoints["mongodb"]["uri"]) as client:
        tasks = client[endpoints["mongodb"]["database"]]["tasks"]

        def look() -> Seen:
            # A queue may be gone between its name and its state: then it is gone.
            queues = [state for state in map(stores.queues.state_of, stores.queues.names()) if state]
            return (
                {record["task_id"]: record["status"] for record in tasks.find()},
                {each["metadata"]["labels"]["focus-server/job-id"] for each in stores.analyzers.jobs().items},
                {state.name: state.consumers for state in queues},
            )

        yield look
    stores.close()


def test_a_job_is_whole_or_absent_wherever_its_server_was_killed(endpoints, seen, wait_for) -> None:
    servers = Servers(endpoints, [*IN_CREATION, BEFORE_THE_ANSWER, *IN_CANCELLING])
    try:
        for _ in IN_CREATION:
            servers.die_of("POST", "/configure", json=payload())
            wait_for(lambda: seen() == ({}, set(), {}))
            servers.kill()
        servers.die_of("POST", "/configure", json=payload())
        for _ in IN_CANCELLING:
            (job_id,) = (job_id for job_id, status in seen()[0].items() if status == "configured")
            wait_for(lambda one=job_id: seen()[1:] == ({one}, {queue_name(one): 1}))
            servers.kill()
            servers.die_of("DELETE", f"/job/{job_id}")
            wait_for(lambda: seen()[1:] == (set(), {}))
            assert servers.ask("GET", f"/metadata/{job_id}").json()["status"] == "cancelled"
            assert servers.ask("POST", "/configure", json=payload()).status_code == 200
    finally:
        servers.end()

"""Make the calls of a recording again, with nothing around them: `python -m bench.bare_script RECORDING TIMES`.

This is the script that somebody would write who wants only the calls: `requests` to the server and the management API,
the drivers of the stores, pauses between. It leases a tenant of the sandbox as the suite does, and writes how long each
scenario took, and how much of all that were pauses. That each request succeeds or is refused as in the recording is
checked, so that it is the same work; nothing else is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pika
import requests
import urllib3
import yaml
from bson import json_util
from bson.int64 import Int64
from pika.exceptions import ChannelClosedByBroker
from pymongo import MongoClient

Call = dict[str, Any]


class Clients:
    """A client for the server and each store."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.management = _without_credentials(told["rabbitmq"]["management_url"])
        self.server, self.managed = requests.Session(), requests.Session()
        self.server.trust_env = self.managed.trust_env = False
        self.server.verify = told["focus_server"]["ca_file"]
        credentials = urlsplit(told["rabbitmq"]["management_url"])
        self.managed.auth = (unquote(credentials.username or ""), unquote(credentials.password or ""))
        self.database = MongoClient[dict[str, Any]](told["mongodb"]["uri"], serverMonitoringMode="poll")
        self.kubernetes = urllib3.PoolManager()
        kubeconfig = yaml.load(Path(told["kubernetes"]["kubeconfig"]).read_text("utf-8"), yaml.CSafeLoader)
        self.api = kubeconfig["clusters"][0]["cluster"]["server"]
        self.token = {
            "Authorization": f"Bearer {kubeconfig['users'][0]['user']['token']}",
            "Accept": "application/json",
        }
        self.broker = pika.BlockingConnection(pika.URLParameters(told["rabbitmq"]["url"]))
        self.questions = self.broker.channel()


class Player:
    """Makes the calls of one scenario after another."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._names: dict[str, str] = {}
        self._cursor = 0  # of the last answer of MongoDB that has more to come; 0 where it was whole
        self._answered_at = 0.0
        self.paused_s = 0.0

    def play(self, calls: list[Call]) -> float:
        """Make the calls of a scenario; how long that took, s."""
        self._names.clear()
        started = self._answered_at = time.monotonic()
        for call in calls:
            getattr(self, f"_{call['to']}")(self._renamed(call))
        return time.monotonic() - started

    def _renamed(self, call: Call) -> Call:
        """The call with the ids of the jobs of this time."""
        if not self._names:
            return call
        text = json.dumps(call)
        for old, new in self._names.items():
            text = text.replace(old, new)
        renamed: Call = json.loads(text)
        return renamed

    def _http(self, call: Call) -> None:
        is_managed = call["url"].startswith(self._clients.management)
        session = self._clients.managed if is_managed else self._clients.server
        body = call["body"].encode("latin-1")
        answer = session.request(
            call["method"], call["url"], data=body or None, headers=call["headers"], allow_redirects=False
        )
        # Rows that are waited for are 200 or 201, by the moment of the question.
        if answer.status_code // 100 != call["status"] // 100:
            raise SystemExit(f"{call['method']} {call['url']}: {answer.status_code} instead of {call['status']}")
        if call["job_id"]:
            old, new = call["job_id"], answer.json()["job_id"]
            self._names |= {old: new, _object_name(old): _object_name(new)}
        if not is_managed:
            self._answered_at = time.monotonic()

    def _mongodb(self, call: Call) -> None:
        command = json_util.loads(call["command"])
        if "getMore" in command:
            if not self._cursor:
                return  # There is less now than when it was recorded.
            command["getMore"] = Int64(self._cursor)
        answer = self._clients.database[call["database"]].command(command)
        self._cursor = answer.get("cursor", {}).get("id", 0)

    def _kubernetes(self, call: Call) -> None:
        address = self._clients.api + call["path"]
        self._clients.kubernetes.request("GET", address, headers=self._clients.token).json()

    def _queue(self, call: Call) -> None:
        try:
            self._clients.questions.queue_declare(call["name"], passive=True)
        except ChannelClosedByBroker:
            self._clients.questions = self._clients.broker.channel()

    def _consumer(self, call: Call) -> None:
        channel = self._clients.broker.channel()
        channel.confirm_delivery()
        channel.basic_publish("", call["name"], call["body"].encode("latin-1"), mandatory=True)
        channel.close()

    def _pause(self, call: Call) -> None:
        time.sleep(call["s"])
        self.paused_s += call["s"]

    def _settle(self, call: Call) -> None:
        self._pause({"s": max(0.0, self._answered_at + call["after_answer_s"] - time.monotonic())})


def _object_name(job_id: str) -> str:
    return job_id.replace("_", "-")


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def for_tenant(recording: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The scenarios of a recording, with this tenant in the place of the recorded one."""
    tenant = json.loads(recording)["tenant"]
    own = {
        "server": told["focus_server"]["base_url"],
        "management": _without_credentials(told["rabbitmq"]["management_url"]),
        "namespace": told["kubernetes"]["namespace"],
        "database": told["mongodb"]["database"],
    }
    for name, old in tenant.items():
        recording = recording.replace(old, own[name]).replace(quote(old, safe=""), quote(own[name], safe=""))
    scenarios: list[dict[str, Any]] = json.loads(recording)["scenarios"]
    return scenarios


def main(recording: str, times: str) -> None:
    """Play all scenarios of the recording."""
    command = [sys.executable, "-m", "sandbox", "lease"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lease:
        assert lease.stdin is not None
        assert lease.stdout is not None
        told = json.loads(lease.stdout.readline())
        player = Player(Clients(told))
        taken = [player.play(one["calls"]) for one in for_tenant(Path(recording).read_text("utf-8"), told)]
        Path(times).write_text(json.dumps({"scenarios_s": taken, "paused_s": player.paused_s}), encoding="utf-8")
        lease.stdin.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A lease is a tenant of one's own, that works, and that is gone afterwards."""

import json
import signal
import stat
import subprocess
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pika
import psutil
import pytest
import requests
import yaml
from pymongo import MongoClient


def databases(endpoints: Mapping[str, Any]) -> list[str]:
    with MongoClient(endpoints["mongodb"]["uri"], serverSelectionTimeoutMS=5000) as client:
        return client.list_database_names()


def write_to_database(endpoints: Mapping[str, Any]) -> None:
    with MongoClient(endpoints["mongodb"]["uri"], serverSelectionTimeoutMS=5000) as client:
        client[endpoints["mongodb"]["database"]].tasks.insert_one({"task_id": "t"})


def virtual_hosts(endpoints: Mapping[str, Any]) -> list[str]:
    answer = requests.get(endpoints["rabbitmq"]["management_url"] + "/api/vhosts", timeout=10)
    answer.raise_for_status()
    return [entry["name"] for entry in answer.json()]


def namespaces(endpoints: Mapping[str, Any]) -> list[str]:
    with open(endpoints["kubernetes"]["kubeconfig"]) as file:
        content = yaml.safe_load(file)
    server, token = content["clusters"][0]["cluster"]["server"], content["users"][0]["user"]["token"]
    answer = requests.get(f"{server}/api/v1/namespaces", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    answer.raise_for_status()
    return [entry["metadata"]["name"] for entry in answer.json()["items"]]


def virtual_host(endpoints: Mapping[str, Any]) -> str:
    return urlsplit(endpoints["rabbitmq"]["url"]).path[1:]


def own(endpoints: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        endpoints["mongodb"]["database"],
        virtual_host(endpoints),
        endpoints["kubernetes"]["namespace"],
        endpoints["focus_server"]["base_url"],
    )


def answers(endpoints: Mapping[str, Any]) -> bool:
    try:
        return requests.get(endpoints["focus_server"]["base_url"] + "/ack", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_all_endpoints_are_usable(sandbox_endpoints):
    assert sandbox_endpoints["exclusive"] is True
    assert answers(sandbox_endpoints)
    with pika.BlockingConnection(pika.URLParameters(sandbox_endpoints["rabbitmq"]["url"])) as connection:
        declared = connection.channel().queue_declare("", exclusive=True)
    assert declared.method.queue
    assert sandbox_endpoints["kubernetes"]["namespace"] in namespaces(sandbox_endpoints)
    assert virtual_host(sandbox_endpoints) in virtual_hosts(sandbox_endpoints)
    write_to_database(sandbox_endpoints)
    assert sandbox_endpoints["mongodb"]["database"] in databases(sandbox_endpoints)


def test_the_log_of_the_leased_server_can_be_read(sandbox_endpoints):
    with open(sandbox_endpoints["focus_server"]["log_file"]) as log:
        assert log.readable()


def test_broker_tells_of_queues_as_events(sandbox_endpoints):
    url = sandbox_endpoints["rabbitmq"]["url"]
    general = url[: -len(virtual_host(sandbox_endpoints))] + "%2F"
    with pika.BlockingConnection(pika.URLParameters(general)) as connection:
        channel = connection.channel()
        channel.exchange_declare("amq.rabbitmq.event", passive=True)


def test_two_leases_share_nothing_and_both_disappear(warm_sandbox, sandbox_endpoints):
    with warm_sandbox.lease() as (one, _), warm_sandbox.lease() as (two, holder):
        assert not set(own(one)) & set(own(two))
        for endpoints in (one, two):
            write_to_database(endpoints)
            assert answers(endpoints)
    assert holder.returncode == 0
    for endpoints in (one, two):
        assert endpoints["mongodb"]["database"] not in databases(sandbox_endpoints)
        assert virtual_host(endpoints) not in virtual_hosts(sandbox_endpoints)
        assert endpoints["kubernetes"]["namespace"] not in namespaces(sandbox_endpoints)
        assert not answers(endpoints)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_the_lease_back(warm_sandbox, sandbox_endpoints, number):
    with warm_sandbox.lease() as (endpoints, holder):
        holder.send_signal(number)
        assert holder.wait(10) == 0
        assert virtual_host(endpoints) not in virtual_hosts(sandbox_endpoints)
        assert not answers(endpoints)


def test_killing_the_holder_gives_the_lease_back(warm_sandbox, sandbox_endpoints):
    with warm_sandbox.lease() as (endpoints, holder):
        holder.kill()
        holder.wait(10)
        with warm_sandbox.lease():  # answered after the supervisor has seen the other one go
            tenants = json.loads(warm_sandbox.run("status", "--json").stdout)["tenants"]
    wait_for(lambda: endpoints["kubernetes"]["namespace"] not in namespaces(sandbox_endpoints))
    wait_for(lambda: virtual_host(endpoints) not in virtual_hosts(sandbox_endpoints))
    assert not answers(endpoints)
    assert [tenant["use"] for tenant in tenants].count("up") == 1


def wait_for(holds, limit=10.0):
    """Wait for what happens after a kill, which nobody reports."""
    import time

    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline, f"not so after {limit} s"
        time.sleep(0.02)


def test_lease_into_a_file_that_goes_with_the_lease(warm_sandbox, tmp_path):
    file = tmp_path / "lease.json"
    holder = warm_sandbox.start("lease", "--json", str(file))
    with holder:
        wait_for(file.exists)
        endpoints = json.loads(file.read_text())
        mode = stat.S_IMODE(file.stat().st_mode)
        holder.stdin.close()
        assert holder.wait(10) == 0
        assert holder.stdout.read() == ""
    assert mode == 0o600
    assert set(endpoints) == {"exclusive", "time_limits", "focus_server", "mongodb", "rabbitmq", "kubernetes"}
    assert not file.exists()


def test_everything_listens_on_this_machine_only(warm_sandbox, sandbox_endpoints):
    listening = [
        (process.name(), connection.laddr.ip)
        for process in warm_sandbox.processes()
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 6, listening  # AMQP, management, distribution, epmd, MongoDB, Kubernetes
    assert {address for _, address in listening} <= {"127.0.0.1", "::1"}, listening


def test_without_a_sandbox_the_lease_brings_its_own_and_nothing_is_left(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.lease() as (endpoints, holder):
        assert answers(endpoints)
        assert sandboxes.run("status").returncode == 3
    assert holder.returncode == 0
    assert sandboxes.left() == []
    assert virtual_host(endpoints) not in virtual_hosts(endpoints)
    assert endpoints["kubernetes"]["namespace"] not in namespaces(endpoints)


def test_killing_the_supervisor_of_a_real_lease_leaves_nothing(new_sandboxes):
    """With a broker of its own: beam.smp, epmd and their helpers are the ones that like to stay."""
    sandboxes = new_sandboxes()
    with sandboxes.lease() as (endpoints, holder):
        names = {process.name() for process in sandboxes.processes()}
        assert {"beam.smp", "epmd"} <= names
        supervisor_of(sandboxes).kill()
        assert holder.wait(20) == 1
        assert "ended while it was leased" in holder.stderr.read()
    assert sandboxes.left_at_last() == []
    assert not answers(endpoints)


def test_killing_the_holder_of_a_lease_with_its_own_sandbox_leaves_nothing(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.lease() as (endpoints, holder):
        holder.kill()
        holder.wait(10)
    assert sandboxes.left_at_last() == []
    assert virtual_host(endpoints) not in virtual_hosts(endpoints)


def test_killing_the_run_that_holds_standard_input_leaves_nothing(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    held_by_run, holder = run_with_lease(sandboxes)
    assert json.loads(holder.readline())["exclusive"] is True
    held_by_run.kill()
    held_by_run.wait(10)
    assert sandboxes.left_at_last() == []


def run_with_lease(sandboxes):
    """A run of the suite in small: a process that has started a lease, and holds its standard input."""
    import sys

    program = (
        "import subprocess, sys;"
        "lease = subprocess.Popen([sys.executable, '-m', 'sandbox', 'lease'], stdin=subprocess.PIPE);"
        "lease.wait()"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program],
        env=sandboxes.environment,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    return run, run.stdout


def test_giving_up_while_the_sandbox_starts_leaves_nothing(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.start("lease") as holder:
        wait_for(lambda: any("sandbox.supervisor" in process.cmdline() for process in sandboxes.processes()))
        holder.stdin.close()
        assert holder.wait(20) == 1
        assert "before the lease was ready" in holder.stderr.read()
    assert sandboxes.left_at_last() == []


def supervisor_of(sandboxes) -> psutil.Process:
    (found,) = [process for process in sandboxes.processes() if "sandbox.supervisor" in process.cmdline()]
    return found

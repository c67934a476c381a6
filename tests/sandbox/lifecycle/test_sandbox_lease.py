"""A lease is a tenant of one's own, that works, and that is gone afterwards."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import psutil
import pytest
import requests
import yaml
from pymongo import MongoClient

from sandbox.defects.sample_configuration import valid_configuration
from sandbox.launchers.processes import PartFailed
from sandbox.lifecycle.leases import Leases
from sandbox.lifecycle.tenants import Tenant


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


def kubeconfig(endpoints: Mapping[str, Any]) -> dict[str, Any]:
    with open(endpoints["kubernetes"]["kubeconfig"]) as file:
        return yaml.safe_load(file)


def user_of(endpoints: Mapping[str, Any]) -> dict[str, str]:
    return kubeconfig(endpoints)["users"][0]["user"]


def namespaces(endpoints: Mapping[str, Any]) -> list[str]:
    server, token = kubeconfig(endpoints)["clusters"][0]["cluster"]["server"], user_of(endpoints)["token"]
    answer = requests.get(f"{server}/api/v1/namespaces", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    answer.raise_for_status()
    return [entry["metadata"]["name"] for entry in answer.json()["items"]]


def virtual_host(endpoints: Mapping[str, Any]) -> str:
    return urlsplit(endpoints["rabbitmq"]["url"]).path[1:]


def authority(endpoints: Mapping[str, Any]) -> str | bool:
    """What requests shall verify the leased server's certificate against, if it has one."""
    return endpoints["focus_server"].get("ca_file", True)


def own(endpoints: Mapping[str, Any]) -> tuple[str, str, str, str, int]:
    return (
        endpoints["mongodb"]["database"],
        virtual_host(endpoints),
        endpoints["kubernetes"]["namespace"],
        endpoints["focus_server"]["base_url"],
        endpoints["answers"]["stream_port"],
    )


def answers(endpoints: Mapping[str, Any]) -> bool:
    try:
        base_url = endpoints["focus_server"]["base_url"]
        return requests.get(f"{base_url}/ack", timeout=5, verify=authority(endpoints)).ok
    except OSError:  # requests' own ones, and that the authority's file has gone, too
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


def test_the_log_of_the_leased_server_tells_of_its_jobs(sandbox_endpoints):
    server = sandbox_endpoints["focus_server"]
    verify = authority(sandbox_endpoints)
    answer = requests.post(f"{server['base_url']}/configure", json=valid_configuration(), timeout=10, verify=verify)
    assert answer.ok, answer.text
    job_id = answer.json()["job_id"]
    assert requests.delete(f"{server['base_url']}/job/{job_id}", timeout=10, verify=verify).ok
    assert any(job_id in line for line in Path(server["log_file"]).read_text().splitlines())


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


def test_several_tenants_of_one_lease_are_apart_and_go_together(warm_sandbox, sandbox_endpoints):
    with warm_sandbox.lease("--tenants", "3") as (endpoints, _):
        assert len({each["kubernetes"]["namespace"] for each in endpoints}) == 3
        assert all(answers(each) for each in endpoints)
    there = virtual_hosts(sandbox_endpoints)
    assert not any(virtual_host(each) in there or answers(each) for each in endpoints)


def test_several_tenants_are_of_one_sandbox_also_where_it_is_started_for_them(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.lease("--tenants", "2") as (endpoints, _):
        assert all(answers(each) for each in endpoints)
        sandboxes.supervisor()  # There is one.
    assert sandboxes.left_at_last() == []


def test_of_several_tenants_one_that_dies_ends_the_lease(warm_sandbox):
    with warm_sandbox.lease("--tenants", "2") as (endpoints, holder):
        name = endpoints[1]["kubernetes"]["namespace"]
        (leased,) = [tenant for tenant in tenants(warm_sandbox, "lease") if tenant["name"] == name]
        psutil.Process(leased["server"]["pid"]).kill()
        assert holder.stdout.read() == ""
        assert holder.wait(30) == 1
        assert "focus-server has ended (signal SIGKILL)" in holder.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_gives_the_lease_back(warm_sandbox, sandbox_endpoints, number):
    with warm_sandbox.lease() as (endpoints, holder):
        holder.send_signal(number)
        assert holder.wait(10) == 0
        assert virtual_host(endpoints) not in virtual_hosts(sandbox_endpoints)
        assert not answers(endpoints)


def tenants(sandboxes: Any, use: str) -> list[dict[str, Any]]:
    found = json.loads(sandboxes.run("status", "--json").stdout)["tenants"]
    return [tenant for tenant in found if tenant["use"] == use]


def test_killing_the_holder_gives_the_lease_back(warm_sandbox, sandbox_endpoints, wait_for):
    def is_leased() -> bool:
        return endpoints["kubernetes"]["namespace"] in [tenant["name"] for tenant in tenants(warm_sandbox, "lease")]

    with warm_sandbox.lease() as (endpoints, holder):
        assert is_leased()
        holder.kill()
        holder.wait(10)
    wait_for(lambda: not is_leased())
    assert endpoints["kubernetes"]["namespace"] not in namespaces(sandbox_endpoints)
    assert virtual_host(endpoints) not in virtual_hosts(sandbox_endpoints)
    assert not answers(endpoints)


def test_a_lease_ends_when_a_part_of_it_dies_and_names_it(warm_sandbox):
    with warm_sandbox.lease() as (endpoints, holder):
        name = endpoints["kubernetes"]["namespace"]
        (leased,) = [tenant for tenant in tenants(warm_sandbox, "lease") if tenant["name"] == name]
        psutil.Process(leased["server"]["pid"]).kill()
        assert holder.stdout.read() == ""
        assert holder.wait(30) == 1
        assert "has ended while it was leased. focus-server has ended (signal SIGKILL)" in holder.stderr.read()


def test_a_spare_tenant_whose_server_died_is_replaced(new_sandboxes, borrowed, wait_for):
    sandboxes = new_sandboxes(**borrowed)
    assert sandboxes.run("up").returncode == 0
    wait_for(lambda: tenants(sandboxes, "spare"))
    (spare,) = tenants(sandboxes, "spare")
    psutil.Process(spare["server"]["pid"]).kill()
    wait_for(lambda: not tenants(sandboxes, "spare")[0]["server"]["alive"])
    with sandboxes.lease() as (endpoints, _):
        assert answers(endpoints)
        assert endpoints["kubernetes"]["namespace"] != spare["name"]
        assert spare["name"] not in namespaces(endpoints)
    assert sandboxes.run("down").returncode == 0
    assert sandboxes.left() == []


class NoTenants:
    """Stores in which the first tenant cannot be made."""

    def __init__(self) -> None:
        self.infrastructure = self
        self.results = iter([PartFailed("no"), Tenant("focus-2", {}, Path("/nonexistent"))])

    def check(self) -> None:
        pass

    async def make(self) -> Tenant:
        result = next(self.results)
        if isinstance(result, PartFailed):
            raise result
        return result


async def test_a_spare_tenant_that_could_not_be_made_is_made_again(capfd):
    leases = Leases(NoTenants(), keep_spare=True)
    await leases.prepare()
    assert leases.spare is None
    assert (await leases.take()).name == "focus-2"
    assert "could not be made: no" in capfd.readouterr().err


def test_no_secret_stands_in_a_command_line(warm_sandbox, sandbox_endpoints):
    mongodb = sandbox_endpoints["mongodb"]
    addresses = (sandbox_endpoints["rabbitmq"]["url"], mongodb["uri"], mongodb["server_uri"])
    secrets = {urlsplit(address).password for address in addresses} | {user_of(sandbox_endpoints)["token"]}
    assert len(secrets) == 4
    assert min(map(len, secrets)) >= 16
    assert warm_sandbox.running("sandbox.emulators.kubernetes")
    assert not warm_sandbox.processes(lambda each: any(secret in " ".join(each.cmdline()) for secret in secrets))


def test_everything_listens_on_this_machine_only(warm_sandbox, sandbox_endpoints):
    listening = []
    for process in warm_sandbox.processes():
        with suppress(psutil.Error):  # It may be one that another test has just ended.
            tcp = process.net_connections(kind="tcp")
            listening += [(process.name(), one.laddr.ip) for one in tcp if one.status == psutil.CONN_LISTEN]
    # AMQP, management, distribution, epmd, MongoDB, Kubernetes, SSH, and HTTP and streams of a Focus Server
    assert len(listening) >= 9, listening
    # The last is what gRPC, whose sockets are for both versions of IP, makes of the first.
    assert {address for _, address in listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}, listening


def test_without_a_sandbox_the_lease_brings_its_own_and_nothing_is_left(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.lease() as (endpoints, holder):
        assert answers(endpoints)
        assert sandboxes.run("status").returncode == 3
    assert holder.returncode == 0
    assert sandboxes.left() == []
    assert virtual_host(endpoints) not in virtual_hosts(endpoints)
    assert endpoints["kubernetes"]["namespace"] not in namespaces(endpoints)


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


def test_giving_up_while_the_sandbox_starts_leaves_nothing(new_sandboxes, borrowed, wait_for):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.start("lease") as holder:
        wait_for(lambda: sandboxes.running("sandbox.lifecycle.supervisor"))
        holder.stdin.close()
        assert holder.wait(20) == 1
        assert "before the lease was ready" in holder.stderr.read()
    assert sandboxes.left_at_last() == []

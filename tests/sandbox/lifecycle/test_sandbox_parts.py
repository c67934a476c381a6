"""The parts of a disposable sandbox end and start as the pods that they are, with their data, on the same ports."""

import asyncio
from collections.abc import Callable
from typing import Any

import pika
import pytest
import requests
from kubernetes import client, config
from pymongo import MongoClient

import sandbox.lifecycle.parts
from sandbox.launchers.processes import PartFailed

SERVER = "panda-panda-focus-server"
RABBITMQ = "rabbitmq-panda"
RECORDER = "segy-recorder"
QUEUE = "kept"


def is_ready(pod: Any) -> bool:
    return pod is not None and any(
        each.type == "Ready" and each.status == "True" for each in pod.status.conditions or []
    )


class Parts:
    """The workloads of a lease, as an operator sees them."""

    def __init__(self, endpoints: dict[str, Any], wait_for: Callable[..., None]) -> None:
        self.namespace = endpoints["workloads"]["namespace"]
        api = config.new_client_from_config(endpoints["kubernetes"]["kubeconfig"])
        self.core, self.apps, self._wait_for = client.CoreV1Api(api), client.AppsV1Api(api), wait_for

    def pods(self, part: str) -> list[Any]:
        """All pods of a part."""
        of_part = f"app.kubernetes.io/name={part}"
        pods: list[Any] = self.core.list_namespaced_pod(self.namespace, label_selector=of_part).items
        return pods

    def pod(self, part: str) -> Any:
        """The pod of a part that is not being deleted; None while there is none."""
        return next((pod for pod in self.pods(part) if pod.metadata.deletion_timestamp is None), None)

    def restarts(self, part: str) -> int:
        (state,) = self.pod(part).status.container_statuses
        return state.restart_count

    def delete(self, part: str, **options: int) -> str:
        pod = self.pod(part)
        self.core.delete_namespaced_pod(pod.metadata.name, self.namespace, **options)
        return pod.metadata.uid

    def until_ready(self, part: str, instead_of: str = "") -> None:
        def so() -> bool:
            pod = self.pod(part)
            return is_ready(pod) and pod.metadata.uid != instead_of

        self._wait_for(so, 60)


def ack(endpoints: dict[str, Any]) -> int:
    server = endpoints["focus_server"]
    return requests.get(f"{server['base_url']}/ack", verify=server["ca_file"], timeout=10).status_code


def declare(endpoints: dict[str, Any], **options: bool) -> None:
    with pika.BlockingConnection(pika.URLParameters(endpoints["rabbitmq"]["url"])) as connection:
        connection.channel().queue_declare(QUEUE, **options)


@pytest.fixture
def collection(request: pytest.FixtureRequest) -> Callable[[dict[str, Any], str], Any]:
    def found(endpoints: dict[str, Any], name: str) -> Any:
        mongo = MongoClient(endpoints["mongodb"]["uri"], serverSelectionTimeoutMS=5000)
        request.addfinalizer(mongo.close)
        return mongo[endpoints["mongodb"]["database"]][name]

    return found


def test_each_part_is_started_again_with_its_data_and_nothing_is_left_of_a_supervisor_that_was_killed(
    new_sandboxes, wait_for, collection
):
    """With a broker of its own: beam.smp, epmd and their helpers are the ones that like to stay."""
    sandboxes = new_sandboxes(LC_ALL="C")  # the broker does not like it, with such a temporary directory
    with sandboxes.lease("--workloads") as (endpoints, holder):
        assert sandboxes.named("beam.smp")
        assert sandboxes.named("epmd")
        assert endpoints["workloads"] == {
            "disposable": True,
            "namespace": f"{endpoints['kubernetes']['namespace']}-parts",
            "mongodb": "statefulset/mongodb",
            "rabbitmq": f"statefulset/{RABBITMQ}",
            "focus_server": f"deployment/{SERVER}",
            "recorder": f"deployment/{RECORDER}",
        }
        parts, documents = Parts(endpoints, wait_for), collection(endpoints, "written")
        assert ack(endpoints) == 200
        declare(endpoints, durable=True)
        broker = parts.delete(RABBITMQ)  # Not killed: then RabbitMQ itself may lose what it has just confirmed.
        documents.insert_one({"before": "the kill"})
        database = parts.delete("mongodb", grace_period_seconds=0)
        sandboxes.server_of(endpoints).kill()
        wait_for(lambda: parts.restarts(SERVER) == 1)
        parts.until_ready(SERVER)
        server = parts.delete(SERVER)
        parts.until_ready(SERVER, server)
        assert parts.restarts(SERVER) == 0
        parts.until_ready("mongodb", database)
        assert documents.count_documents({}) == 1
        parts.until_ready(RABBITMQ, broker)
        declare(endpoints, passive=True)
        wait_for(lambda: ack(endpoints) == 200)
        sandboxes.supervisor().kill()
        assert holder.wait(20) == 1
        assert "ended while it was leased" in holder.stderr.read()
    assert sandboxes.left_at_last() == []


def test_a_part_scaled_to_nothing_is_no_loss_of_the_lease_and_a_broker_that_was_lent_is_no_part(
    new_sandboxes, wait_for, borrowed, collection
):
    lent = {name: value for name, value in borrowed.items() if "RABBITMQ" in name}
    sandboxes = new_sandboxes(**lent)
    with sandboxes.lease("--workloads", "--defect", "recordings_backwards") as (endpoints, holder):
        assert set(endpoints["workloads"]) == {"disposable", "namespace", "mongodb", "focus_server", "recorder"}
        assert "sandbox.defects" in sandboxes.server_of(endpoints).cmdline()
        parts, recordings = Parts(endpoints, wait_for), collection(endpoints, "recordings")
        under_way = {"end_time": None}
        assert (parts.pod(RECORDER), recordings.count_documents(under_way)) == (None, 0)
        parts.apps.patch_namespaced_deployment_scale(RECORDER, parts.namespace, {"spec": {"replicas": 1}})
        parts.until_ready(RECORDER)
        recorder = parts.delete(RECORDER, grace_period_seconds=0)
        parts.until_ready(RECORDER, recorder)
        wait_for(lambda: recordings.count_documents(under_way) == 1)
        parts.apps.patch_namespaced_deployment_scale(RECORDER, parts.namespace, {"spec": {"replicas": 0}})
        wait_for(lambda: parts.pods(RECORDER) == [])
        assert recordings.count_documents(under_way) == 0
        parts.apps.patch_namespaced_stateful_set_scale("mongodb", parts.namespace, {"spec": {"replicas": 0}})
        wait_for(lambda: parts.pods("mongodb") == [])
        assert holder.poll() is None
    assert holder.returncode == 0
    assert sandboxes.left() == []


def test_on_a_cluster_that_was_lent_no_part_may_be_disturbed(new_sandboxes, borrowed):
    sandboxes = new_sandboxes(**borrowed)
    with sandboxes.lease("--workloads") as (endpoints, holder):
        assert endpoints["workloads"] == {"disposable": True}
        assert ack(endpoints) == 200
        sandboxes.server_of(endpoints).kill()
        assert holder.wait(20) == 1
        assert "focus-server has ended" in holder.stderr.read()
    assert sandboxes.left_at_last() == []


@pytest.mark.parametrize("arguments", [("--defect", "recordings_backwards"), ("--workloads", "--tenants", "2")])
def test_what_cannot_be_leased_together_is_refused(new_sandboxes, arguments):
    sandboxes = new_sandboxes()
    refused = sandboxes.run("lease", *arguments)
    assert refused.returncode == 2
    assert "--workloads" in refused.stderr
    assert sandboxes.left() == []


async def test_that_nobody_looks_after_the_parts_is_told_and_they_can_still_be_ended():
    async def fail():
        raise KeyError("metadata")

    found = sandbox.lifecycle.parts.Parts("parts", agent=asyncio.create_task(fail()))
    found.check()
    await asyncio.wait([found.agent])
    with pytest.raises(PartFailed, match=r"(?s)agent of the node has ended.*KeyError: 'metadata'"):
        found.check()
    await found.end()

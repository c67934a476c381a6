"""The parts of a disposable sandbox as workloads of its Kubernetes, in a namespace of their own.

When a pod there is deleted, or a workload is scaled, the process of the part is ended or started: see `sandbox.nodes`.
"""

import asyncio
import ssl
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from sandbox.emulators.kubernetes.controllers.objects import is_ready
from sandbox.launchers.infrastructure import Infrastructure
from sandbox.launchers.processes import PartFailed, RunningPart
from sandbox.launchers.recorder import is_recording
from sandbox.nodes.node_agent import NodeAgent
from sandbox.nodes.node_pods import NodePods
from sandbox.nodes.part_process import PartProcess
from sandbox.nodes.pod_runner import PodRunner
from sandbox.nodes.workload import Workload

_READY_LIMIT = 30.0
_LOOK_AGAIN = 0.05


@dataclass(frozen=True)
class Parts:
    """The workloads by the names that the suite's settings have for the parts; none where a cluster was lent."""

    namespace: str
    workloads: dict[str, Workload] = field(default_factory=dict)
    agent: "asyncio.Task[None] | None" = None

    @property
    def section(self) -> dict[str, str | float]:
        """The settings of the suite that say what may be disturbed, and how it is called."""
        if not self.workloads:
            return {"disposable": True}
        references = {part: workload.reference for part, workload in self.workloads.items()}
        return {"disposable": True, "namespace": self.namespace, **references}

    @property
    def running(self) -> list[RunningPart]:
        """The present processes of the parts, and of those that are down the last ones."""
        processes = [workload.process.part for workload in self.workloads.values()]
        return [process for process in processes if process is not None]

    def check(self) -> None:
        """Raise PartFailed if the processes are looked after no longer, by a defect of the sandbox's own."""
        if self.agent is not None and self.agent.done() and not self.agent.cancelled():
            failure = self.agent.exception()
            told = "".join(traceback.format_exception(failure))
            raise PartFailed(f"The agent of the node has ended, by a fault of its own:\n{told}") from failure

    async def end(self) -> None:
        """Look after the processes no longer: they can be ended for good."""
        if self.agent is not None:
            self.agent.cancel()
            await asyncio.wait([self.agent])


async def stand_up(
    stores: Infrastructure, namespace: str, server: RunningPart | None, launch_recorder: Callable[[], RunningPart]
) -> Parts:
    """Have workloads for all parts that can be started again; returns when each has a pod that is ready.

    The recorder has none: it would write while nobody expects it to. A store that was lent is left alone. On a cluster
    that was lent there is no such node.
    Raises PartFailed or RequestFailed.
    """
    if stores.kubernetes.part is None:
        return Parts(namespace)
    workloads = _workloads(stores, server, launch_recorder)
    await stores.kubernetes.create(namespace)
    for workload in workloads.values():
        for collection, manifest in workload.manifests():
            api, _, plural = collection.rpartition("/")
            await stores.kubernetes.interface.send("POST", f"/{api}/namespaces/{namespace}/{plural}", manifest)
    pods = NodePods(stores.kubernetes.interface)
    runners = {workload.name: PodRunner(workload.process, pods) for workload in workloads.values()}
    parts = Parts(namespace, workloads, asyncio.create_task(NodeAgent(pods, runners).run()))
    try:
        await _until_ready(stores, parts)
    except BaseException:
        await parts.end()
        raise
    return parts


def _workloads(
    stores: Infrastructure, server: RunningPart | None, launch_recorder: Callable[[], RunningPart]
) -> dict[str, Workload]:
    mongodb, broker = stores.mongodb, stores.broker
    found = {
        "mongodb": Workload(
            "StatefulSet",
            "mongodb",
            "mongo:7",
            PartProcess(mongodb.part.again, lambda _: mongodb.answers(), mongodb.part),
            {"mongodb": _port(mongodb.host)},
        )
    }
    if broker.node is not None:
        found["rabbitmq"] = Workload(
            "StatefulSet",
            "rabbitmq-panda",
            "rabbitmq:3-management",
            PartProcess(broker.node.again, lambda _: broker.answers(), broker.node),
            {"amqp": _port(broker.host), "management": _port(broker.management)},
        )
    if server is not None:
        answers = _Answers(f"{server.address}/channels", stores.certificate.ca_file)
        found["focus_server"] = Workload(
            "Deployment",
            "panda-panda-focus-server",
            "focus-server:latest",
            PartProcess(server.again, answers.seen, server),
            {"http": _port(server.address.partition("://")[2].partition("/")[0])},
        )
    recorder = PartProcess(launch_recorder, is_recording)
    found["recorder"] = Workload("Deployment", "segy-recorder", "segy-recorder:latest", recorder, {}, replicas=0)
    return found


def _port(host: str) -> int:
    return int(host.rpartition(":")[2])


class _Answers:
    """Whether an HTTP server answers, whatever it says."""

    def __init__(self, url: str, ca_file: Path) -> None:
        self._url = url
        self._tls = ssl.create_default_context(cafile=ca_file)

    async def seen(self, _: RunningPart) -> bool:
        try:
            async with aiohttp.ClientSession() as session, session.get(self._url, ssl=self._tls):
                return True
        except aiohttp.ClientError:
            return False


async def _until_ready(stores: Infrastructure, parts: Parts) -> None:
    names = [workload.name for workload in parts.workloads.values() if workload.replicas]
    deadline = time.monotonic() + _READY_LIMIT
    while True:
        parts.check()
        pods = await stores.kubernetes.interface.send("GET", f"/api/v1/namespaces/{parts.namespace}/pods")
        ready = sum(map(is_ready, pods["items"]))
        if ready == len(names):
            return
        if time.monotonic() > deadline:
            raise PartFailed(
                f"expected ready pods of {', '.join(names)} in {parts.namespace} "
                f"within {_READY_LIMIT:.0f} s, seen {ready}"
            )
        await asyncio.sleep(_LOOK_AGAIN)

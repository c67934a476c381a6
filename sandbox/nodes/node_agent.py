"""The agent of the node: it has each part's process follow the part's pods."""

import asyncio
import logging
from collections.abc import Collection, Mapping

import aiohttp

from sandbox.emulators.kubernetes.kinds import Object
from sandbox.launchers.processes import PartFailed
from sandbox.launchers.rest import RequestFailed
from sandbox.nodes.node_pods import NodePods
from sandbox.nodes.pod_runner import PodRunner

PART_LABEL = "app.kubernetes.io/name"
"""The label of a pod that names its part."""

_LOOK_AGAIN = 0.05
_TRY_AGAIN = 0.5
_PASSING = (RequestFailed, aiohttp.ClientError, PartFailed, OSError)
"""What goes wrong while Kubernetes is busy, or a process cannot be started; anything else is a defect of this code."""

logger = logging.getLogger(__name__)


class NodeAgent:
    """Watches the pods of the node, and takes each part one step further at a time. ``runners`` are by part."""

    def __init__(self, pods: NodePods, runners: Mapping[str, PodRunner]) -> None:
        self._node = pods
        self._runners = runners
        self._pods: list[Object] = []

    async def run(self) -> None:
        """Run until cancelled; what may pass is logged and tried again. Raises ExceptionGroup for a defect."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch())
            for part, runner in self._runners.items():
                group.create_task(self._tend(part, runner))

    async def _watch(self) -> None:
        while True:
            try:
                await self._node.follow(self._see)
            except _PASSING:
                logger.exception("the pods of the node cannot be watched; again in %s s", _TRY_AGAIN)
                await asyncio.sleep(_TRY_AGAIN)

    def _see(self, pods: Collection[Object]) -> None:
        self._pods = list(pods)

    async def _tend(self, part: str, runner: PodRunner) -> None:
        while True:
            own = [pod for pod in self._pods if (pod["metadata"].get("labels") or {}).get(PART_LABEL) == part]
            try:
                await runner.step(own)
            except _PASSING:
                logger.exception("%s cannot be tended; again in %s s", part, _TRY_AGAIN)
                await asyncio.sleep(_TRY_AGAIN)
            await asyncio.sleep(_LOOK_AGAIN)

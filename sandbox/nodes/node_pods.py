"""The pods of the node, by the API of Kubernetes: which there are, and what is reported of them."""

import json
from collections.abc import Callable, Collection

import aiohttp

from sandbox.emulators.kubernetes.controllers.pods import PROCESSES
from sandbox.emulators.kubernetes.kinds import Object
from sandbox.launchers.kubernetes_api import KubernetesApi
from sandbox.launchers.rest import RequestFailed

_OF_THE_NODE = f"fieldSelector=spec.nodeName%3D{PROCESSES}"
_GONE_OR_ANOTHER = (404, 409)
_LONGEST_LINE = 1 << 22


class NodePods:
    """Reads and writes the pods of the node."""

    def __init__(self, interface: KubernetesApi) -> None:
        self._interface = interface

    async def follow(self, tell: Callable[[Collection[Object]], None]) -> None:
        """Tell which pods there are, each time that this changes; returns when the watch is over.

        Raises RequestFailed, aiohttp.ClientError.
        """
        listed = await self._interface.send("GET", f"/api/v1/pods?{_OF_THE_NODE}")
        pods = {pod["metadata"]["uid"]: pod for pod in listed["items"]}
        tell(pods.values())
        version = listed["metadata"]["resourceVersion"]
        address = f"{self._interface.address}/api/v1/pods?watch=1&resourceVersion={version}&{_OF_THE_NODE}"
        async with (
            aiohttp.ClientSession(
                headers=self._interface.headers,
                timeout=aiohttp.ClientTimeout(total=None),
                read_bufsize=_LONGEST_LINE,
            ) as session,
            session.get(address, raise_for_status=True) as answer,
        ):
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                uid = event["object"]["metadata"]["uid"]
                if event["type"] == "DELETED":
                    pods.pop(uid, None)
                else:
                    pods[uid] = event["object"]
                tell(pods.values())

    async def write_status(self, pod: Object, status: Object) -> None:
        """Report how a pod is; one that has gone needs no report. Raises RequestFailed."""
        identity = {name: pod["metadata"][name] for name in ("name", "namespace", "uid")}
        await self._send("PUT", f"{_path(pod)}/status", {"metadata": identity, "status": status})

    async def remove(self, pod: Object) -> None:
        """Let a pod go whose process has ended. Raises RequestFailed."""
        this_one = {"uid": pod["metadata"]["uid"]}
        await self._send("DELETE", _path(pod), {"gracePeriodSeconds": 0, "preconditions": this_one})

    async def _send(self, method: str, path: str, body: Object) -> None:
        try:
            await self._interface.send(method, path, body)
        except RequestFailed as refusal:
            if refusal.status not in _GONE_OR_ANOTHER:
                raise


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"

"""The Kubernetes API of a sandbox: its own process, or a cluster that the settings name."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeconfig import Cluster, ClusterContext, KubeconfigError, read_context
from kubeconfig.api_request import ApiRequest
from kubeconfig.calls import ApiConnection, InvalidAnswer, NoAnswer, Refused
from sandbox.launchers.processes import Launcher, PartFailed, RunningPart, announced
from sandbox.launchers.rest import RequestFailed

CLUSTER_SETTING = "FOCUS_SANDBOX_KUBECONFIG"

_GONE_LIMIT = 60.0  # a real cluster takes its time to finalize a namespace
_ANSWER_LIMIT = 10.0
_LOOK_AGAIN = 0.02
_NAMESPACES = "/api/v1/namespaces"


@dataclass(frozen=True)
class Kubernetes:
    """A Kubernetes API and the way to it; ``part`` is None for a cluster of the settings."""

    part: RunningPart | None
    kubeconfig: Path
    interface: "KubernetesApi"

    async def create(self, namespace: str) -> None:
        """Make a namespace. Raises RequestFailed."""
        await self.interface.send(
            "POST",
            _NAMESPACES,
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        )

    async def delete(self, namespace: str) -> None:
        """Remove a namespace and all in it; returns when it is gone. Raises RequestFailed."""
        started = time.monotonic()
        method = "DELETE"
        while True:
            try:
                await self.interface.send(method, path_of(namespace))
            except RequestFailed as refusal:
                if refusal.status == 404:
                    return
                raise
            if time.monotonic() - started > _GONE_LIMIT:
                raise RequestFailed(f"namespace {namespace} was deleted {_GONE_LIMIT:.0f} s ago and is still there")
            method = "GET"
            await asyncio.sleep(_LOOK_AGAIN)


async def start(launcher: Launcher, directory: Path, environment: Mapping[str, str]) -> Kubernetes:
    """Start the sandbox's own API, or go to the cluster of the settings. Raises PartFailed."""
    if configured := environment.get(CLUSTER_SETTING):
        return await _existing(configured)
    kubeconfig = directory / "kubeconfig"
    options = ["--port", "0", "--kubeconfig", str(kubeconfig), "--pod-start-delay", "0.05"]
    part = launcher.launch(
        "kubernetes",
        [sys.executable, "-m", "sandbox.emulators.kubernetes", *options],
        directory,
        environment=environment,
        separate_output=True,
    )
    return Kubernetes(await announced(part), kubeconfig, interface(kubeconfig))


async def _existing(kubeconfig: str) -> Kubernetes:
    try:
        described = read_context(kubeconfig)
        # Others read it from other directories, and may not know the same home.
        cluster = Kubernetes(None, Path(described.origin), _interface(described))
        await cluster.interface.send("GET", f"{_NAMESPACES}?limit=1")
    except (KubeconfigError, RequestFailed) as failure:
        raise PartFailed(
            f"kubernetes: the cluster of {CLUSTER_SETTING}={kubeconfig} cannot be used: {failure}. "
            "Correct the setting, or unset it for the sandbox's own API."
        ) from None
    return cluster


def path_of(namespace: str) -> str:
    """Where a namespace is in the API."""
    return f"{_NAMESPACES}/{namespace}"


class KubernetesApi:
    """The API of the cluster that a kubeconfig names."""

    def __init__(self, cluster: Cluster) -> None:
        self.address = cluster.server
        self.is_proxied = cluster.proxy is not None
        self._connection = ApiConnection(cluster, _ANSWER_LIMIT)

    @property
    def headers(self) -> dict[str, str]:
        """What a request must carry to be let in. Raises KubeconfigError."""
        return dict(self._connection.cluster.credentials().headers)

    async def send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send a request; return the object answered. Raises RequestFailed."""
        question = ApiRequest(method, path, body=body)
        try:
            async with asyncio.timeout(_ANSWER_LIMIT):
                return await asyncio.to_thread(self._connection.ask, question)
        except Refused as refusal:
            needed = (
                f"; it takes the right to {question.right}, as in deploy/kubernetes" if refusal.status == 403 else ""
            )
            raise RequestFailed(f"{self._asked(question)} it answered {refusal}{needed}", refusal.status) from None
        except TimeoutError:
            raise RequestFailed(f"{self._asked(question)} nothing came back within {_ANSWER_LIMIT:g} s") from None
        except (NoAnswer, InvalidAnswer, KubeconfigError) as failure:
            raise RequestFailed(f"{self._asked(question)} {failure}") from None

    def _asked(self, question: ApiRequest) -> str:
        return f"Kubernetes at {self.address} was asked for `{question}`:"


def interface(kubeconfig: Path | str) -> KubernetesApi:
    """The API of the current context of a kubeconfig, or of several. Raises KubeconfigError."""
    return _interface(read_context(kubeconfig))


def _interface(described: ClusterContext) -> KubernetesApi:
    return KubernetesApi(Cluster(described, limit_s=_ANSWER_LIMIT))

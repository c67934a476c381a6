"""Step E: the analyzers of jobs, one Kubernetes Job each."""

import asyncio
import json
import logging
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from kubeconfig import Cluster, Credentials, KubeconfigError
from redaction import redact
from sandbox.focus_server.errors import DependencyUnavailable, IdTaken, guarded
from sandbox.focus_server.identity import object_name
from sandbox.focus_server.ports import AnalyzerState, Payload

log = logging.getLogger(__name__)

_NAME = "Kubernetes"
_MOST_CONNECTIONS = 20
_JOB_ID = "focus-server/job-id"
_LABELS = {"app.kubernetes.io/name": "baby-analyzer", "app.kubernetes.io/managed-by": "focus-server"}


def job_object(job_id: str, config: Payload, *, namespace: str, image: str) -> dict[str, Any]:
    """The Job of one analyzer, given its configuration as JSON in ``FOCUS_CONFIG`` (contract, step E)."""
    labels = {_JOB_ID: job_id, **_LABELS}
    container = {
        "name": "baby-analyzer",
        "image": image,
        "env": [{"name": "FOCUS_CONFIG", "value": json.dumps(config)}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": object_name(job_id), "namespace": namespace, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"restartPolicy": "Never", "containers": [container]},
            },
        },
    }


class KubernetesAnalyzers:
    """Launches analyzers in one namespace, stops them, and knows whether they run."""

    # Without a policy the pods of a batch/v1 Job would be orphaned, not deleted.
    propagation_policy = "Background"

    def __init__(self, cluster: Cluster, *, namespace: str, image: str, limit_s: float) -> None:
        self._cluster = cluster
        self.namespace = namespace
        self._jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self._image = image
        self.limit_s = limit_s
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Nothing to do ahead: the API server is connected to when it is needed."""

    async def launch(self, job_id: str, config: Payload) -> None:
        """Create the Job, not waiting for its pod; raises `IdTaken`, `DependencyUnavailable`."""
        status = await self.request("POST", self._jobs, self.job_of(job_id, config))
        if status == 409:
            raise IdTaken(_NAME)
        _require(status, 201)

    def job_of(self, job_id: str, config: Payload) -> dict[str, Any]:
        """The Job that is created for an analyzer."""
        return job_object(job_id, config, namespace=self.namespace, image=self._image)

    async def stop(self, job_id: str) -> None:
        """Delete the Job and, in the background, its pod; raises `DependencyUnavailable`."""
        options = {"propagationPolicy": self.propagation_policy}
        status = await self.request("DELETE", f"{self._jobs}/{object_name(job_id)}", options)
        _require(status, 200, 202, 404)

    async def launched_before(self, moment: datetime) -> set[str]:
        """The ids of jobs with a Job that was made before the moment; raises `DependencyUnavailable`."""
        selector = quote(",".join(f"{name}={value}" for name, value in _LABELS.items()))
        found = await self._read(f"{self._jobs}?labelSelector={selector}") or {}
        return {
            each["metadata"]["labels"][_JOB_ID]
            for each in found.get("items", ())
            if _JOB_ID in each["metadata"]["labels"]
            and datetime.fromisoformat(each["metadata"]["creationTimestamp"]) <= moment
        }

    async def state(self, job_id: str) -> AnalyzerState:
        """What the Job's pod does, as the Job's status tells; raises `DependencyUnavailable`."""
        job = await self.find(job_id)
        if job is None or _has_ended(job):
            return "has ended"
        return "runs" if job.get("status", {}).get("ready") else "waits"

    async def find(self, job_id: str) -> dict[str, Any] | None:
        """The Job of the analyzer, if there is one; raises `DependencyUnavailable`."""
        return await self._read(f"{self._jobs}/{object_name(job_id)}")

    async def _read(self, path: str) -> dict[str, Any] | None:
        status, text = await self._exchange("GET", path, None)
        _require(status, 200, 404)
        try:
            found: dict[str, Any] | None = json.loads(text) if status == 200 else None
            return found
        except ValueError as error:
            raise DependencyUnavailable(_NAME, "what it answered is no JSON") from error

    async def request(self, method: str, path: str, body: dict[str, Any]) -> int:
        """Send this to the API; returns the status. Raises `DependencyUnavailable`."""
        status, _ = await self._exchange(method, path, body)
        return status

    async def _exchange(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, str]:
        never_sent = (aiohttp.ClientConnectorError, KubeconfigError)
        async with guarded(_NAME, self.limit_s, (aiohttp.ClientError, OSError, KubeconfigError), never_sent):
            used = await asyncio.to_thread(self._cluster.credentials)
            status, text = await self._send(method, path, body, used)
            if status == 401:
                fresh = await asyncio.to_thread(self._cluster.credentials, instead_of=used)
                if fresh is not used:
                    status, text = await self._send(method, path, body, fresh)
        if status >= 400 and status not in (404, 409):
            log.warning("Kubernetes refused %s %s: %s %.500s", method, path, status, redact(text))
        return status, text

    async def _send(
        self, method: str, path: str, body: dict[str, Any] | None, credentials: Credentials
    ) -> tuple[int, str]:
        if self._session is None:  # Made at the first use: a session belongs to the event loop that it is made in.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS))
        cluster = self._cluster
        request = self._session.request(
            method,
            f"{cluster.server}{path}",
            json=body,
            headers=credentials.headers,
            ssl=credentials.tls or True,
            server_hostname=cluster.tls_server_name,
            proxy=cluster.proxy,
            allow_redirects=False,
        )
        async with request as reply:
            return reply.status, await reply.text(errors="replace")

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


def _has_ended(job: dict[str, Any]) -> bool:
    conditions = job.get("status", {}).get("conditions") or []
    return any(each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in conditions)


def _require(status: int, *accepted: int) -> None:
    if status not in accepted:
        # What was refused outright did not happen; after a 5xx nobody knows.
        raise DependencyUnavailable(_NAME, f"it answered {status}", no_effect=400 <= status < 500)

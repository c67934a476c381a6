"""Looking into Kubernetes: the analyzers (contract, step E)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import yaml
from kubernetes.client.exceptions import OpenApiException
from kubernetes.config import new_client_from_config
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from support.errors import EnvironmentBroken
from support.settings import Kubernetes, Naming

Manifest = dict[str, Any]

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_JSON = "application/json"
_NAMESPACE = "/api/v1/namespaces/{namespace}"
_PODS = f"{_NAMESPACE}/pods"
_SERVICES = f"{_NAMESPACE}/services"
_JOBS = "/apis/batch/v1/namespaces/{namespace}/jobs"


class Analyzer(NamedTuple):
    """What one job has on Kubernetes: its Jobs and their pods, one of each when all is well."""

    jobs: list[Manifest]
    pods: list[Manifest]


class Analyzers:
    """Jobs, pods and Services of a namespace, as the API gives them (camel case, as in a manifest)."""

    def __init__(self, settings: Kubernetes, naming: Naming) -> None:
        try:
            self._api = new_client_from_config(
                config_file=str(settings.kubeconfig) if settings.kubeconfig else None, context=settings.context
            )
        except (ConfigException, OSError, yaml.YAMLError, ValueError) as error:
            # A YAML error quotes the text around it, which may be a token.
            why = "the kubeconfig is no YAML" if isinstance(error, yaml.YAMLError) else str(error)
            raise EnvironmentBroken(
                f"Kubernetes cannot be used: {why}. Are kubernetes.kubeconfig and kubernetes.context right?"
            ) from None
        # One quick answer instead of three retries of each call: a missing API is said at once.
        self._api.rest_client.pool_manager.connection_pool_kw["retries"] = 0
        self._namespace = settings.namespace
        self._timeout_s = settings.timeout_s
        self._naming = naming
        self.first_seen: dict[str, datetime] = {}  # by its uid, when each object was first seen
        self.first_running: dict[str, datetime] = {}  # and each pod running

    def jobs(self) -> list[Manifest]:
        """Every Job of the namespace."""
        return self._list(_JOBS)

    def pods(self) -> list[Manifest]:
        """Every pod of the namespace."""
        return self._list(_PODS)

    def services(self) -> list[Manifest]:
        """Every Service of the namespace."""
        return self._list(_SERVICES)

    def of_job(self, job_id: str) -> Analyzer:
        """The Jobs and pods that carry the job's id. An id that no label can hold is carried by none."""
        if not _LABEL_VALUE.fullmatch(job_id):
            return Analyzer([], [])
        selector = f"{self._naming.job_id_label}={job_id}"
        return Analyzer(
            jobs=self._list(_JOBS, selector),
            pods=self._list(_PODS, selector),
        )

    def end(self, job_id: str) -> None:
        """Delete the Jobs of a job with their pods, behind the server's back: its analyzer exits.

        Raises:
            EnvironmentBroken: it could not be done.
        """
        for job in self.of_job(job_id).jobs:
            self._call("DELETE", f"{_JOBS}/{job['metadata']['name']}", body={"propagationPolicy": "Background"})

    def finish(self, job_id: str, phase: str) -> None:
        """Have the pods of a job end in a phase, `Succeeded` or `Failed`, as if their containers had.

        Raises:
            EnvironmentBroken: it could not be done.
        """
        for pod in self.of_job(job_id).pods:
            path = f"{_PODS}/{pod['metadata']['name']}/status"
            self._call("PATCH", path, body={"status": {"phase": phase}}, media_type="application/merge-patch+json")

    def job_ids_carrying(self, values: Mapping[str, Any]) -> set[str]:
        """Ids of the jobs whose analyzer was given a configuration with these values (dotted field -> value)."""
        return {
            job_id
            for job in self.jobs()
            if (job_id := (job["metadata"].get("labels") or {}).get(self._naming.job_id_label))
            and _holds(configuration_of(job, self._naming.analyzer_configuration_variable), values)
        }

    @property
    def address(self) -> str:
        """Where the API is."""
        return str(self._api.configuration.host)

    def secrets(self) -> list[str]:
        """The credentials of the kubeconfig, which must never be shown."""
        configuration = self._api.configuration
        keys = [str(key).removeprefix("Bearer ") for key in configuration.api_key.values()]
        return [*keys, *([configuration.password] if configuration.password else [])]

    def check_health(self) -> None:
        """See that the API answers, that the namespace is there, and that its objects may be listed.

        Raises:
            EnvironmentBroken: one of them does not hold.
        """
        self._get(_NAMESPACE)
        self.jobs()
        self.pods()

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    def _list(self, path: str, label_selector: str | None = None) -> list[Manifest]:
        found = list(self._get(path, label_selector).get("items") or [])
        now = datetime.now(UTC)
        for one in found:
            self.first_seen.setdefault(one["metadata"]["uid"], now)
            if running_since(one) is not None:
                self.first_running.setdefault(one["metadata"]["uid"], now)
        return found

    def _get(self, path: str, label_selector: str | None = None) -> Manifest:
        return self._call("GET", path, query=[("labelSelector", label_selector)] if label_selector else [])

    def _call(
        self, method: str, path: str, query: Sequence[tuple[str, str]] = (), body: Any = None, media_type: str = _JSON
    ) -> Manifest:
        # Below the generated calls: their models cost a second to load, and drop the fields that they do not know.
        try:
            method, url, headers, content, _ = self._api.param_serialize(
                method,
                path,
                path_params={"namespace": self._namespace},
                query_params=list(query),
                header_params={"Accept": "application/json", "Content-Type": media_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = self._api.call_api(method, url, headers, content, _request_timeout=self._timeout_s)
            text = answer.read()
        except (OpenApiException, HTTPError) as error:
            raise self._unreadable(f"{type(error).__name__}: {error}") from error
        if answer.status not in (200, 202):
            raise self._unreadable(f"it answered {answer.status} {answer.reason}")
        manifest: Manifest = json.loads(text)
        return manifest

    def _unreadable(self, why: str) -> EnvironmentBroken:
        return EnvironmentBroken(
            f"Kubernetes cannot be read in the namespace {self._namespace} ({why[:300]}). Is its API running? "
            "Are kubernetes.kubeconfig, .context and .namespace right, and may you list there?"
        )


def is_healthy(pod: Manifest) -> bool:
    """Whether a pod has done its work, or runs with all its containers ready."""
    status = pod.get("status") or {}
    ready = [container.get("ready") for container in status.get("containerStatuses") or []]
    runs = status.get("phase") == "Running" and len(ready) == len(containers_of(pod)) and all(ready)
    return runs or status.get("phase") == "Succeeded"


def running_since(pod: Mapping[str, Any]) -> datetime | None:
    """When the last container of a pod began to run, in whole seconds; None unless all of them run."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    running = [(status.get("state") or {}).get("running") or {} for status in statuses]
    if not all("startedAt" in one for one in running):
        return None
    return max((datetime.fromisoformat(one["startedAt"]) for one in running), default=None)


def containers_of(manifest: Manifest) -> list[Manifest]:
    """The containers of a pod, or of the pods that a Job makes."""
    spec = manifest.get("spec") or {}
    pod_spec = (spec.get("template") or {}).get("spec") or {} if "template" in spec else spec
    return list(pod_spec.get("containers") or [])


def configuration_of(manifest: Manifest, variable: str) -> Any:
    """The configuration that the container of a Job or pod was given, or None when there is none that can be read."""
    values = [
        entry.get("value") or ""
        for container in containers_of(manifest)
        for entry in container.get("env") or []
        if entry.get("name") == variable
    ]
    try:
        return json.loads(values[0]) if len(values) == 1 else None
    except ValueError:
        return None


def _holds(configuration: Any, values: Mapping[str, Any]) -> bool:
    for path, wanted in values.items():
        seen = configuration
        for part in path.split("."):
            seen = seen.get(part) if isinstance(seen, dict) else None
        if seen != wanted:
            return False
    return True

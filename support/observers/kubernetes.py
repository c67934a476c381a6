"""Looking into Kubernetes: the analyzers (contract, step E)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from support.errors import EnvironmentBroken
from support.settings import Kubernetes, Naming

Manifest = dict[str, Any]


class Analyzer(NamedTuple):
    """What one job has on Kubernetes: its Jobs and their pods, one of each when all is well."""

    jobs: list[Manifest]
    pods: list[Manifest]


class Analyzers:
    """Jobs, pods and Services of a namespace, as the API gives them (camel case, as in a manifest)."""

    def __init__(self, settings: Kubernetes, naming: Naming) -> None:
        try:
            api = config.new_client_from_config(
                config_file=str(settings.kubeconfig) if settings.kubeconfig else None,
                context=settings.context,
            )
        except (ConfigException, OSError) as error:
            raise EnvironmentBroken(
                f"Kubernetes cannot be used: {error}. Are kubernetes.kubeconfig and kubernetes.context right?"
            ) from error
        # One quick answer instead of three retries of each call: a missing API is said at once.
        api.rest_client.pool_manager.connection_pool_kw["retries"] = 0
        self._api = api
        self._core = client.CoreV1Api(api)
        self._batch = client.BatchV1Api(api)
        self._namespace = settings.namespace
        self._timeout_s = settings.timeout_s
        self._label = naming.job_id_label

    def jobs(self) -> list[Manifest]:
        """Every Job of the namespace."""
        return self._list(self._batch.list_namespaced_job)

    def pods(self) -> list[Manifest]:
        """Every pod of the namespace."""
        return self._list(self._core.list_namespaced_pod)

    def services(self) -> list[Manifest]:
        """Every Service of the namespace."""
        return self._list(self._core.list_namespaced_service)

    def of_job(self, job_id: str) -> Analyzer:
        """The Jobs and pods that carry the job's id."""
        selector = f"{self._label}={job_id}"
        return Analyzer(
            jobs=self._list(self._batch.list_namespaced_job, label_selector=selector),
            pods=self._list(self._core.list_namespaced_pod, label_selector=selector),
        )

    def job_id_of(self, manifest: Manifest) -> str | None:
        """The job id that an object carries."""
        labels = manifest["metadata"].get("labels") or {}
        return labels.get(self._label)

    def job_ids_carrying(self, values: Mapping[str, Any], variable: str) -> set[str]:
        """Ids of the jobs whose analyzer was given a configuration with these values (dotted field -> value)."""
        return {
            job_id
            for job in self.jobs()
            if (job_id := self.job_id_of(job)) and _holds(configuration_of(job, variable), values)
        }

    def check_health(self) -> None:
        """See that the API answers, that the namespace is there, and that its objects may be listed.

        Raises:
            EnvironmentBroken: one of them does not hold.
        """
        self._call(lambda: self._core.read_namespace(self._namespace, _request_timeout=self._timeout_s))
        self.jobs()
        self.pods()

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    def _list(self, call: Callable[..., Any], **selectors: str) -> list[Manifest]:
        # The raw answer: the client's models cost time and hide fields that they do not know.
        answer = self._call(
            lambda: call(self._namespace, _request_timeout=self._timeout_s, _preload_content=False, **selectors)
        )
        return list(json.loads(answer.data).get("items") or [])

    def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (ApiException, HTTPError) as error:
            seen = f"{error.status} {error.reason}" if isinstance(error, ApiException) else str(error)
            raise EnvironmentBroken(
                f"Kubernetes cannot be read in the namespace {self._namespace} ({seen[:300]}). Is its API running? "
                "Are kubernetes.kubeconfig, .context and .namespace right, and may you list there?"
            ) from error


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

"""Looking into Kubernetes: the analyzers (contract, step E)."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from kubeconfig import Cluster, KubeconfigError, describe
from kubeconfig.calls import Connection, Refused, Unanswered, Unreadable
from kubeconfig.questions import Question
from redaction import redact
from support.core.errors import EnvironmentBroken, SettingsError
from support.observers.manifests import manifest_problems
from support.observers.store_calls import StoreCalls
from support.profile.settings import Kubernetes, Naming

Manifest = dict[str, Any]
T = TypeVar("T")

_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PROXY_ADVICE = "Is that proxy right, and running? NO_PROXY names the hosts that are reached without one."
_ADVICE = "Is its API running? Are kubernetes.kubeconfig, .context and .namespace right?"
_LOGIN_ADVICE = "Does the way to log in that the kubeconfig names work in this shell? Is kubernetes.kubeconfig right?"
_TRUST_ADVICE = (
    "Its authority is named by kubernetes.ca_file, or certificate-authority of the kubeconfig; another name than that "
    "of the address by tls-server-name there."
)
_ROLES = "deploy/kubernetes"
_NAMESPACE = "/api/v1/namespaces/{namespace}"
_PODS = f"{_NAMESPACE}/pods"
_SERVICES = f"{_NAMESPACE}/services"
_EVENTS = f"{_NAMESPACE}/events"
_JOBS = "/apis/batch/v1/namespaces/{namespace}/jobs"
_SHOWN = 300  # characters of an answer
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Analyzer(NamedTuple):
    """What one job has on Kubernetes: its Jobs and their pods, one of each when all is well."""

    jobs: list[Manifest]
    pods: list[Manifest]


class Analyzers:
    """Jobs, pods and Services of a namespace, as the API gives them (camel case, as in a manifest)."""

    def __init__(self, settings: Kubernetes, naming: Naming) -> None:
        self._calls = StoreCalls("Kubernetes", settings.timeout_s, "kubernetes.timeout_s", _ADVICE)
        try:
            described = describe(settings.kubeconfig, settings.context)
            self._cluster = Cluster(described, limit_s=self._calls.driver_limit_s, ca_file=settings.ca_file)
        except KubeconfigError as error:
            # A variable that cannot be used is told with what to do about it.
            is_told = isinstance(error.__cause__, SettingsError)
            advice = "" if is_told else ". Are kubernetes.kubeconfig and kubernetes.context right?"
            raise EnvironmentBroken(f"Kubernetes cannot be used: {error}{advice}") from None
        self._connection = Connection(self._cluster, self._calls.driver_limit_s)
        self._namespace = settings.namespace
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

    def warnings_about(self, uid: str) -> list[Manifest]:
        """The events that warn of something about the object with this uid.

        Raises:
            EnvironmentBroken: they cannot be listed; the right to do that is not needed for anything else.
        """
        return self._items_of(_EVENTS, ("fieldSelector", f"involvedObject.uid={uid},type=Warning"))

    def end(self, job_id: str) -> None:
        """Delete the Jobs of a job with their pods, behind the server's back: its analyzer exits.

        Raises:
            EnvironmentBroken: it could not be done.
        """
        for job in self.of_job(job_id).jobs:
            path = f"{self._path(_JOBS)}/{quote(job['metadata']['name'])}"
            self._ask(Question("DELETE", path, body={"propagationPolicy": "Background"}))

    def finish(self, job_id: str, phase: str) -> None:
        """Have the pods of a job end in a phase, `Succeeded` or `Failed`, as if their containers had.

        Raises:
            EnvironmentBroken: it could not be done.
        """
        for pod in self.of_job(job_id).pods:
            path = f"{self._path(_PODS)}/{quote(pod['metadata']['name'])}/status"
            body = {"status": {"phase": phase}}
            self._ask(Question("PATCH", path, body=body, media_type="application/merge-patch+json"))

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
        return self._cluster.server

    def check_health(self) -> None:
        """See that the API answers, that the namespace is there, and that its objects may be listed.

        Rights in the namespace are enough. Whether it is there can then be told only from what may be listed.

        Raises:
            EnvironmentBroken: one of them does not hold.
        """
        question = Question("GET", self._path(_NAMESPACE))
        namespace = self._try(str(question), lambda: self._connection.ask(question))
        if isinstance(namespace, Refused) and namespace.status != 403:
            raise self._refusal(question, namespace)
        listed = [*self.jobs(), *self.pods(), *self.services()]
        if isinstance(namespace, Refused) and not listed and not self._rights_end_with_the_namespace():
            logging.getLogger("focus").warning(
                "Kubernetes: whether there is a namespace %s could not be told: it is empty, and to look at it was "
                "refused (%s). If analyzers are missed, see that kubernetes.namespace is right.",
                self._namespace,
                redact(str(namespace)),
            )

    def close(self) -> None:
        """Give the connections back."""
        self._calls.close(self._connection.close)

    def _rights_end_with_the_namespace(self) -> bool:
        """Whether one may list there but not everywhere: such rights are kept in the namespace, so it is there."""
        everywhere = {"verb": "list", "group": "batch", "resource": "jobs"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": everywhere},
        }
        question = Question("POST", _REVIEWS, body=review)
        answer = self._try(str(question), lambda: self._connection.ask(question))
        status = {} if isinstance(answer, Refused) else answer.get("status")
        return isinstance(status, dict) and status.get("allowed") is False

    def _list(self, path: str, label_selector: str | None = None) -> list[Manifest]:
        found = self._items_of(path, *([("labelSelector", label_selector)] if label_selector else []))
        now = datetime.now(UTC)
        for one in found:
            self.first_seen.setdefault(one["metadata"]["uid"], now)
            if running_since(one) is not None:
                self.first_running.setdefault(one["metadata"]["uid"], now)
        return found

    def _items_of(self, path: str, *query: tuple[str, str]) -> list[Manifest]:
        question = Question("GET", self._path(path), query)
        found = self._try(str(question), lambda: self._pages(question))
        if isinstance(found, Refused):
            raise self._refusal(question, found)
        return found

    def _pages(self, question: Question) -> list[Manifest]:
        """All items of a list, also of one that the API gives in pages."""
        found: list[Manifest] = []
        token, begun_anew = "", False
        while True:
            query = [*question.query, *([("continue", token)] if token else [])]
            try:
                page = self._connection.ask(replace(question, query=query))
            except Refused as refusal:
                # The rest of a list is kept for some minutes only.
                if refusal.status != 410 or not token or begun_anew:
                    raise
                found, token, begun_anew = [], "", True
                continue
            found += _items(page)
            token = _continuation(page)
            if not token:
                return found

    def _ask(self, question: Question) -> Manifest:
        found = self._try(str(question), lambda: self._connection.ask(question))
        if isinstance(found, Refused):
            raise self._refusal(question, found)
        return found

    def _try(self, asked: str, call: Callable[[], T]) -> T | Refused:
        started = time.monotonic()

        def refused_or_answered() -> T | Refused:
            try:
                return call()
            except Refused as refusal:
                return refusal
            except KubeconfigError as error:
                seen, advice = f"there are no credentials for it: {error}", _LOGIN_ADVICE
            except Unanswered as failure:
                seen = f"no answer came: {failure}"
                advice = _TRUST_ADVICE if "certificate is not trusted" in seen else _ADVICE
                if "the proxy that" in seen:
                    advice = _PROXY_ADVICE
            except Unreadable as failure:
                seen, advice = f"it answered {failure}", _ADVICE
            raise self._calls.unusable(f"`{asked}`", seen, time.monotonic() - started, advice)

        return self._calls.make(f"`{asked}`", refused_or_answered)

    def _refusal(self, question: Question, refusal: Refused) -> EnvironmentBroken:
        advice = _ADVICE
        if refusal.status == 403:
            verb, resource, group = question.right
            advice = (
                f"It takes a Role in the namespace {self._namespace} with the verb {verb} for {resource} of the API "
                f'group "{group}": see {_ROLES}.'
            )
        elif refusal.status == 401:
            advice = f"The credentials of {self._cluster.origin} are not accepted, or no longer: log in anew."
        elif refusal.status == 404 and question.right.resource == "namespaces":
            advice = "There is no such namespace: is kubernetes.namespace right?"
        return self._calls.unusable(f"`{question}`", f"it answered {refusal}", None, advice)

    def _path(self, pattern: str) -> str:
        return pattern.format(namespace=quote(self._namespace, safe=""))


def _items(page: Manifest) -> list[Manifest]:
    items = page.get("items", ...)
    if items is None:  # An empty list, as some servers write it.
        return []
    if not isinstance(items, list):
        raise Unreadable(f"an object without a list of items, which has: {', '.join(sorted(page)) or 'nothing'}")
    for item in items:
        if wrong := manifest_problems(item):
            shown = redact(json.dumps(item))[:_SHOWN]
            raise Unreadable(f"an item that is no object of Kubernetes ({wrong}): {shown}")
    return items


def _continuation(page: Manifest) -> str:
    metadata = page.get("metadata")
    return str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""


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
    if not all(one.get("startedAt") for one in running):
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

"""The connection to one namespace of Kubernetes, shared by those who look into it and those who write into it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from kubeconfig import Cluster, KubeconfigError, read_context
from kubeconfig.api_request import ApiRequest
from kubeconfig.calls import ApiConnection, ApiStream, InvalidAnswer, NoAnswer, Refused
from redaction import redact
from support.core.errors import EnvironmentBroken, SettingsError
from support.observers.manifests import Manifest, manifest_problem
from support.observers.store_calls import StoreCalls
from support.profile.settings import Kubernetes

T = TypeVar("T")

_PROXY_ADVICE = "Is that proxy right, and running? NO_PROXY names the hosts that are reached without one."
_ADVICE = "Is its API running? Are kubernetes.kubeconfig, .context and .namespace right?"
_LOGIN_ADVICE = "Does the way to log in that the kubeconfig names work in this shell? Is kubernetes.kubeconfig right?"
_TRUST_ADVICE = (
    "Its authority is named by kubernetes.ca_file, or certificate-authority of the kubeconfig; another name than that "
    "of the address by tls-server-name there."
)
_ROLES = "deploy/kubernetes"
_SHOWN = 300  # characters of an answer
TOO_OLD = 410
_WATCH_S = 240  # Then it is begun anew, where it was: APIs end one after some minutes anyway.
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_NAMESPACE = "/api/v1/namespaces/{namespace}"
PODS = f"{_NAMESPACE}/pods"
SERVICES = f"{_NAMESPACE}/services"
EVENTS = f"{_NAMESPACE}/events"
QUOTAS = f"{_NAMESPACE}/resourcequotas"
OWN_QUOTA = "focus-acceptance-takes-no-jobs"  # by which the suite has Kubernetes refuse; no change of the product's
JOBS = "/apis/batch/v1/namespaces/{namespace}/jobs"


class Namespace:
    """One namespace: its objects as the API gives them (camel case, as in a manifest).

    Every method raises `EnvironmentBroken` when the API does not answer in time, refuses, or answers something else.
    """

    def __init__(self, settings: Kubernetes) -> None:
        self._calls = StoreCalls("Kubernetes", settings.timeout_s, "kubernetes.timeout_s", _ADVICE)
        try:
            described = read_context(settings.kubeconfig, settings.context)
            self._cluster = Cluster(described, limit_s=self._calls.driver_limit_s, ca_file=settings.ca_file)
        except KubeconfigError as error:
            # A variable that cannot be used is told with what to do about it.
            is_told = isinstance(error.__cause__, SettingsError)
            advice = "" if is_told else ". Are kubernetes.kubeconfig and kubernetes.context right?"
            raise EnvironmentBroken(f"Kubernetes cannot be used: {error}{advice}") from None
        self._connection = ApiConnection(self._cluster, self._calls.driver_limit_s)
        self._name = settings.namespace
        self._other_kinds: list[tuple[str, str]] | None = None
        self._versions: dict[str, int] = {}

    @property
    def address(self) -> str:
        """Where the API is."""
        return self._cluster.server

    def items(
        self, path: str, *query: tuple[str, str], problem: Callable[[Any], str | None] = manifest_problem
    ) -> list[Manifest]:
        """The objects at a path such as `PODS`; one that has a `problem` is no answer."""
        question = ApiRequest("GET", self._path(path), query)
        return self._accepted(question, lambda: self._pages(question, problem))

    def item(self, path: str, name: str) -> Manifest:
        """The object of that name at a path such as `PODS`."""
        question = ApiRequest("GET", f"{self._path(path)}/{quote(name)}")
        return self._accepted(question, lambda: self._connection.ask(question))

    def version(self, path: str) -> int:
        """The version that the last list of the objects at a path told, of them all; one is made if there was none."""
        where = self._path(path)
        if where not in self._versions:
            self.items(path)
        return self._versions.get(where, 0)

    def watch(self, path: str, version: int, ends_after_s: int = _WATCH_S) -> ApiStream:
        """What happens to the objects at a path after a version, and which version was reached, in lines of JSON.

        Raises `Refused` (410) when it no longer knows what came after that version.
        """
        ends = ("timeoutSeconds", str(ends_after_s))
        query = [("watch", "1"), ("resourceVersion", str(version)), ("allowWatchBookmarks", "true"), ends]
        question = ApiRequest("GET", self._path(path), query)
        quiet_s = ends_after_s + self._calls.driver_limit_s
        answered = self._try(question, lambda: self._connection.stream(question, quiet_s))
        if isinstance(answered, Refused):
            raise answered if answered.status == TOO_OLD else self._refusal(question, answered)
        return answered

    def other_kinds(self) -> list[tuple[str, str]]:
        """The kinds that the namespace may list besides Jobs, pods and Services: name (`configmaps`) and path of each.

        A kind of a group is called `leases.coordination.k8s.io`. They are asked for once; there are none where the API
        does not say which it has.
        """
        if self._other_kinds is None:
            roots = ["/api/v1"]
            for group in self._json("/apis").get("groups", []):
                roots.append(f"/apis/{group['preferredVersion']['groupVersion']}")
            counted = {self._path(path) for path in (JOBS, PODS, SERVICES)}
            found = [(name, path) for root in roots for name, path in self._kinds_at(root) if path not in counted]
            self._other_kinds = [(name, path) for name, path in found if self._may_list(path)]
        return self._other_kinds

    def _kinds_at(self, root: str) -> list[tuple[str, str]]:
        group = root.removeprefix("/apis/").partition("/")[0] if root.startswith("/apis/") else ""
        return [
            (
                f"{one['name']}.{group}" if group else one["name"],
                self._path(f"{root}/namespaces/{{namespace}}/{one['name']}"),
            )
            for one in self._json(root).get("resources", [])
            if one.get("namespaced") and "list" in one.get("verbs", ()) and "/" not in one["name"]
        ]

    def _may_list(self, path: str) -> bool:
        return not isinstance(self._asked(path), Refused)

    def _json(self, path: str) -> dict[str, Any]:
        answered = self._asked(path)
        return {} if isinstance(answered, Refused) else answered

    def _asked(self, path: str) -> dict[str, Any] | Refused:
        question = ApiRequest("GET", path)
        return self._try(question, lambda: self._connection.ask(question))

    def create(self, path: str, item: Manifest) -> None:
        """Make an object at a path such as `QUOTAS`."""
        question = ApiRequest("POST", self._path(path), body=item)
        self._accepted(question, lambda: self._connection.ask(question))

    def change(
        self, method: str, path: str, name: str, body: Manifest, *, part: str = "", media_type: str = "application/json"
    ) -> None:
        """Delete or change the object of that name at a path such as `PODS`, or a part of it such as `status`."""
        where = "/".join([self._path(path), quote(name), *([part] if part else [])])
        question = ApiRequest(method, where, body=body, media_type=media_type)
        self._accepted(question, lambda: self._connection.ask(question))

    def remove(self, path: str, name: str, how: Manifest) -> None:
        """Delete the object of that name at a path such as `PODS`; one that is gone already is as good."""
        question = ApiRequest("DELETE", f"{self._path(path)}/{quote(name)}", body=how)
        answered = self._try(question, lambda: self._connection.ask(question))
        if isinstance(answered, Refused) and answered.status != 404:
            raise self._refusal(question, answered)

    def check_health(self) -> None:
        """See that the API answers, that the namespace is there, and that its objects may be listed.

        Rights in the namespace are enough. Whether it is there can then be told only from what may be listed.
        """
        question = ApiRequest("GET", self._path(_NAMESPACE))
        namespace = self._try(question, lambda: self._connection.ask(question))
        if isinstance(namespace, Refused) and namespace.status != 403:
            raise self._refusal(question, namespace)
        listed = [item for path in (JOBS, PODS, SERVICES) for item in self.items(path)]
        if isinstance(namespace, Refused) and not listed and not self._rights_end_with_the_namespace():
            logging.getLogger("focus").warning(
                "Kubernetes: whether there is a namespace %s could not be told: it is empty, and to look at it was "
                "refused (%s). If analyzers are missed, see that kubernetes.namespace is right.",
                self._name,
                redact(str(namespace)),
            )

    def close(self) -> None:
        """Give the connections back; this raises nothing."""
        self._calls.close(self._connection.close)

    def _rights_end_with_the_namespace(self) -> bool:
        """Whether one may list there but not everywhere: such rights are kept in the namespace, so it is there."""
        everywhere = {"verb": "list", "group": "batch", "resource": "jobs"}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": everywhere},
        }
        question = ApiRequest("POST", _REVIEWS, body=review)
        answer = self._try(question, lambda: self._connection.ask(question))
        status = {} if isinstance(answer, Refused) else answer.get("status")
        return isinstance(status, dict) and status.get("allowed") is False

    def _pages(self, question: ApiRequest, problem: Callable[[Any], str | None]) -> list[Manifest]:
        """All items of a list, also of one that the API gives in pages."""
        found: list[Manifest] = []
        token, begun_anew = "", False
        while True:
            query = [*question.query, *([("continue", token)] if token else [])]
            try:
                page = self._connection.ask(replace(question, query=query))
            except Refused as refusal:
                # The API holds the rest of a list for some minutes only.
                if refusal.status != TOO_OLD or not token or begun_anew:
                    raise
                found, token, begun_anew = [], "", True
                continue
            found += _items(page, problem)
            metadata = page.get("metadata")
            self._note_version(question.path, metadata)
            token = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
            if not token:
                return found

    def _note_version(self, path: str, metadata: Any) -> None:
        told = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        if isinstance(told, str) and told.isdecimal():
            self._versions[path] = max(int(told), self._versions.get(path, 0))

    def _accepted(self, question: ApiRequest, call: Callable[[], T]) -> T:
        answered = self._try(question, call)
        if isinstance(answered, Refused):
            raise self._refusal(question, answered)
        return answered

    def _try(self, question: ApiRequest, call: Callable[[], T]) -> T | Refused:
        started = time.monotonic()
        asked = f"`{question}`"

        def refused_or_answered() -> T | Refused:
            try:
                return call()
            except Refused as refusal:
                return refusal
            except KubeconfigError as error:
                seen, advice = f"there are no credentials for it: {error}", _LOGIN_ADVICE
            except NoAnswer as failure:
                seen = f"no answer came: {failure}"
                advice = _TRUST_ADVICE if "certificate is not trusted" in seen else _ADVICE
                if "the proxy that" in seen:
                    advice = _PROXY_ADVICE
            except InvalidAnswer as failure:
                seen, advice = f"it answered {failure}", _ADVICE
            raise self._calls.unusable(asked, seen, time.monotonic() - started, advice)

        return self._calls.make(asked, refused_or_answered)

    def _refusal(self, question: ApiRequest, refusal: Refused) -> EnvironmentBroken:
        advice = _ADVICE
        if refusal.status == 403:
            verb, resource, group = question.right
            advice = (
                f"It takes a Role in the namespace {self._name} with the verb {verb} for {resource} of the API "
                f'group "{group}": see {_ROLES}.'
            )
        elif refusal.status == 401:
            advice = f"The credentials of {self._cluster.origin} are not accepted, or no longer: log in again."
        elif refusal.status == 404 and question.right.resource == "namespaces":
            advice = "There is no such namespace: is kubernetes.namespace right?"
        return self._calls.unusable(f"`{question}`", f"it answered {refusal}", None, advice)

    def _path(self, pattern: str) -> str:
        return pattern.format(namespace=quote(self._name, safe=""))


def _items(page: dict[str, Any], problem: Callable[[Any], str | None]) -> list[Manifest]:
    items = page.get("items", ...)
    if items is None:  # An empty list, as some servers write it.
        return []
    if not isinstance(items, list):
        raise InvalidAnswer(f"an object without a list of items, which has: {', '.join(sorted(page)) or 'nothing'}")
    for item in items:
        if wrong := problem(item):
            shown = redact(json.dumps(item))[:_SHOWN]
            raise InvalidAnswer(f"an item that is no object of Kubernetes ({wrong}): {shown}")
    return items

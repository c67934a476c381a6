"""Requests to a Kubernetes API, and the access right that each needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_PATH = re.compile(
    r"(?:/api/v1|/apis/(?P<group>[^/]+)/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/?]+)(?=/))?"
    r"/(?P<resource>[^/?]+)(?:/(?P<name>[^/?]+))?(?:/(?P<part>[^/?]+))?(?:\?.*)?"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Right(NamedTuple):
    """An access right, as a rule of a Role grants it."""

    verb: str
    resource: str
    """With its subresource: `pods/status`."""
    group: str = ""
    """The API group; empty for the core's."""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


@dataclass(frozen=True)
class ApiRequest:
    """A request to the API."""

    method: str
    path: str
    """From `/api` on."""
    query: Sequence[tuple[str, str]] = ()
    body: Any = field(default=None, repr=False)
    media_type: str = "application/json"

    @property
    def right(self) -> Right:
        """The access right that the request needs."""
        parts = _PATH.fullmatch(self.path)
        if parts is None:
            return Right(self.method, self.path)
        reads = "get" if parts["name"] else "watch" if ("watch", "1") in self.query else "list"
        verb = _VERBS.get(self.method) or reads
        return Right(verb, parts["resource"] + (f"/{parts['part']}" if parts["part"] else ""), parts["group"] or "")

    def __str__(self) -> str:
        """Verb, resource and namespace, for messages."""
        parts = _PATH.fullmatch(self.path)
        name = f" {parts['name']}" if parts and parts["name"] else ""
        where = f" in the namespace {parts['namespace']}" if parts and parts["namespace"] else ""
        return f"{self.right}{name}{where}"

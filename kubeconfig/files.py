"""Finding and merging kubeconfig files, by the rules of Kubernetes.

https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kubeconfig.errors import KubeconfigError

_SECTIONS = ("clusters", "users", "contexts")
_FILES = {
    "clusters": ("certificate-authority",),
    "users": ("client-certificate", "client-key", "tokenFile"),
    "contexts": (),
}
_DEFAULT = "~/.kube/config"


@dataclass(frozen=True)
class ClusterContext:
    """One context of some kubeconfig files: a cluster and a user. All paths in them are absolute."""

    origin: str
    """The files, for messages."""
    folder: Path
    """The folder of the file that describes the user: an exec plugin runs there."""
    cluster: Mapping[str, Any]
    user: Mapping[str, Any] = field(repr=False)

    def document(self) -> dict[str, Any]:
        """A kubeconfig with this context only, as `kubectl config view --minify` prints it."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "current",
            "clusters": [{"name": "current", "cluster": dict(self.cluster)}],
            "users": [{"name": "current", "user": dict(self.user)}],
            "contexts": [{"name": "current", "context": {"cluster": "current", "user": "current"}}],
        }


def read_context(
    file: Path | str | None, context: str | None = None, environment: Mapping[str, str] = os.environ
) -> ClusterContext:
    """Read a context, the current one by default, of a kubeconfig.

    Args:
        file: A file, or several with the system's path separator between them. None: those of KUBECONFIG in the
            environment, else ~/.kube/config.
        context: Its name.
        environment: Where KUBECONFIG is looked up.

    Raises:
        KubeconfigError: there is no such file or context, or something in it is missing or wrong.
    """
    paths = _paths(file, environment)
    found = [path for path in paths if path.exists()]
    origin = os.pathsep.join(map(str, found or paths))
    if not found:
        named = (
            "" if file else "; KUBECONFIG names them" if environment.get("KUBECONFIG") else "; KUBECONFIG is not set"
        )
        raise KubeconfigError(f"there is no kubeconfig {origin}{named}")
    documents = [(path, _document(path)) for path in found]
    # The first file that sets something wins.
    current = context or next(
        (str(each["current-context"]) for _, each in documents if each.get("current-context")), ""
    )
    if not current:
        raise KubeconfigError(f"{origin} has no current-context, and no context was named")
    entries = {section: dict(reversed(list(_entries(section, documents)))) for section in _SECTIONS}
    if current not in entries["contexts"]:
        known = ", ".join(sorted(entries["contexts"])) or "none"
        raise KubeconfigError(f"{origin} has no context {current!r}; it has: {known}")
    _, chosen = entries["contexts"][current]
    cluster = entries["clusters"].get(str(chosen.get("cluster")))
    if cluster is None:
        raise KubeconfigError(f"{origin} has no cluster {chosen.get('cluster')!r}, which its context {current!r} names")
    user = entries["users"].get(str(chosen.get("user")))
    if user is None and chosen.get("user"):
        raise KubeconfigError(f"{origin} has no user {chosen['user']!r}, which its context {current!r} names")
    folder, described = user or (cluster[0], {})
    return ClusterContext(origin, folder, cluster[1], described)


def _paths(file: Path | str | None, environment: Mapping[str, str]) -> list[Path]:
    text = str(file) if file else ""
    # The name of one file may have the separator in it.
    if text and (_expanded(text).exists() or os.pathsep not in text):
        return [_expanded(text).absolute()]
    several = text or environment.get("KUBECONFIG", "")
    named = [_expanded(part).absolute() for part in several.split(os.pathsep) if part]
    return named or [_expanded(_DEFAULT)]


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise KubeconfigError(f"{text} cannot be found: this user has no home directory; set HOME") from error


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise KubeconfigError(f"the kubeconfig {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError):
        # Such an error quotes the text around it, which may be a token.
        raise KubeconfigError(f"the kubeconfig {path} is not YAML") from None
    if not isinstance(document, dict):
        raise KubeconfigError(f"the kubeconfig {path} is empty, or not a mapping")
    return document


def _entries(
    section: str, documents: list[tuple[Path, Mapping[str, Any]]]
) -> Iterator[tuple[str, tuple[Path, dict[str, Any]]]]:
    kind = section.removesuffix("s")
    for path, document in documents:
        listed = document.get(section) or []
        if not isinstance(listed, list):
            raise KubeconfigError(f"the kubeconfig {path} has no list of {section}")
        for number, entry in enumerate(listed, start=1):
            described = entry.get(kind) or {} if isinstance(entry, dict) else None
            if not isinstance(described, dict) or "name" not in entry:
                raise KubeconfigError(f"the kubeconfig {path}: entry {number} of {section} has no name, or no {kind}")
            yield str(entry["name"]), (path.parent, _absolute(section, path.parent, described))


def _absolute(section: str, folder: Path, described: Mapping[str, Any]) -> dict[str, Any]:
    paths = {name: str(folder / _expanded(str(described[name]))) for name in _FILES[section] if described.get(name)}
    plugin = described.get("exec") if section == "users" else None
    if isinstance(plugin, dict) and os.sep in (command := str(plugin.get("command", ""))):
        plugin = {**plugin, "command": str(folder / _expanded(command))}
    return {**described, **paths, **({"exec": plugin} if plugin else {})}

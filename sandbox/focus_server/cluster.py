"""How to reach a Kubernetes API server, read from a kubeconfig file.

Read here rather than by a client library: importing a generated client costs more than the whole rest of
the server's start (2 s against 1.3 s), for the sake of two requests.
"""

import base64
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class KubeconfigError(Exception):
    """The kubeconfig cannot be used; the message says why."""


@dataclass(frozen=True)
class Cluster:
    """Address and credentials of the current context."""

    server: str
    headers: dict[str, str] = field(repr=False)
    tls: ssl.SSLContext | None


def read_kubeconfig(path: Path) -> Cluster:
    """Read the file's current context: a token, or a client certificate, or neither.

    Raises `KubeconfigError`.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"]).get("user") or {}
        server = str(cluster["server"]).rstrip("/")
        tls = _tls(cluster, user, path.parent) if server.startswith("https:") else None
        token = _token(user, path.parent)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        # A YAML error quotes the text around it, which may be a token.
        reason = type(error).__name__ if isinstance(error, yaml.YAMLError) else repr(error)
        raise KubeconfigError(f"{path} is no usable kubeconfig: {reason}") from None
    return Cluster(server, {"Authorization": f"Bearer {token}"} if token else {}, tls)


def _named(document: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    for entry in document[section]:
        if entry["name"] == name:
            return dict(entry)
    raise KeyError(f"{section}: {name}")


def _token(user: dict[str, Any], folder: Path) -> str | None:
    if "tokenFile" in user:
        return (folder / str(user["tokenFile"])).read_text(encoding="utf-8").strip()
    if "exec" in user or "auth-provider" in user:
        raise ValueError("users that log in by exec or auth-provider are not supported, use a token")
    token = user.get("token")
    return None if token is None else str(token)


def _tls(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster or "certificate-authority" in cluster:
        authority = _content(cluster, "certificate-authority", folder)
        context = ssl.create_default_context(cadata=authority.decode("ascii"))
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if "client-certificate-data" in user or "client-certificate" in user:
        # The ssl module takes a client certificate from a file only.
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(_content(user, "client-certificate", folder) + b"\n" + _content(user, "client-key", folder))
            pem.flush()
            context.load_cert_chain(pem.name)
    return context


def _content(section: dict[str, Any], name: str, folder: Path) -> bytes:
    if f"{name}-data" in section:
        return base64.b64decode(str(section[f"{name}-data"]))
    return (folder / str(section[name])).read_bytes()

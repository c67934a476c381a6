"""The Kubernetes API of a sandbox: its own process, or a cluster that the settings name."""

import asyncio
import base64
import os
import ssl
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from sandbox.processes import Launcher, Part, PartFailed, address_in, ready
from sandbox.rest import Interface, RequestFailed, basic

CLUSTER_SETTING = "FOCUS_SANDBOX_KUBECONFIG"

_START_LIMIT = 30.0
_GONE_LIMIT = 60.0  # a real cluster takes its time to finalize a namespace
_LOOK_AGAIN = 0.02
_NAMESPACES = "/api/v1/namespaces"


@dataclass(frozen=True)
class Kubernetes:
    """A Kubernetes API and the way to it; ``part`` is None for a cluster of the settings."""

    part: Part | None
    kubeconfig: Path
    interface: Interface

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
                await self.interface.send(method, f"{_NAMESPACES}/{namespace}")
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
        return await _existing(Path(configured).expanduser())
    kubeconfig = directory / "kubeconfig"
    options = ["--port", "0", "--kubeconfig", str(kubeconfig), "--pod-start-delay", "0.05"]
    part = launcher.launch(
        "kubernetes",
        [sys.executable, "-m", "sandbox.kubernetes", *options],
        directory,
        environment=environment,
        separate_output=True,
    )
    address = await ready(part, lambda: address_in(part), limit=_START_LIMIT, expected="`ready http://…` on its output")
    return Kubernetes(replace(part, address=address), kubeconfig, interface(kubeconfig))


async def _existing(kubeconfig: Path) -> Kubernetes:
    try:
        cluster = Kubernetes(None, kubeconfig, interface(kubeconfig))
        await cluster.interface.send("GET", f"{_NAMESPACES}?limit=1")
    except (OSError, ValueError, KeyError, yaml.YAMLError, RequestFailed) as failure:
        raise PartFailed(
            f"kubernetes: the cluster of {CLUSTER_SETTING}={kubeconfig} cannot be used: {failure!r}. "
            "Correct the setting, or unset it for the sandbox's own API."
        ) from failure
    return cluster


def interface(kubeconfig: Path) -> Interface:
    """Read how to reach the current context of a kubeconfig: a token, a password or a client certificate.

    Raises OSError, KeyError, ValueError or yaml.YAMLError if that cannot be read from it.
    """
    content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    context = _named(content, "context", content["current-context"])
    cluster = _named(content, "cluster", context["cluster"])
    user = _named(content, "user", context["user"])
    if "exec" in user or "auth-provider" in user:
        raise ValueError("a user with an exec or auth-provider plugin is not supported, only one with a token")
    authorization = ""
    if "tokenFile" in user:
        authorization = f"Bearer {(kubeconfig.parent / user['tokenFile']).read_text('utf-8').strip()}"
    elif "token" in user:
        authorization = f"Bearer {user['token']}"
    elif "username" in user:
        authorization = basic(user["username"], user["password"])
    address = str(cluster["server"]).rstrip("/")
    tls = _tls(kubeconfig.parent, cluster, user) if address.startswith("https:") else None
    return Interface(address, authorization, tls)


def _named(content: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    for entry in content[f"{kind}s"]:
        if entry["name"] == name:
            return dict(entry[kind])
    raise ValueError(f"there is no {kind} {name!r}")


def _tls(base: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    elif "certificate-authority" in cluster:
        context.load_verify_locations(base / cluster["certificate-authority"])
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if "client-certificate-data" in user:
        # The ssl module takes certificates from files only.
        with tempfile.TemporaryDirectory(prefix="focus-sandbox-") as private:
            certificate = Path(private, "client.pem")
            parts = (user["client-certificate-data"], user["client-key-data"])
            certificate.write_bytes(b"\n".join(base64.b64decode(part) for part in parts))
            context.load_cert_chain(certificate)
    elif "client-certificate" in user:
        context.load_cert_chain(base / user["client-certificate"], base / os.fspath(user["client-key"]))
    return context

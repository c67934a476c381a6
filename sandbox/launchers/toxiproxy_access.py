"""Toxiproxy: how it is started, and the proxies between a tenant's Focus Server and its stores."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from kubeconfig import read_context
from sandbox.launchers.processes import Launcher, RunningPart, announced, free_port
from sandbox.launchers.rest import RestApi

STORES = ("mongodb", "rabbitmq", "kubernetes")

_HOST = "127.0.0.1"
_PORTS = {"amqp": 5672, "amqps": 5671, "http": 80, "https": 443}


@dataclass(frozen=True)
class Toxiproxy:
    """A running Toxiproxy, or what stands in for it."""

    part: RunningPart
    interface: RestApi

    async def relay(self, proxy: str, address: str) -> str:
        """Put a proxy before the server of an address; returns host and port to go to instead.

        Where the server shows a certificate, it must be held against the name in the address. Raises RequestFailed.
        """
        store = urlsplit(address)
        host = host_of(address)
        upstream = f"{f'[{host}]' if ':' in host else host}:{store.port or _PORTS[store.scheme]}"
        # Of the ports that no outgoing connection gets, or one could have it while the proxy is disabled.
        body = {"name": proxy, "listen": f"{_HOST}:{free_port()}", "upstream": upstream, "enabled": True}
        return str((await self.interface.send("POST", "/proxies", body))["listen"])

    async def delete(self, proxy: str) -> None:
        """Remove a proxy and close its connections; none of that name is fine. Raises RequestFailed."""
        await self.interface.delete(f"/proxies/{proxy}")


async def start(launcher: Launcher, directory: Path, environment: Mapping[str, str]) -> Toxiproxy:
    """Start the sandbox's own; returns when its API answers. Raises PartFailed."""
    part = launcher.launch(
        "toxiproxy",
        [sys.executable, "-m", "sandbox.emulators.toxiproxy"],
        directory,
        environment=environment,
        separate_output=True,
    )
    part = await announced(part)
    return Toxiproxy(part, RestApi(part.address, ""))


def host_of(address: str) -> str:
    """The host of an address, as certificates name it: without the brackets of IPv6."""
    return urlsplit(address).hostname or ""


def name_of(tenant: str, store: str) -> str:
    """Name the proxy before a tenant's store."""
    return f"{tenant}-{store}"


def relayed_kubeconfig(original: Path, host: str) -> str:
    """Write a kubeconfig anew whose current context, its only one, leads to another host (with the port).

    The certificate is still held against the name that it was held against before. Files it refers to are the
    original's. Raises KubeconfigError.
    """
    content = read_context(original).document()
    cluster = content["clusters"][0]["cluster"]
    server = urlsplit(str(cluster["server"]))
    login, at, _ = server.netloc.rpartition("@")
    cluster["server"] = server._replace(netloc=f"{login}{at}{host}").geturl()
    if server.scheme == "https" and server.hostname != _HOST and not cluster.get("tls-server-name"):
        cluster["tls-server-name"] = server.hostname
    return str(yaml.safe_dump(content))

"""All that the tenants of a sandbox share, above all the three stores, started at the same time."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.launchers import kubernetes_api, rabbitmq, ssh_access, tls, toxiproxy_access
from sandbox.launchers.processes import Launcher, RunningPart

if TYPE_CHECKING:
    from sandbox.launchers.mongodb import MongoDB


@dataclass(frozen=True)
class Infrastructure:
    """The stores, the SSH server and Toxiproxy, ready but for a broker that boots, and the certificate for servers."""

    mongodb: "MongoDB"
    broker: rabbitmq.Broker
    kubernetes: kubernetes_api.Kubernetes
    ssh: ssh_access.SshAccess
    toxiproxy: toxiproxy_access.Toxiproxy
    certificate: tls.Certificate
    disposable: bool = False
    """Whether MongoDB and RabbitMQ may be ended and started again: then their ends are nothing to tell of."""
    booting: "asyncio.Task[None] | None" = None
    """The start of the broker, which may still be going on; None where somebody else has waited for it."""

    @property
    def parts(self) -> list[RunningPart]:
        """The processes that all of it consists of."""
        optional = [self.kubernetes.part] if self.kubernetes.part else []
        return [*self.broker.parts, self.mongodb.part, *optional, self.ssh.part, self.toxiproxy.part]

    @property
    def lasting_parts(self) -> list[RunningPart]:
        """Those that nobody ends before the sandbox does."""
        passing = [self.mongodb.part, self.broker.node] if self.disposable else []
        return [part for part in self.parts if part not in passing]

    @property
    def addresses(self) -> dict[str, str]:
        """Where each store is reached, without credentials."""
        return {
            "mongodb": f"mongodb://{self.mongodb.host}",
            "rabbitmq": f"{self.broker.scheme}://{self.broker.host}",
            "kubernetes": self.kubernetes.interface.address,
        }

    @property
    def not_relayed(self) -> dict[str, str]:
        """Stores that no proxy can be put before, each with the reason."""
        why = "the API of the cluster is reached through an HTTP proxy (proxy-url of its kubeconfig, or HTTPS_PROXY)"
        return {"kubernetes": why} if self.kubernetes.interface.is_proxied else {}

    @property
    def outlives_sandbox(self) -> bool:
        """Whether one of the stores was there before, so that what is made in it must be removed again."""
        return not self.broker.parts or self.kubernetes.part is None

    async def until_booted(self) -> None:
        """Return when the broker is ready, too. Raises PartFailed."""
        if self.booting is not None:
            await asyncio.shield(self.booting)  # Others wait for it as well.

    @property
    def has_booted(self) -> bool:
        """Whether the broker is ready, or was."""
        task = self.booting
        return task is None or (task.done() and not task.cancelled() and task.exception() is None)

    async def wait_no_longer(self) -> None:
        """Give up waiting for the broker."""
        if self.booting is not None:
            await _given_up(self.booting)

    def check(self) -> None:
        """Raise PartFailed if one of the processes has died."""
        for part in self.lasting_parts:
            part.check()


@asynccontextmanager
async def side_by_side() -> AsyncIterator[asyncio.TaskGroup]:
    """Run tasks at the same time; the first failure ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def start(
    launcher: Launcher, directory: Path, environment: Mapping[str, str], *, disposable: bool = False
) -> Infrastructure:
    """Start everything; returns when all is ready but the broker. Raises PartFailed for the first that fails.

    A broker of the sandbox's own takes longest by far: what needs only the others can be done while it boots. One that
    was lent is ready, too.
    """
    broker = await rabbitmq.launch(launcher, directory, environment)
    booting = asyncio.create_task(broker.wait_until_ready())
    others = asyncio.create_task(_start_others(launcher, directory, environment, broker, booting, durable=disposable))
    try:
        await asyncio.wait([booting] if not broker.parts else [booting, others], return_when=asyncio.FIRST_COMPLETED)
        if booting.done():
            booting.result()
        return await others
    except BaseException:
        await _given_up(booting, others)
        raise


async def _given_up(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _start_others(
    launcher: Launcher,
    directory: Path,
    environment: Mapping[str, str],
    broker: rabbitmq.Broker,
    booting: "asyncio.Task[None]",
    *,
    durable: bool,
) -> Infrastructure:
    async with side_by_side() as group:
        kubernetes = group.create_task(kubernetes_api.start(launcher, directory, environment))
        mongodb = group.create_task(_start_mongodb(launcher, directory, environment, durable=durable))
        ssh = group.create_task(ssh_access.start(launcher, directory, environment))
        toxiproxy = group.create_task(toxiproxy_access.start(launcher, directory, environment))
        certificate = group.create_task(tls.issue(directory))
    return Infrastructure(
        mongodb.result(),
        broker,
        kubernetes.result(),
        ssh.result(),
        toxiproxy.result(),
        certificate.result(),
        disposable=durable,
        booting=booting,
    )


async def _start_mongodb(
    launcher: Launcher, directory: Path, environment: Mapping[str, str], *, durable: bool
) -> "MongoDB":
    await asyncio.to_thread(importlib.import_module, "pymongo")
    from sandbox.launchers import mongodb

    return await mongodb.start(launcher, directory, environment, durable=durable)

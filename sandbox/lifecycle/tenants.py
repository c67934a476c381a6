"""Tenants: a database, a virtual host, a namespace and a Focus Server that one run has to itself."""

import asyncio
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sandbox.launchers.infrastructure import Infrastructure, side_by_side
from sandbox.launchers.processes import Launcher, PartFailed, RunningPart, announced, free_port
from sandbox.launchers.recorder import leave_recordings
from sandbox.launchers.rest import RequestFailed
from sandbox.launchers.toxiproxy_access import STORES, host_of, name_of, relayed_kubeconfig
from sandbox.lifecycle.lent import Lent
from sandbox.lifecycle.report import Endpoints

FOCUS_SERVER = (sys.executable, "-m", "sandbox.focus_server")

# Time limits for the suite, in seconds: all runs on one machine, with one clock.
PACE = {
    "effect_appears_s": 15.0,
    "analyzer_runs_s": 10.0,
    "effect_disappears_s": 5.0,
    "settling_s": 0.1,
    "poll_interval_s": 0.05,
    "clock_tolerance_s": 0.0,
}
QUICK_STATISTICS = {"effect_appears_s": 5.0}  # with a broker that is not late to tell of them

_SERVER_GRACE = 3.0


@dataclass(frozen=True)
class Tenant:
    """What one run has to itself; ``server`` is None in a sandbox without Focus Server.

    ``relayed`` has host and port of the proxies before its stores: the server goes that way, the suite does not.
    """

    name: str
    endpoints: Endpoints
    directory: Path
    relayed: Mapping[str, str] = field(default_factory=dict)
    server: RunningPart | None = None

    def check(self) -> None:
        """Raise PartFailed if the Focus Server has died."""
        if self.server is not None:
            self.server.check()


@dataclass(frozen=True)
class Tenants:
    """Makes and removes tenants. ``server`` is the command of the Focus Server, empty for none."""

    infrastructure: Infrastructure
    launcher: Launcher
    directory: Path
    environment: Mapping[str, str]
    lent: Lent
    server: Sequence[str] = FOCUS_SERVER
    living: dict[str, Tenant] = field(default_factory=dict)

    async def make(self) -> Tenant:
        """Make a tenant; returns when its server is ready.

        Raises PartFailed or RequestFailed, with everything undone that was done for it.
        """
        tenant = self._plan(secrets.token_hex(4))
        self.lent.add(tenant.name)  # Before anything is there: the supervisor may die at any moment.
        tenant.directory.mkdir()
        try:
            async with side_by_side() as group:
                group.create_task(self.infrastructure.broker.create(tenant.name))
                group.create_task(self.infrastructure.kubernetes.create(tenant.name))
                group.create_task(leave_recordings(self.infrastructure.mongodb, _database(tenant.name)))
                relaying = group.create_task(self._relayed(tenant))
            tenant = relaying.result()
            if self.server:
                tenant = self._with_server(tenant)
                tenant = await self._with_address(tenant)
        except BaseException as failure:
            try:
                await self.remove(tenant)
            except (PartFailed, RequestFailed) as another:
                failure.add_note(str(another))
            raise
        self.living[tenant.name] = tenant
        return tenant

    async def remove(self, tenant: Tenant) -> None:
        """Remove a tenant; returns when everything of it is gone. Raises PartFailed or RequestFailed."""
        self.living.pop(tenant.name, None)
        if tenant.server is not None:
            await tenant.server.stop()
        async with side_by_side() as group:
            group.create_task(self.infrastructure.mongodb.drop(_database(tenant.name)))
            group.create_task(self.infrastructure.broker.delete(tenant.name))
            group.create_task(self.infrastructure.kubernetes.delete(tenant.name))
            for store in STORES:
                group.create_task(self.infrastructure.toxiproxy.delete(name_of(tenant.name, store)))
        self.lent.discard(tenant.name)
        shutil.rmtree(tenant.directory, ignore_errors=True)

    def _plan(self, identity: str) -> Tenant:
        name = f"focus-{identity}"
        stores = self.infrastructure
        endpoints: Endpoints = {
            "exclusive": True,
            "time_limits": PACE | (QUICK_STATISTICS if stores.broker.quick_statistics else {}),
            "rabbitmq": {"url": stores.broker.url(name), "management_url": stores.broker.management_url},
            "kubernetes": {"kubeconfig": str(stores.kubernetes.kubeconfig), "namespace": name},
            "ssh": {
                "hosts": [stores.ssh.host],
                "user": stores.ssh.user,
                "key_file": str(stores.ssh.key_file),
                "known_hosts_file": str(stores.ssh.known_hosts_file),
            },
        }
        return Tenant(name, endpoints, self.directory / name)

    async def _relayed(self, tenant: Tenant) -> Tenant:
        toxiproxy = self.infrastructure.toxiproxy
        not_relayed = self.infrastructure.not_relayed
        relayed = {
            store: await toxiproxy.relay(name_of(tenant.name, store), address)
            for store, address in self.infrastructure.addresses.items()
            if store not in not_relayed
        }
        proxies = {store: name_of(tenant.name, store) for store in relayed}
        mongodb = {
            "uri": self.infrastructure.mongodb.uri,
            "server_uri": replace(self.infrastructure.mongodb, host=relayed["mongodb"]).server_uri,
            "database": _database(tenant.name),
        }
        missing = {"not_relayed": not_relayed} if not_relayed else {}
        sections: Endpoints = {
            "mongodb": mongodb,
            "toxiproxy": {"url": toxiproxy.part.address, **proxies, **missing},
        }
        return replace(tenant, relayed=relayed, endpoints={**tenant.endpoints, **sections})

    def _with_server(self, tenant: Tenant) -> Tenant:
        stores, relayed = self.infrastructure, tenant.relayed
        broker, kubeconfig = replace(stores.broker, host=relayed["rabbitmq"]), stores.kubernetes.kubeconfig
        if "kubernetes" in relayed:
            kubeconfig = tenant.directory / "kubeconfig"
            kubeconfig.touch(mode=0o600)
            kubeconfig.write_text(relayed_kubeconfig(stores.kubernetes.kubeconfig, relayed["kubernetes"]), "utf-8")
        stream_port = free_port()
        settings = {
            "PORT": "0",
            "HOST": "127.0.0.1",
            "BASE_PATH": "/focus-server",
            "TLS_CERT_FILE": str(stores.certificate.certificate_file),
            "TLS_KEY_FILE": str(stores.certificate.key_file),
            "STREAM_PORT": str(stream_port),
            "MONGODB_URI": replace(stores.mongodb, host=relayed["mongodb"]).server_uri,
            "MONGODB_DATABASE": _database(tenant.name),
            "RABBITMQ_URL": broker.url(tenant.name),
            # What its certificate has, if it shows one.
            "RABBITMQ_TLS_SERVER_NAME": host_of(stores.addresses["rabbitmq"]),
            "KUBECONFIG": str(kubeconfig),
            "NAMESPACE": tenant.name,
        }
        server = self.launcher.launch(
            "focus-server",
            self.server,
            tenant.directory,
            environment={**self.environment, **{f"FOCUS_SERVER_{name}": value for name, value in settings.items()}},
            grace=_SERVER_GRACE,
            separate_output=True,
        )
        return replace(tenant, server=server, endpoints={**tenant.endpoints, "answers": {"stream_port": stream_port}})

    async def _with_address(self, tenant: Tenant) -> Tenant:
        assert tenant.server is not None
        server = await announced(tenant.server)
        section = {"base_url": server.address, "log_file": str(server.log)}
        if server.address.startswith("https:"):
            section["ca_file"] = str(self.infrastructure.certificate.ca_file)
        return replace(tenant, server=server, endpoints={**tenant.endpoints, "focus_server": section})


class Leases:
    """Gives tenants to runs and takes them back.

    With ``keep_spare`` one tenant is always made in advance, so that a run gets it at once. The next one
    is made only when no run is left that this could disturb.
    """

    def __init__(self, tenants: Tenants, *, keep_spare: bool) -> None:
        self._tenants = tenants
        self._keep_spare = keep_spare
        self._spare: asyncio.Task[Tenant] | None = None
        self._given: dict[str, Tenant] = {}

    @property
    def given(self) -> list[Tenant]:
        """The tenants that runs have at present."""
        return list(self._given.values())

    @property
    def spare(self) -> Tenant | None:
        """The tenant made in advance, if it is ready."""
        task = self._spare
        ready = task is not None and task.done() and not task.cancelled() and task.exception() is None
        return task.result() if task is not None and ready else None

    async def prepare(self) -> None:
        """Make the spare tenant if there is none and no run is going on. Raises as ``Tenants.make``."""
        if self._keep_spare and not self._given and self._spare is None:
            self._spare = asyncio.create_task(self._tenants.make())
            await asyncio.wait([self._spare])

    async def take(self) -> Tenant:
        """Give a tenant to a run. Raises PartFailed or RequestFailed if none can be made."""
        self._tenants.infrastructure.check()
        tenant = await self._take_spare() or await self._tenants.make()
        self._given[tenant.name] = tenant
        return tenant

    async def give_back(self, tenant: Tenant) -> None:
        """Take a tenant back; returns when it is gone. Raises PartFailed or RequestFailed."""
        try:
            await self._tenants.remove(tenant)
        finally:
            del self._given[tenant.name]

    async def end(self) -> None:
        """Give up the spare tenant, and remove all tenants if the stores will still be there afterwards.

        Raises PartFailed or RequestFailed.
        """
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.cancel()
            await asyncio.wait([spare])
        if self._tenants.infrastructure.outlives_sandbox:
            for tenant in list(self._tenants.living.values()):
                await self._tenants.remove(tenant)

    async def _take_spare(self) -> Tenant | None:
        spare, self._spare = self._spare, None
        if spare is None:
            return None
        try:
            tenant = await spare
        except (PartFailed, RequestFailed) as failure:
            print(f"the spare tenant could not be made: {failure}", file=sys.stderr, flush=True)
            return None
        try:
            tenant.check()
        except PartFailed as failure:
            print(f"the spare tenant {tenant.name} is replaced: {failure}", file=sys.stderr, flush=True)
            await self._tenants.remove(tenant)
            return None
        return tenant


def _database(tenant: str) -> str:
    return tenant.replace("-", "_")

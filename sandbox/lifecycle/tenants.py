"""Tenants: a database, a virtual host, a namespace and a Focus Server that one run has to itself."""

import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.launchers import recorder
from sandbox.launchers.infrastructure import Infrastructure, side_by_side
from sandbox.launchers.processes import Launcher, PartFailed, RunningPart, announced, free_port
from sandbox.launchers.rest import RequestFailed
from sandbox.launchers.toxiproxy_access import STORES, host_of, name_of, relayed_kubeconfig
from sandbox.lifecycle.lent import Lent
from sandbox.lifecycle.report import Endpoints

if TYPE_CHECKING:
    from sandbox.lifecycle.parts import Parts

STREAM_CALL = "/focus.stream.v1.JobStream/Rows"
FOCUS_SERVER = (sys.executable, "-m", "sandbox.focus_server")


def with_defect(name: str) -> tuple[str, ...]:
    """The command of a Focus Server with a defect."""
    return (sys.executable, "-m", "sandbox.defects", name)


# Time limits for the suite, in seconds: all runs on one machine, with one clock.
PACE = {
    "effect_appears_s": 15.0,
    "analyzer_runs_s": 10.0,
    "effect_disappears_s": 5.0,
    "settling_s": 0.1,
    "poll_interval_s": 0.05,
    "clock_tolerance_s": 0.0,
}
# Limits under load, in seconds: two cores carry the server, its stores and who asks, beside whatever else is run.
UNDER_LOAD = {
    "created_p50_s": 10.0,
    "created_p95_s": 20.0,
    "created_p99_s": 25.0,
    "read_p95_s": 5.0,
    "cancelled_p95_s": 10.0,
    "first_row_p95_s": 10.0,
    "slow_query_s": 0.3,
}
RECOVERY = {"part_recovers_s": 45.0}  # of a part that may be ended, until it is ready again
QUICK_STATISTICS = {"effect_appears_s": 5.0}  # with a broker that is not late to tell of them

# What is known to be on the fibre, for the suite to find again.
TONE = {"sensor": 777, "frequency_hz": 250.0}

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
    parts: "Parts | None" = None
    """In a disposable sandbox, the parts as workloads; a server that is among them is not in ``server``."""

    def check(self) -> None:
        """Raise PartFailed if the Focus Server has died, or what looks after its parts."""
        if self.server is not None:
            self.server.check()
        if self.parts is not None:
            self.parts.check()


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
                group.create_task(self.infrastructure.kubernetes.create(tenant.name))
                group.create_task(self.infrastructure.mongodb.admit(_database(tenant.name)))
                group.create_task(recorder.leave_recordings(self.infrastructure.mongodb, _database(tenant.name)))
                relaying = group.create_task(self._relayed(tenant))
            tenant = relaying.result()
            if self.server:
                tenant = self._with_server(tenant)  # It loads while the broker boots.
            await self.infrastructure.until_booted()
            await self.infrastructure.broker.create(tenant.name)
            if tenant.server is not None:
                tenant.server.let_go()
                tenant = await self._with_address(tenant)
            if self.infrastructure.disposable:
                tenant = await self._with_workloads(tenant)
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
        if tenant.parts is not None:
            await tenant.parts.end()
        if self.infrastructure.disposable and not self.infrastructure.outlives_sandbox:
            return  # All goes with the sandbox, and of its parts any may be down.
        if tenant.server is not None:
            await tenant.server.stop()
        async with side_by_side() as group:
            if not self.infrastructure.disposable:
                group.create_task(self.infrastructure.mongodb.drop(_database(tenant.name)))
            if self.infrastructure.has_booted:  # Else nothing was made there, and nobody answers.
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
            "time_limits": PACE
            | (QUICK_STATISTICS if stores.broker.node else {})
            | (RECOVERY if stores.disposable else {}),
            "rabbitmq": {"url": stores.broker.url(name), "management_url": stores.broker.management_url},
            "kubernetes": {"kubeconfig": str(stores.kubernetes.kubeconfig), "namespace": name},
            "signal": TONE,
            "stream": {"call": STREAM_CALL},
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
        database = _database(tenant.name)
        mongodb = {
            "uri": self.infrastructure.mongodb.uri,
            "server_uri": replace(self.infrastructure.mongodb, host=relayed["mongodb"]).server_uri(database),
            "database": database,
        }
        missing = {"not_relayed": not_relayed} if not_relayed else {}
        sections: Endpoints = {"mongodb": mongodb, "toxiproxy": {"url": toxiproxy.part.address, **proxies, **missing}}
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
            "PORT": str(free_port()) if stores.disposable else "0",
            "HOST": "127.0.0.1",
            "BASE_PATH": "/focus-server",
            "TLS_CERT_FILE": str(stores.certificate.certificate_file),
            "TLS_KEY_FILE": str(stores.certificate.key_file),
            "STREAM_PORT": str(stream_port),
            "MONGODB_URI": replace(stores.mongodb, host=relayed["mongodb"]).server_uri(_database(tenant.name)),
            "MONGODB_DATABASE": _database(tenant.name),
            "RABBITMQ_URL": broker.url(tenant.name),
            "RABBITMQ_MANAGEMENT_URL": broker.management_url,
            # What its certificate has, if it shows one.
            "RABBITMQ_TLS_SERVER_NAME": host_of(stores.addresses["rabbitmq"]),
            "KUBECONFIG": str(kubeconfig),
            "NAMESPACE": tenant.name,
            "SHARES_STORES": "false",
            "HELD": "true",
            "TONE_SENSOR": str(TONE["sensor"]),
            "TONE_HZ": str(TONE["frequency_hz"]),
        }
        server = self.launcher.launch(
            "focus-server",
            self.server,
            tenant.directory,
            environment={**self.environment, **{f"FOCUS_SERVER_{name}": value for name, value in settings.items()}},
            grace=_SERVER_GRACE,
            separate_output=True,
            held=True,
        )
        return replace(tenant, server=server, endpoints={**tenant.endpoints, "answers": {"stream_port": stream_port}})

    async def _with_address(self, tenant: Tenant) -> Tenant:
        assert tenant.server is not None
        server = await announced(tenant.server)
        section = {"base_url": server.address, "log_file": str(server.log)}
        if server.address.startswith("https:"):
            section["ca_file"] = str(self.infrastructure.certificate.ca_file)
        load = UNDER_LOAD | {"server_process": server.process.pid}
        return replace(tenant, server=server, endpoints={**tenant.endpoints, "focus_server": section, "load": load})

    async def _with_workloads(self, tenant: Tenant) -> Tenant:
        from sandbox.lifecycle import parts  # With what it needs, a quarter of a second; few sandboxes are disposable.

        found = await parts.stand_up(
            self.infrastructure,
            f"{tenant.name}-parts",
            tenant.server,
            partial(
                recorder.launch,
                *(self.launcher, self.infrastructure.mongodb, _database(tenant.name), tenant.directory),
                self.environment,
            ),
        )
        server = None if "focus_server" in found.workloads else tenant.server
        return replace(tenant, server=server, parts=found, endpoints={**tenant.endpoints, "workloads": found.section})


def _database(tenant: str) -> str:
    return tenant.replace("-", "_")

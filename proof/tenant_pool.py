"""Tenants of a running sandbox, each leased to one worker at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from pymongo import MongoClient

from proof.forks import private_directory
from sandbox.launchers.toxiproxy_access import relayed_kubeconfig
from support.core.errors import EnvironmentBroken
from support.core.http_access import HttpAccess
from support.faults.outages import restore
from support.profile.profile import read_profile
from support.profile.provider import provide
from support.profile.settings import Toxiproxy

T = TypeVar("T")
R = TypeVar("R")

_ANSWERS_WITHIN_S = 10.0


@dataclass(frozen=True)
class LeasedTenant:
    """A database, a virtual host and a namespace with a server; `file` has the endpoints as a profile.

    `stores` are the settings by which a server finds them: each through the proxy that can interrupt the connection.
    `forget` removes the records of all jobs: each look at the stores reads all of them.
    """

    endpoints: dict[str, Any]
    file: Path
    place: Path
    stores: Mapping[str, str]
    forget: Callable[[], object]


class TenantPool:
    """Some tenants, each leased to one worker at a time."""

    def __init__(self, tenants: list[LeasedTenant]) -> None:
        self._free: SimpleQueue[LeasedTenant] = SimpleQueue()
        self._workers = len(tenants)
        for tenant in tenants:
            self._free.put(tenant)

    def work(self, do: Callable[[T, LeasedTenant, Path], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Handle each item in a tenant and an empty directory, several at a time; yield results as they come.

        The connections to a tenant's stores are repaired before the next item gets it: a killed run leaves a journal.
        """

        def one(item: T) -> R:
            tenant = self._free.get()
            try:
                with TemporaryDirectory(dir=tenant.place) as name:
                    place = Path(name)
                    try:
                        return do(item, tenant, place)
                    finally:
                        if any(journals_in(place).iterdir()):
                            _repair_connections(tenant)
                        tenant.forget()
            finally:
                self._free.put(tenant)

        with ThreadPoolExecutor(self._workers) as workers:
            try:
                begun = {workers.submit(one, item): item for item in items}
                for done in as_completed(begun):
                    yield begun[done], done.result()
            finally:
                workers.shutdown(cancel_futures=True)


def journals_in(place: Path) -> Path:
    """The journals of runs that keep everything in this directory."""
    directory = place / "journals"
    directory.mkdir(exist_ok=True)
    return directory


def _repair_connections(tenant: LeasedTenant) -> None:
    toxiproxy = Toxiproxy.model_validate(tenant.endpoints["toxiproxy"])
    for proxy in (toxiproxy.mongodb, toxiproxy.rabbitmq, toxiproxy.kubernetes):
        assert proxy is not None
        restore(toxiproxy, proxy)


@contextmanager
def lease_tenants(count: int) -> Iterator[TenantPool]:
    """Lease some tenants of the sandbox until the context ends.

    Raises:
        EnvironmentBroken: the sandbox does not provide them.
        SettingsError: the profile of the sandbox cannot be read.
    """
    with ExitStack() as leases:
        place = Path(leases.enter_context(TemporaryDirectory(dir=private_directory())))
        made = []
        for number in range(count):
            provided = provide(read_profile("local"))
            assert provided is not None
            leases.callback(provided.close)
            own = place / str(number)
            own.mkdir()
            made.append(leases.enter_context(leased_tenant(provided.endpoints()[0], own)))
        yield TenantPool(made)


@contextmanager
def leased_tenant(endpoints: dict[str, Any], place: Path) -> Iterator[LeasedTenant]:
    """The tenant at these endpoints of the sandbox; its files are in `place`.

    Raises:
        EnvironmentBroken: the sandbox does not say where the proxies of its stores listen.
    """
    file = place / "endpoints.json"
    file.write_text(json.dumps(endpoints), "utf-8")
    try:
        stores = _stores_of(endpoints, place / "kubeconfig")
    except requests.RequestException as error:
        raise EnvironmentBroken(f"the sandbox's Toxiproxy does not list its proxies: {error}") from error
    with MongoClient[dict[str, Any]](endpoints["mongodb"]["uri"]) as client:
        records = client[endpoints["mongodb"]["database"]]["tasks"]
        yield LeasedTenant(endpoints, file, place, stores, lambda: records.delete_many({}))


def _stores_of(endpoints: dict[str, Any], kubeconfig: Path) -> dict[str, str]:
    toxiproxy, kubernetes = endpoints["toxiproxy"], endpoints["kubernetes"]

    access = HttpAccess.to(toxiproxy["url"], None, "toxiproxy.ca_file")

    def listens(store: str) -> str:
        with access.session() as session:
            answer = session.get(f"{toxiproxy['url']}/proxies/{toxiproxy[store]}", timeout=_ANSWERS_WITHIN_S)
        answer.raise_for_status()
        address: str = answer.json()["listen"]
        return address

    kubeconfig.write_text(relayed_kubeconfig(Path(kubernetes["kubeconfig"]), listens("kubernetes")), encoding="utf-8")
    return {
        "MONGODB_URI": endpoints["mongodb"]["server_uri"],
        "MONGODB_DATABASE": endpoints["mongodb"]["database"],
        "RABBITMQ_URL": _at(endpoints["rabbitmq"]["url"], listens("rabbitmq")),
        "KUBECONFIG": str(kubeconfig),
        "NAMESPACE": kubernetes["namespace"],
        "TONE_SENSOR": str(endpoints["signal"]["sensor"]),
        "TONE_HZ": str(endpoints["signal"]["frequency_hz"]),
    }


def _at(url: str, address: str) -> str:
    """The same address of a service, at another host and port."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}{at}{address}").geturl()

"""Tenants of a sandbox that is up, each to work in for one thing at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from support.profile import read_profile
from support.provider import provide

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Tenant:
    """A database, a virtual host and a namespace with a server; `file` holds the endpoints as a profile."""

    endpoints: dict[str, Any]
    file: Path
    place: Path


class Tenants:
    """So many tenants, each lent to one worker at a time."""

    def __init__(self, tenants: list[Tenant]) -> None:
        self._free: SimpleQueue[Tenant] = SimpleQueue()
        self._workers = len(tenants)
        for tenant in tenants:
            self._free.put(tenant)

    def work(self, do: Callable[[T, Tenant, Path], R], items: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Do something with each item in a tenant and an empty directory, several at a time; gives them as they end."""

        def one(item: T) -> R:
            tenant = self._free.get()
            try:
                with TemporaryDirectory(dir=tenant.place) as place:
                    return do(item, tenant, Path(place))
            finally:
                self._free.put(tenant)

        with ThreadPoolExecutor(self._workers) as workers:
            try:
                begun = {workers.submit(one, item): item for item in items}
                for done in as_completed(begun):
                    yield begun[done], done.result()
            finally:
                workers.shutdown(cancel_futures=True)


@contextmanager
def tenants(count: int) -> Iterator[Tenants]:
    """So many tenants of the sandbox; they go with the context.

    Raises:
        EnvironmentBroken: the sandbox does not give them.
        SettingsError: the profile of the sandbox cannot be read.
    """
    with ExitStack() as leases:
        place = Path(leases.enter_context(TemporaryDirectory(prefix="focus-proof-")))
        made = []
        for number in range(count):
            provided = provide(read_profile("local"))
            assert provided is not None
            leases.callback(provided.close)
            own = place / str(number)
            own.mkdir()
            file = own / "endpoints.json"
            endpoints = provided.endpoints()
            file.write_text(json.dumps(endpoints))
            made.append(Tenant(endpoints, file, own))
        yield Tenants(made)

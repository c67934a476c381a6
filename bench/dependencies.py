"""How long each part of the sandbox takes to start by itself, with nothing else starting beside it."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from sandbox.launchers import kubernetes_api, mongodb, rabbitmq, ssh_access, tls, toxiproxy_access
from sandbox.launchers.infrastructure import Infrastructure
from sandbox.launchers.processes import Launcher
from sandbox.lifecycle import reaper
from sandbox.lifecycle.lent import Lent
from sandbox.lifecycle.tenants import Tenants

T = TypeVar("T")


def own_starts() -> dict[str, float]:
    """Start all parts one after another, and end them; seconds until each was ready."""
    with tempfile.TemporaryDirectory(prefix="fb-", dir="/tmp") as directory:
        record = reaper.Record(Path(directory, "record.json"), secrets.token_hex(16))
        try:
            return asyncio.run(_start_all(Path(directory), record))
        finally:
            reaper.clear(record)


async def _start_all(directory: Path, record: reaper.Record) -> dict[str, float]:
    taken: dict[str, float] = {}

    async def timed(name: str, start: Awaitable[T]) -> T:
        started = time.perf_counter()
        result = await start
        taken[name] = time.perf_counter() - started
        return result

    environment = dict(os.environ)
    launcher = Launcher(record.mark, record.add_command)
    given = (launcher, directory, environment)
    stores = Infrastructure(
        broker=await timed("broker", _broker(*given)),
        mongodb=await timed("database", mongodb.start(*given)),
        kubernetes=await timed("Kubernetes API", kubernetes_api.start(*given)),
        ssh=await timed("SSH", ssh_access.start(*given)),
        toxiproxy=await timed("Toxiproxy", toxiproxy_access.start(*given)),
        certificate=await tls.issue(directory),
    )
    tenants = Tenants(stores, launcher, directory, environment, Lent(record, environment))
    await timed("Focus Server, with its tenant", tenants.make())
    return taken


async def _broker(launcher: Launcher, directory: Path, environment: dict[str, str]) -> rabbitmq.Broker:
    broker = await rabbitmq.launch(launcher, directory, environment)
    await broker.wait_until_ready()
    return broker

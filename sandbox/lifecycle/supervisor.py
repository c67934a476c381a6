"""The supervisor: the process that owns a sandbox, starts it, answers requests and ends it.

Started by ``sandbox.lifecycle.control`` with one connection already open, which belongs to who wanted the sandbox:
if that closes before the sandbox is ready, or ends its lease in a sandbox made for one lease, the
sandbox ends.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redaction import protect_output, redact
from sandbox.launchers import infrastructure
from sandbox.launchers.processes import Launcher, PartFailed, RunningPart
from sandbox.launchers.rest import RequestFailed
from sandbox.lifecycle import directories, reaper
from sandbox.lifecycle.control import Answer, Kind
from sandbox.lifecycle.directories import Home
from sandbox.lifecycle.leases import Leases
from sandbox.lifecycle.lent import Lent
from sandbox.lifecycle.tenants import FOCUS_SERVER, Tenant, Tenants, with_defect

_REAPER_LIMIT = 5.0
_CLOSE_LIMIT = 5.0
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
_LOOK_AFTER_PARTS = 0.2  # seconds between two looks at the parts of a tenant that is leased


@dataclass(frozen=True)
class Running:
    """A sandbox that is ready; ``own`` is the tenant of ``up``, None in a sandbox made for one lease."""

    stores: infrastructure.Infrastructure
    leases: Leases
    own: Tenant | None

    def check(self) -> None:
        """Raise PartFailed if a part has died."""
        self.stores.check()
        if self.own is not None:
            self.own.check()

    def tenants(self) -> list[tuple[str, Tenant]]:
        """Every tenant with what it is there for."""
        own = [("up", self.own)] if self.own else []
        spare = [("spare", self.leases.spare)] if self.leases.spare else []
        return [*own, *(("lease", tenant) for tenant in self.leases.given), *spare]

    def parts(self) -> list[RunningPart]:
        """The processes that it consists of, without Focus Servers that are no workloads."""
        workloads = [part for _, tenant in self.tenants() if tenant.parts for part in tenant.parts.running]
        return [*self.stores.lasting_parts, *workloads]


class Supervisor:
    """Runs one sandbox from its start to its end.

    ``server`` is the Focus Server's command, empty for none. The parts of a ``disposable`` one may be disturbed.
    """

    def __init__(
        self, place: Home, kind: Kind, record: reaper.Record, server: Sequence[str], *, disposable: bool
    ) -> None:
        self._place = place
        self._kind = kind
        self._record = record
        self._stop = asyncio.Event()
        self._launcher = Launcher(record.mark, record.add_command, self._stop.is_set)
        self._server = server
        self._disposable = disposable
        self._since = time.time()
        self._starting: asyncio.Task[Running]
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def run(self, owner: socket.socket, data: Path) -> None:
        """Run the sandbox until it is told to end; returns when its processes and directories are gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        self._starting = asyncio.create_task(self._start(data))
        listening = await asyncio.start_unix_server(self._serve, self._place.socket)
        serving_owner = asyncio.create_task(self._serve(*await asyncio.open_connection(sock=owner), owner=True))
        await self._stop.wait()

        listening.close()
        self._starting.cancel()
        await asyncio.wait([self._starting])
        if running := self._running():
            try:
                await running.leases.end()
            except (PartFailed, RequestFailed) as failure:
                print(f"could not remove a tenant: {failure}", file=sys.stderr)
        await asyncio.to_thread(reaper.clear, self._record)
        # Only now: who waits for the end of a connection takes it for the end of what was behind it.
        for writer in self._writers:
            writer.close()
        await asyncio.wait([serving_owner, *self._serving], timeout=_CLOSE_LIMIT)

    async def _start(self, data: Path) -> Running:
        environment = {**os.environ, **_without_proxy(os.environ)}
        try:
            stores = await infrastructure.start(self._launcher, data, environment, disposable=self._disposable)
        except OSError as failure:
            if failure.errno not in _CANNOT_WRITE:
                raise
            raise PartFailed(str(directories.unusable_data(data, failure))) from failure
        lent = Lent(self._record, environment)
        tenants = Tenants(stores, self._launcher, data, environment, lent, self._server)
        try:
            return await self._first_tenants(stores, tenants)
        except BaseException:
            await stores.wait_no_longer()
            raise

    async def _first_tenants(self, stores: infrastructure.Infrastructure, tenants: Tenants) -> Running:
        leases = Leases(tenants, keep_spare=self._kind == "up")
        if self._kind == "lease":
            await leases.make_first()
            return Running(stores, leases, None)
        async with infrastructure.side_by_side() as group:
            own = group.create_task(tenants.make())
            group.create_task(leases.prepare())
        return Running(stores, leases, own.result())

    def _running(self) -> Running | None:
        task = self._starting
        return None if not task.done() or task.cancelled() or task.exception() else task.result()

    async def _serve(
        self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter, *, owner: bool = False
    ) -> None:
        self._writers.append(outgoing)
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
        line = await incoming.readline()
        request: dict[str, Any] = json.loads(line) if line else {"ask": "nothing"}
        closed = asyncio.create_task(incoming.read())
        if request["ask"] == "status":
            await _answer(outgoing, {"ok": True, **self._status()})
        elif request["ask"] == "down":
            await _answer(outgoing, {"ok": True})
            self._stop.set()
        elif request["ask"] == "up":
            await self._serve_up(request["focus_server"], outgoing, closed)
        elif request["ask"] == "lease":
            await self._serve_lease(outgoing, closed)
        if owner and (self._kind == "lease" or self._running() is None):
            self._stop.set()
        if not self._stop.is_set():
            outgoing.close()
            self._writers.remove(outgoing)

    async def _serve_up(
        self, focus_server: bool, outgoing: asyncio.StreamWriter, closed: "asyncio.Task[bytes]"
    ) -> None:
        try:
            running = await self._started(closed)
            running.check()
            if focus_server != bool(self._server):
                raise PartFailed(
                    f"The sandbox {self._place.name!r} is up {'with' if self._server else 'without'} a Focus "
                    f"Server. End it first ({self._command('down')}), or give the other one a --name."
                )
        except PartFailed as failure:
            await _answer(outgoing, {"ok": False, "message": self._explain(failure)})
        else:
            own = running.own.endpoints if running.own else None
            await _answer(outgoing, {"ok": True, "endpoints": own})

    async def _serve_lease(self, outgoing: asyncio.StreamWriter, closed: "asyncio.Task[bytes]") -> None:
        try:
            running = await self._started(closed)
            tenant = await running.leases.take()
        except (PartFailed, RequestFailed) as failure:
            await _answer(outgoing, {"ok": False, "message": self._explain(failure)})
            return
        await _answer(outgoing, {"ok": True, "endpoints": tenant.endpoints})
        lost = asyncio.create_task(_until_lost(running, tenant))
        await asyncio.wait([closed, lost], return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            await _answer(outgoing, {"ok": False, "message": lost.result()})
        lost.cancel()
        await closed
        if self._stop.is_set():
            return
        try:
            await running.leases.give_back(tenant)
        except (PartFailed, RequestFailed) as failure:
            print(f"could not remove {tenant.name}: {failure}", file=sys.stderr, flush=True)
        task = asyncio.create_task(running.leases.prepare())
        self._serving.add(task)

    async def _started(self, closed: "asyncio.Task[bytes]") -> Running:
        await asyncio.wait([self._starting, closed], return_when=asyncio.FIRST_COMPLETED)
        if not self._starting.done():
            raise PartFailed("The client did not wait for the sandbox to be ready.")
        if self._starting.cancelled():
            raise PartFailed("The sandbox was told to end while it was starting.")
        failure = self._starting.exception()
        if failure is None:
            return self._starting.result()
        self._stop.set()
        if isinstance(failure, PartFailed | RequestFailed):
            raise PartFailed(f"The sandbox did not start. {failure}") from failure
        told = "".join(traceback.format_exception(failure))
        raise PartFailed(f"The sandbox did not start, by a fault of its own:\n{told}") from failure

    def _explain(self, failure: Exception) -> str:
        advice = f"\nStart it anew: {self._command('down')}, then {self._command('up')}."
        return f"{failure}{advice if self._kind == 'up' and self._running() else ''}"

    def _command(self, verb: str) -> str:
        default = self._place.name == directories.default_name()
        return f"`python -m sandbox {verb}{'' if default else f' --name {self._place.name}'}`"

    def _status(self) -> Answer:
        running = self._running()
        state = "starting"
        if running is not None:
            try:
                running.check()
                state = "ready"
            except PartFailed as failure:
                state = f"broken: {str(failure).splitlines()[0]}"
        tenants = running.tenants() if running else []
        return {
            "name": self._place.name,
            "state": state,
            "since": self._since,
            "supervisor": os.getpid(),
            "log": str(self._place.supervisor_log),
            "parts": [_describe(part) for part in (running.parts() if running else [])],
            "tenants": [
                {"name": tenant.name, "use": use, "server": _describe(tenant.server) if tenant.server else None}
                for use, tenant in tenants
            ],
        }


async def _until_lost(running: Running, tenant: Tenant) -> str:
    """Wait until a part that a tenant needs has died; returns which, and the end of its log."""
    while True:
        try:
            running.stores.check()
            tenant.check()
        except PartFailed as failure:
            return str(failure)
        await asyncio.sleep(_LOOK_AFTER_PARTS)


def _describe(part: RunningPart) -> Answer:
    return {
        "name": part.name,
        "pid": part.process.pid,
        "address": redact(part.address),
        "since": part.started,
        "alive": part.process.poll() is None,
    }


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Keep the parts' own requests to each other away from a proxy."""
    local = "127.0.0.1,localhost"
    return {
        name: f"{environment[name]},{local}" if environment.get(name) else local for name in ("NO_PROXY", "no_proxy")
    }


async def _answer(outgoing: asyncio.StreamWriter, answer: Answer) -> None:
    # A client that has gone need not be told; that its connection is closed shows elsewhere.
    with contextlib.suppress(ConnectionError):
        outgoing.write(json.dumps(answer).encode() + b"\n")
        await outgoing.drain()


def main(
    place: Home,
    kind: Kind,
    owner: socket.socket,
    server: Sequence[str] = FOCUS_SERVER,
    *,
    disposable: bool = False,
) -> None:
    """Run a supervisor; returns when nothing of the sandbox is left."""
    try:
        lock = directories.acquire(place)
    except directories.UnusableDirectory as failure:
        owner.sendall(json.dumps({"ok": False, "message": str(failure)}).encode() + b"\n")
        return
    if lock is None:
        owner.sendall(b'{"ok": false, "busy": true}\n')
        return
    watcher: subprocess.Popen[bytes] | None = None
    try:
        if place.directory.exists():
            directories.sweep(place)
        data = directories.temporary(place)
        record = _begin(place, data)
        watcher = _watch(place, lock)
        given = directories.make_data(place, data)
        asyncio.run(Supervisor(place, kind, record, server, disposable=disposable).run(owner, given))
    except directories.UnusableDirectory as failure:
        owner.sendall(json.dumps({"ok": False, "message": str(failure)}).encode() + b"\n")
    finally:
        if watcher is not None:
            watcher.communicate(timeout=_REAPER_LIMIT)
        if watcher is None or watcher.returncode:  # killed; otherwise the lock's name may be another's by now
            directories.sweep(place)
            directories.release(place, lock)


def _begin(place: Home, data: Path) -> reaper.Record:
    """Make the directory of the state, and note in it what has to be removed. Raises UnusableDirectory."""
    try:
        place.directory.mkdir(mode=0o700)
        with place.supervisor_log.open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        record = reaper.Record(place.record, secrets.token_hex(16), [str(data), str(place.directory)])
        record.save()
    except OSError as failure:
        raise directories.unusable_runtime(place, failure) from failure
    return record


def _watch(place: Home, lock: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", reaper.__file__, place.record, place.lock],
        stdin=subprocess.PIPE,
        pass_fds=[lock],
        start_new_session=True,
    )


if __name__ == "__main__":
    protect_output()
    parser = argparse.ArgumentParser(description="Internal: use `python -m sandbox up`.")
    parser.add_argument("name")
    parser.add_argument("root", type=Path)
    parser.add_argument("kind", choices=["up", "lease"])
    parser.add_argument("descriptor", type=int)
    parser.add_argument("--without-focus-server", action="store_true")
    parser.add_argument("--disposable", action="store_true")
    parser.add_argument("--defect")
    given = parser.parse_args()
    main(
        Home(given.root, given.name),
        given.kind,
        socket.socket(fileno=given.descriptor),
        () if given.without_focus_server else with_defect(given.defect) if given.defect else FOCUS_SERVER,
        disposable=given.disposable,
    )

"""One load from its beginning to its end: environment, engine, the look into the stores, clean-up, figures."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from load.messages import Report, Worker
from load.result import Result, Usage
from load.shapes import Shape
from support.api.job import Attempt
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.core.files import ROOT
from support.load.figures import Sample, by_kind, limit_problems
from support.load.permission import refusal
from support.load.store_check import StoreCheck
from support.load.watch import ServerWatch
from support.profile.profile import Profile
from support.profile.provider import provide
from support.scenario.session import ScenarioSession
from support.scenario.suite_run import SuiteRun

_LOOK_EVERY_S = 1.0
_ENGINE_IS_QUIET_S = 60.0
_ENDS_WITHIN_S = 10.0
_WORKERS_HERE_WITHIN_S = 30.0
_WORKERS_ELSEWHERE_WITHIN_S = 300.0  # A machine may have to fetch the image first.
LIMITS = {
    "create": ("created_p50_s", "created_p95_s", "created_p99_s"),
    "metadata": ("read_p95_s",),
    "rows": ("read_p95_s",),
    "cancel": ("cancelled_p95_s",),
}
"""The settings `load.…` with the limits of each kind of request."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Master:
    """Where Locust's master listens for its workers; those of `0.0.0.0` come from other machines, too."""

    host: str
    port: int

    @property
    def orders(self) -> dict[str, Any]:
        """What master and workers are told of it."""
        return {"host": self.host, "port": self.port}


def put_under_load(
    profile: Profile, name: str, shape: Shape, *, workers: int, master: Master | None = None, tell: Tell = print
) -> Result:
    """Carry out a shape by one process (`workers` 0), or a master with workers.

    The workers are started here, or with a `master` of one's own by `be_worker`, wherever that is run.

    Raises:
        SettingsError: the profile cannot be used, or does not allow load.
        EnvironmentBroken: the environment is not healthy, or the engine has died.
    """
    with ExitStack() as parts:
        provided = provide(profile)
        if provided is not None:
            parts.callback(provided.close)
        endpoints = provided.endpoints()[0] if provided is not None else None
        settings = profile.settings(endpoints)
        if why := refusal(settings):
            raise SettingsError(f"There is no load on this server: {why}.")
        run = SuiteRun.start(profile, provided, endpoints)
        parts.callback(run.close)
        session = run.open_scenario(lambda _: None)
        load = _Load(session, StoreCheck(settings, run.stores))
        started = datetime.now(UTC)
        try:
            with ServerWatch(settings, run.stores, session.journal) as server:
                orders = {"profile": str(profile.path), "endpoints": endpoints, "plan": shape.model_dump(mode="json")}
                if master is not None:
                    tell(f"Waiting for {workers} workers at {master.host}:{master.port}")
                with _engine(orders, workers, master) as engine:
                    load.carry_out(engine, max(1, workers), shape.warm_up_s, server.end_warm_up)
        finally:
            load.clean_up()
        figures = by_kind(load.samples, after_s=shape.warm_up_s)
        problems = [
            *load.problems,
            *server.memory_problems(),
            *server.cpu_problems(len(load.job_ids)),
            *server.query_problems(),
        ]
        for kind, limits in LIMITS.items():
            if kind in figures:
                by_setting = {setting: getattr(settings.load, setting) for setting in limits}
                problems += limit_problems(kind, figures[kind], by_setting, settings.load.error_rate)
        return Result(
            name=name,
            environment=profile.name,
            started=started,
            shape=shape,
            workers=workers,
            acknowledged=len(load.job_ids),
            whole=load.check.whole,
            limits=settings.load,
            figures=figures,
            generators=load.generators,
            server=[
                Usage(at_s=at_s, memory_mb=one.memory_mb, cpu_s=one.cpu_s, cores=one.cores) for at_s, one in server.seen
            ],
            slow_queries=server.slow_queries,
            unseen=[*session.promises.unseen, *server.unseen],
            problems=problems,
            samples=load.samples,
        )


class _Load:
    """What is known of one load while it runs."""

    def __init__(self, session: ScenarioSession, check: StoreCheck) -> None:
        self._session, self.check = session, check
        self.samples: list[Sample] = []
        self.generators: list[Worker] = []
        self.job_ids: dict[str, None] = {}
        self._late: list[str] = []

    @property
    def problems(self) -> list[str]:
        """What became wrong of the jobs."""
        return [*self.check.problems, *self._late]

    def carry_out(self, engine: _Engine, workers: int, warm_up_s: float, end_warm_up: Callable[[], None]) -> None:
        """Take reports until every worker is at its end; look into the stores meanwhile."""
        is_warm = False
        next_look = time.monotonic() + _LOOK_EVERY_S
        heard = time.monotonic() + engine.begins_within_s
        while len(self.generators) < workers:
            try:
                report = engine.reports.get(timeout=max(0.01, next_look - time.monotonic()))
            except queue.Empty:
                report = Report()
            else:
                heard = time.monotonic()
            if report is None or time.monotonic() - heard > _ENGINE_IS_QUIET_S:
                raise EnvironmentBroken("The load generator has ended before the load did; its messages stand above.")
            self._take(report)
            if not is_warm and any(sample.due_s >= warm_up_s for sample in report.samples):
                is_warm = True
                end_warm_up()
            if time.monotonic() >= next_look:
                engine.looked_at(self.check.look())
                self._session.ledger.read_history()
                next_look = time.monotonic() + _LOOK_EVERY_S

    def _take(self, report: Report) -> None:
        self.samples += report.samples
        for asked in report.asked:
            exchange = asked.exchange()
            self._session.journal.enter_exchange(exchange)
            self._session.ledger.enter_exchange(exchange)
            if exchange.requested_job is not None:
                self.job_ids[exchange.requested_job] = None
                self.check.acknowledged(Attempt(asked.request_body, exchange))
        if report.finished is not None:
            self.generators.append(report.finished)

    def clean_up(self) -> None:
        """Cancel what is left, and see that nothing but cancelled records is."""
        try:
            self._session.leave_nothing_behind()
        except ExpectationFailed as failure:
            self._late += [line.strip(" -") for line in str(failure).splitlines()]


@contextmanager
def _engine(orders: dict[str, Any], workers: int, master: Master | None) -> Iterator[_Engine]:
    """Start the load generator: one process, or a master, with its workers where they are to run here."""
    within_s = _WORKERS_HERE_WITHIN_S if master is None else _WORKERS_ELSEWHERE_WITHIN_S
    with ExitStack() as processes:
        if not workers:
            process = processes.enter_context(_process({**orders, "role": "local", "workers": 1}))
        else:
            there = (master or Master("127.0.0.1", free_port())).orders
            its_orders = {**orders, **there, "role": "master", "workers": workers, "workers_within_s": within_s}
            process = processes.enter_context(_process(its_orders))
            for _ in range(workers if master is None else 0):
                processes.enter_context(_process({**orders, **there, "role": "worker"}))
        yield _Engine(process, within_s)


class _Engine:
    """The load generator: `reports` are what its workers report, None at its end.

    Nothing is reported until all workers are there: it `begins_within_s`.
    """

    def __init__(self, process: subprocess.Popen[str], begins_within_s: float) -> None:
        self._process, self.begins_within_s = process, begins_within_s
        self.reports: queue.Queue[Report | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def looked_at(self, job_ids: list[str]) -> None:
        """Tell it which jobs were looked at in the stores."""
        assert self._process.stdin is not None
        if job_ids:
            self._process.stdin.write(json.dumps(job_ids) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.reports.put(Report.model_validate_json(line))
        self.reports.put(None)


def be_worker(profile: Profile, master: Master) -> int:
    """Send what a master elsewhere says, until it ends; gives the exit status.

    Raises:
        SettingsError: the profile cannot be used, has a provider, or does not allow load.
    """
    if profile.provider() is not None:
        raise SettingsError("A worker needs the profile of an environment that is there: this one has a provider.")
    if why := refusal(profile.settings()):
        raise SettingsError(f"There is no load on this server: {why}.")
    orders = {"profile": str(profile.path), "endpoints": None, "role": "worker", **master.orders}
    with _process(orders) as engine:
        return engine.wait()


@contextmanager
def _process(orders: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "load.engine"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()
        try:
            yield process
            with suppress(subprocess.TimeoutExpired):  # A master still has to tell its workers that it is over.
                process.wait(_ENDS_WITHIN_S)
        finally:
            process.terminate()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port

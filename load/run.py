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
from contextlib import ExitStack, contextmanager
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
LIMITS = {
    "create": ("created_p50_s", "created_p95_s", "created_p99_s"),
    "metadata": ("read_p95_s",),
    "rows": ("read_p95_s",),
    "cancel": ("cancelled_p95_s",),
}
"""The settings `load.…` with the limits of each kind of request."""

Tell = Callable[[str], None]


def put_under_load(profile: Profile, name: str, shape: Shape, *, workers: int, tell: Tell = print) -> Result:
    """Carry out a shape by one process (`workers` 0), or a master with workers.

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
        load = _Load(session, StoreCheck(settings, run.stores), tell)
        started = datetime.now(UTC)
        try:
            with ServerWatch(settings, run.stores, session.journal) as server:
                orders = {"profile": str(profile.path), "endpoints": endpoints, "plan": shape.model_dump(mode="json")}
                with _engine(orders, workers) as (reports, looked_at):
                    load.carry_out(max(1, workers), reports, looked_at)
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

    def __init__(self, session: ScenarioSession, check: StoreCheck, tell: Tell) -> None:
        self._session, self.check, self._tell = session, check, tell
        self.samples: list[Sample] = []
        self.generators: list[Worker] = []
        self.job_ids: dict[str, None] = {}
        self._late: list[str] = []

    @property
    def problems(self) -> list[str]:
        """What became wrong of the jobs."""
        return [*self.check.problems, *self._late]

    def carry_out(
        self, workers: int, reports: queue.Queue[Report | None], looked_at: Callable[[list[str]], None]
    ) -> None:
        """Take reports until every worker is at its end; look into the stores meanwhile."""
        next_look, heard = time.monotonic() + _LOOK_EVERY_S, time.monotonic()
        while len(self.generators) < workers:
            try:
                report = reports.get(timeout=max(0.01, next_look - time.monotonic()))
            except queue.Empty:
                report = Report()
            else:
                heard = time.monotonic()
            if report is None or time.monotonic() - heard > _ENGINE_IS_QUIET_S:
                raise EnvironmentBroken("The load generator has ended before the load did; its messages stand above.")
            self._take(report, looked_at)
            if time.monotonic() >= next_look:
                looked_at(self.check.look())
                next_look = time.monotonic() + _LOOK_EVERY_S

    def _take(self, report: Report, looked_at: Callable[[list[str]], None]) -> None:
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
def _engine(
    orders: dict[str, Any], workers: int
) -> Iterator[tuple[queue.Queue[Report | None], Callable[[list[str]], None]]]:
    """Start the load generator: one process, or a master with its workers."""
    with ExitStack() as processes:
        reports: queue.Queue[Report | None] = queue.Queue()
        if not workers:
            engine = processes.enter_context(_process({**orders, "role": "local", "workers": 1}))
        else:
            port = _free_port()
            master = {**orders, "role": "master", "workers": workers, "port": port}
            engine = processes.enter_context(_process(master))
            for _ in range(workers):
                worker = {**orders, "role": "worker", "port": port}
                processes.enter_context(_process(worker))
        assert engine.stdin is not None
        orders_to = engine.stdin

        def looked_at(job_ids: list[str]) -> None:
            if job_ids:
                orders_to.write(json.dumps(job_ids) + "\n")
                orders_to.flush()

        threading.Thread(target=_read, args=(engine, reports), daemon=True).start()
        yield reports, looked_at


@contextmanager
def _process(orders: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "load.engine"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()
        try:
            yield process
        finally:
            process.terminate()


def _read(engine: subprocess.Popen[str], reports: queue.Queue[Report | None]) -> None:
    assert engine.stdout is not None
    for line in engine.stdout:
        reports.put(Report.model_validate_json(line))
    reports.put(None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port

"""The engine: Locust's users, in one process, or under a master in workers.

It must be the main module of its process: Locust patches sockets, threads and sleeping, for the whole process.
`python -m load.engine` reads its orders from standard input and writes reports to standard output (`load.messages`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection
from typing import Any

import gevent
import locust
from gevent.event import Event
from gevent.fileobject import FileObject
from locust.env import Environment
from locust.runners import MasterRunner

from load.messages import Asked, Plan, Report, Worker
from load.visit import Visit
from redaction import guard
from support.api.exchange import Exchange
from support.contract.configuration import generate_config_payload
from support.load.figures import Sample
from support.profile.profile import read_profile
from support.profile.settings import Settings

_REPORT_EVERY_S = 0.25
_CPU_EVERY_S = 1.0
_CHANNELS = 50
_MOST_STARTED_A_SECOND = 100  # users; Locust warns of more


class Work:
    """What the users of one worker share: the jobs that are due, and what came of them."""

    def __init__(self, runner: Any, settings: Settings) -> None:
        """`runner` is Locust's, through which it reports."""
        self.settings, self._runner = settings, runner
        self.planned, self.ready = Event(), Event()
        self.begun = 0.0
        self._due: list[tuple[int, float]] = []
        self._all = 0
        self._users = self._connected = self._ended = 0
        self._looked_at: dict[str, Event] = {}
        self._report = Report()
        self._cpu_shares: list[float] = []

    def plan(self, environment: Environment, msg: Any, **_: Any) -> None:
        """Take a plan; the users begin when all of them are connected."""
        plan = Plan.model_validate(msg.data["plan"])
        numbered = list(enumerate(plan.shape.due_times()))
        self._due = numbered[plan.index :: plan.of][::-1]
        self._all, self._users = len(self._due), msg.data["users"]
        self.planned.set()

    def connected(self) -> None:
        """One more user is ready; the last one begins the load."""
        self._connected += 1
        if self._connected == self._users:
            self.begun = time.monotonic() + 0.2
            self.ready.set()
            gevent.spawn(self._keep_reporting)
            gevent.spawn(self._measure_itself)

    def now(self) -> float:
        """How long ago the load began, s."""
        return time.monotonic() - self.begun

    def next_job(self) -> tuple[int, float] | None:
        """The job that is due next: its number, and when."""
        return self._due.pop() if self._due else None

    def ended(self) -> None:
        """A job has been dealt with."""
        self._ended += 1

    def tell(self, sample: Sample) -> None:
        """Report a request."""
        self._report.samples.append(sample)

    def ask(self, exchange: Exchange) -> None:
        """Report a request that makes or ends a job."""
        self._report.asked.append(Asked.of(exchange))

    def look_of(self, job_id: str) -> Event:
        """What is set when the job has been looked at in the stores."""
        return self._looked_at.setdefault(job_id, Event())

    def looked_at(self, environment: Environment, msg: Any, **_: Any) -> None:
        """Take note that jobs have been looked at; a job of another worker's is none of ours."""
        for job_id in msg.data:
            if job_id in self._looked_at:
                self._looked_at.pop(job_id).set()

    def _keep_reporting(self) -> None:
        while self._ended < self._all:
            gevent.sleep(_REPORT_EVERY_S)
            self._send()
        self._report.finished = Worker(
            name=str(self._runner.client_id)[-8:], cpu_shares=self._cpu_shares, requested=self._all
        )
        self._send()

    def _send(self) -> None:
        report, self._report = self._report, Report()
        if report != Report():
            self._runner.send_message("report", report.model_dump(mode="json"))

    def _measure_itself(self) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        while self._ended < self._all:
            gevent.sleep(_CPU_EVERY_S)
            now, used = time.monotonic(), time.process_time()
            self._cpu_shares.append((used - cpu) / (now - wall))
            wall, cpu = now, used


class Operator(locust.User):
    """Opens one view after another, as they are due."""

    work: Work

    def on_start(self) -> None:
        """Connect; the load begins when everybody is connected."""
        self.work.planned.wait()
        self.visit = Visit(self.work.settings, self.work.now, self.work.tell, self.work.ask)
        self.visit.connect()
        self.work.connected()
        self.work.ready.wait()

    @locust.task
    def open_a_view(self) -> None:
        """Have a job for as long as it takes to look at it."""
        job = self.work.next_job()
        if job is None:
            gevent.sleep(3600)
            return
        number, due_s = job
        time.sleep(max(0.0, due_s - self.work.now()))
        try:
            first = 1 + number % (self.work.settings.limits.sensors - _CHANNELS - 1)
            payload = generate_config_payload(channels={"min": first, "max": first + _CHANNELS - 1})
            job_id = self.visit.open(payload, due_s)
            if job_id is not None:
                looked_at = self.work.look_of(job_id)
                self.visit.watch(job_id)
                looked_at.wait()
                self.visit.close(job_id)
        finally:
            self.work.ended()


def main() -> None:
    """Do what the first line of standard input says."""
    orders = FileObject(sys.stdin.buffer, "rb")
    first = json.loads(orders.readline())
    settings = read_profile(first["profile"]).settings(first["endpoints"])
    environment = Environment(user_classes=[Operator], stop_timeout=0)
    role = first["role"]
    if role == "master":
        _direct(environment.create_master_runner(first["host"], first["port"]), first, orders)
    elif role == "worker":
        worker = environment.create_worker_runner(first["host"], first["port"])
        _employ(worker, settings)
        worker.send_message("employed")  # The master may know it long before it hears what it is told.
        worker.greenlet.join()
    else:
        local = environment.create_local_runner()
        _employ(local, settings)
        _direct(local, first, orders)


def _employ(runner: Any, settings: Settings) -> None:
    """Make this process one in which users are at work."""
    Operator.work = Work(runner, settings)
    runner.register_message("plan", Operator.work.plan)
    runner.register_message("looked at", Operator.work.looked_at)


def _direct(runner: Any, first: dict[str, Any], orders: Any) -> None:
    """Have the workers carry out the plan, and pass on what they report and what is told them."""
    finished = Event()
    workers = first["workers"]
    employed: set[str] = set()
    runner.register_message("employed", lambda environment, msg, **_: employed.add(msg.node_id))

    def report(environment: Environment, msg: Any, **_: Any) -> None:
        nonlocal workers
        sys.stdout.write(json.dumps(msg.data) + "\n")
        sys.stdout.flush()
        if msg.data["finished"] is not None:
            workers -= 1
            if not workers:
                finished.set()

    runner.register_message("report", report)
    users = -(-first["plan"]["users"] // workers) * workers  # As many for each of them.
    if isinstance(runner, MasterRunner):
        _await_workers(employed, workers, first["workers_within_s"])
        for index, name in enumerate(sorted(employed)):
            plan = {"shape": first["plan"], "index": index, "of": workers}
            runner.send_message("plan", {"plan": plan, "users": users // workers}, name)
    else:
        runner.send_message("plan", {"plan": {"shape": first["plan"]}, "users": users})
    runner.start(users, spawn_rate=min(users, _MOST_STARTED_A_SECOND))
    gevent.spawn(_pass_on, runner, orders)
    finished.wait()
    runner.quit()


def _await_workers(employed: Collection[str], wanted: int, within_s: float) -> None:
    ends_at = time.monotonic() + within_s
    while len(employed) < wanted:
        if time.monotonic() > ends_at:
            sys.exit(f"Only {len(employed)} of {wanted} workers came within {within_s:g} s.")
        time.sleep(0.1)


def _pass_on(runner: Any, orders: Any) -> None:
    for line in orders:
        runner.send_message("looked at", json.loads(line))


if __name__ == "__main__":
    guard(sys.stderr)  # Standard output is for the run alone.
    main()

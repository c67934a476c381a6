"""A sandbox for the tests that need one: started once a session, its own runtime directory."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
MARK = "FOCUS_SANDBOX_TEST"
PLACE = "FOCUS_SANDBOX_TEST_PLACE"
MARK_THERE = "FOCUS_SANDBOX_TEST_MARK_THERE"
ODD = "tä 'b\"c:d\n%e#f\\g"
"""The name of a temporary directory with what shells, configuration files and Erlang read as something else."""
GONE_LIMIT = 15.0
COMMAND_LIMIT = 60.0
LOOK_AGAIN = 0.05  # many tests share a core


def pytest_configure() -> None:
    """What the tests ask by themselves is on this machine: no proxy leads there."""
    for name in ("NO_PROXY", "no_proxy"):
        if name == "NO_PROXY" or name in os.environ:
            os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost,::1"]))


@pytest.fixture(autouse=True)
def what_a_test_makes_secret_is_forgotten() -> Iterator[None]:
    """Whatever a test has the redaction learn, such as a token `none`, is ordinary text again for the next."""
    from redaction import redact  # Here: the trials of `selfproof` spoil it before anybody loads it.

    known = {name: copy(value) for name, value in vars(redact).items()}
    yield
    vars(redact).update(known)


@dataclass
class Sandboxes:
    """Runs `python -m sandbox` with a runtime and a temporary directory of its own, and finds what it leaves."""

    place: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def runtime(self) -> Path:
        return self.place / "r"

    @property
    def temporary(self) -> Path:
        return self.place / ODD

    @property
    def environment(self) -> dict[str, str]:
        self.runtime.mkdir(exist_ok=True)
        self.temporary.mkdir(exist_ok=True)
        own = {"XDG_RUNTIME_DIR": str(self.runtime), "TMPDIR": str(self.temporary), MARK: self.mark}
        return {**os.environ, **own, **self.settings}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            # A shell that starts the tests in its background has them ignore Ctrl-C, which would be inherited. Not by
            # a `preexec_fn`: it takes a fork in which gRPC, where a test has used it before, aborts the child.
            ["env", "--default-signal=INT", sys.executable, "-m", "sandbox", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=COMMAND_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    @contextmanager
    def lease(self, *arguments: str) -> Iterator[tuple[dict[str, Any], "subprocess.Popen[str]"]]:
        with self.start("lease", *arguments) as process:
            try:
                line = process.stdout.readline()
                assert line, f"no lease: {process.stderr.read()}"
                yield json.loads(line), process
            finally:
                process.stdin.close()
                process.wait(COMMAND_LIMIT)

    def processes(self, is_meant: Callable[[psutil.Process], bool] = lambda process: True) -> list[psutil.Process]:
        """Whatever was started by these commands, directly or not, and still lives; of these, those that are meant."""

        def chosen(process: psutil.Process) -> bool:
            try:
                ours = process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
                return ours and is_meant(process)
            except psutil.Error:  # It has ended while it was looked at.
                return False

        return [process for process in psutil.process_iter() if chosen(process)]

    def named(self, name: str) -> list[psutil.Process]:
        """Those of `processes` with this name."""
        return self.processes(lambda process: process.name() == name)

    def running(self, argument: str) -> list[psutil.Process]:
        """Those of `processes` that were started with this argument."""
        return self.processes(lambda process: argument in process.cmdline())

    def supervisor(self) -> psutil.Process:
        """The one supervisor that there is."""
        (found,) = self.running("sandbox.lifecycle.supervisor")
        return found

    def server_of(self, endpoints: Mapping[str, Any]) -> psutil.Process:
        """The Focus Server of a lease."""
        namespace = endpoints["kubernetes"]["namespace"]
        (found,) = self.processes(lambda process: process.environ().get("FOCUS_SERVER_NAMESPACE") == namespace)
        return found

    def left(self) -> list[str]:
        """Processes, directories and files that are left."""
        files = [str(path) for base in (self.runtime, self.temporary) for path in base.glob("*")]
        return [str(process) for process in self.processes()] + files

    def left_at_last(self) -> list[str]:
        """What is left when things had time to go after a kill."""
        deadline = time.monotonic() + GONE_LIMIT
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN)
        return left

    def end(self) -> None:
        """Kill whatever a failing test left, and remove the directories."""
        for process in self.processes():
            process.kill()
        shutil.rmtree(self.place, ignore_errors=True)


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """Ctrl-C is raised here, also where what is started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., None]:
    """Wait for what nobody reports: `wait_for(lambda: condition)` fails if it does not come true."""

    def wait(holds: Callable[[], object], limit: float = 20.0) -> None:
        deadline = time.monotonic() + limit
        while not holds():
            assert time.monotonic() < deadline, f"not so after {limit} s"
            time.sleep(LOOK_AGAIN)

    return wait


@pytest.fixture(scope="session")
def new_sandboxes() -> Iterator[Callable[..., Sandboxes]]:
    """Make a runtime directory with settings of its own; removed at the end of the session."""
    made = []

    def make(**settings: str) -> Sandboxes:
        # Short: the path of a Unix socket is limited to 107 bytes.
        made.append(Sandboxes(Path(tempfile.mkdtemp(prefix="fs-", dir="/tmp")), settings))
        return made[-1]

    yield make
    for sandboxes in made:
        sandboxes.end()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where workers run the tests, they share one sandbox: to start one for each would take them longer."""
    if getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput"):
        sandboxes = Sandboxes(Path(tempfile.mkdtemp(prefix="fs-", dir="/tmp")))
        session.config.add_cleanup(lambda: _end(sandboxes))
        started = sandboxes.run("up")
        assert started.returncode == 0, started.stderr
        os.environ |= {PLACE: str(sandboxes.place), MARK_THERE: sandboxes.mark}


def _end(sandboxes: Sandboxes) -> None:
    try:
        ended = sandboxes.run("down")
        assert (ended.returncode, sandboxes.left()) == (0, []), ended.stderr
    finally:
        sandboxes.end()


@pytest.fixture(scope="session")
def warm_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandboxes]:
    """The session's sandbox, up, under its default name; a session that another one started has the other's."""
    if PLACE in os.environ:
        mark = {"mark": os.environ[MARK_THERE]} if MARK_THERE in os.environ else {}
        yield Sandboxes(Path(os.environ[PLACE]), **mark)
        return
    sandboxes = request.getfixturevalue("new_sandboxes")()
    started = sandboxes.run("up")
    assert started.returncode == 0, started.stderr
    yield sandboxes
    ended = sandboxes.run("down")
    assert (ended.returncode, sandboxes.left()) == (0, []), ended.stderr


Leased = Callable[[], AbstractContextManager[dict[str, Any]]]


@pytest.fixture(scope="session")
def leased(warm_sandbox: Sandboxes) -> Leased:
    """Lease a tenant of the session's sandbox: `with leased() as endpoints:`."""

    @contextmanager
    def lease() -> Iterator[dict[str, Any]]:
        with warm_sandbox.lease() as (endpoints, _):
            yield endpoints

    return lease


@pytest.fixture(scope="session")
def sandbox_endpoints(leased: Leased) -> Iterator[dict[str, Any]]:
    """The endpoints of one tenant that all tests of the session share."""
    with leased() as endpoints:
        yield endpoints

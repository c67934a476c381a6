"""Runs of behave, and servers with a defect, each in a process that is forked from one that has loaded everything."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Timer
from typing import Any

from proof.behave_runs import BehaveRun, read_run, report_options
from proof.forks import FORKS, fork
from proof.tenant_pool import LeasedTenant, journals_in
from support.core.files import ROOT

NO_DEFECT = "none"
RUN_LIMIT_S = 100
START_LIMIT_S = 60

_RESTORED_WITHIN_S = 10

# Any other variable could be taken for a setting.
_INHERITED = ("HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "USER")

# Shorter than in the profile, since runs with a defect wait for them in vain. A defect shows at once, or never.
QUICK = {
    "FOCUS__TIME_LIMITS__EFFECT_APPEARS_S": "2",
    "FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "1.5",
    "FOCUS__TIME_LIMITS__EFFECT_DISAPPEARS_S": "1.5",
    "FOCUS__TIME_LIMITS__RECOVERED_S": "3",
    "FOCUS__TIME_LIMITS__ROWS_APPEAR_S": "2.5",
    "FOCUS__TIME_LIMITS__PLAYBACK_ENDS_S": "2.5",
    "FOCUS__TIME_LIMITS__SMALLEST_FOUND_S": "2",
    "FOCUS__TIME_LIMITS__POLL_INTERVAL_S": "0.1",
    "FOCUS__TIME_LIMITS__SETTLING_S": "0.2",
    "FOCUS__TIME_LIMITS__CLOCK_TOLERANCE_S": "0",
    # Several runs share the cores; a defect is slower than that.
    "FOCUS__LOAD__JOBS_AT_ONCE": "30",
    "FOCUS__LOAD__CREATED_P50_S": "1.5",
    "FOCUS__LOAD__CREATED_P95_S": "3.5",
    "FOCUS__LOAD__CREATED_P99_S": "4.5",
    "FOCUS__LOAD__FIRST_ROW_P95_S": "4",
    "FOCUS__LOAD__READ_P95_S": "1.4",
}


def variables_of(endpoints_file: Path, place: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a run on a tenant that keeps everything in one directory; few are inherited."""
    own = {
        "FOCUS_PROFILE": str(endpoints_file),
        "FOCUS__REPORTS__DIRECTORY": str(place),
        "FOCUS__JOURNALS": str(journals_in(place)),
    }
    return {**_inherited(), **own, **more}


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def run_behave(arguments: Sequence[str], variables: Mapping[str, str], place: Path, limit_s: float) -> BehaveRun:
    """Run behave; after `limit_s` it is killed, and only what it had reported until then is read."""
    printed = place / "printed.txt"
    arguments = [*report_options(place), *arguments]
    process = fork(_behave, arguments, dict(variables), str(printed))
    process.join(limit_s)
    if process.exitcode is None:
        process.kill()
        process.join()
    return read_run(process.exitcode or 0, printed.read_text("utf-8"), place)


@contextmanager
def serving(
    defect: str,
    tenant: LeasedTenant,
    place: Path,
    serve: Callable[[str], None] | None = None,
    *,
    restores: bool = False,
) -> Iterator[dict[str, str]]:
    """Serve a defect on the stores of a tenant, beside the tenant's own server; yields the settings of a run for it.

    `serve` is called with the defect in the server's process; without it the catalogue's defect is served, for
    `NO_DEFECT` the right server. A defect that `restores` is terminated; the others are killed, which takes less time.

    Raises:
        RuntimeError: it did not start; the message is its log.
        TimeoutError: it takes too long to start.
    """
    log = str(place / "server.log")
    Path(log).touch()
    authority = Path(tenant.endpoints["focus_server"]["ca_file"])
    settings = {
        "PORT": "0",
        "STREAM_PORT": "0",
        "TLS_CERT_FILE": str(authority.with_name("server.pem")),
        "TLS_KEY_FILE": str(authority.with_name("server.key")),
        **tenant.stores,
    }
    reader, writer = FORKS.Pipe(duplex=False)
    process = fork(_serve, serve or _serve_with, defect, settings, log, writer)
    writer.close()
    # Without it, a server that hangs before it is ready would be waited for without end.
    too_late = Event()

    def give_up() -> None:
        too_late.set()
        process.kill()

    timer = Timer(START_LIMIT_S, give_up)
    timer.start()
    try:
        with os.fdopen(os.dup(reader.fileno()), encoding="utf-8") as output:
            addresses = dict(line.split() for line in (output.readline(), output.readline()) if line)
        if not {"streams", "ready"} <= set(addresses):
            if too_late.is_set():
                raise TimeoutError(f"the server with {defect} was not ready within {START_LIMIT_S} s")
            raise RuntimeError(
                f"the server with the defect {defect} did not start:\n{Path(log).read_text('utf-8', 'replace')}"
            )
        timer.cancel()
        yield {
            "FOCUS__FOCUS_SERVER__BASE_URL": addresses["ready"],
            "FOCUS__FOCUS_SERVER__LOG_FILE": log,
            "FOCUS__ANSWERS__STREAM_PORT": addresses["streams"],
            "FOCUS__LOAD__SERVER_PROCESS": str(process.pid),
        }
    finally:
        timer.cancel()
        reader.close()
        if restores:
            process.terminate()
            process.join(_RESTORED_WITHIN_S)
        process.kill()
        process.join()


def _behave(arguments: list[str], variables: dict[str, str], printed: str) -> None:
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(variables)
    _write_to(printed, 1, 2)
    from behave.__main__ import run_behave as run
    from behave.configuration import Configuration
    from behave.runner import Runner

    class Prepared(Runner):  # type: ignore[misc]
        """A runner for a process whose parent has read the steps."""

        def setup_paths(self) -> None:
            # Behave walks through all directories, .venv too, until it finds a feature.
            self.base_dir = self.config.base_dir = str(ROOT)
            self.path_manager.add(self.base_dir)

        def load_step_definitions(self, extra_step_paths: Any = None) -> None:
            return None

    sys.exit(run(Configuration(arguments), runner_class=Prepared))


def _serve(serve: Callable[[str], None], defect: str, settings: dict[str, str], log: str, writer: Connection) -> None:
    inherited = _inherited()
    os.environ.clear()
    os.environ.update(inherited | {f"FOCUS_SERVER_{name}": value for name, value in settings.items()})
    _write_to(log, 2)
    os.dup2(writer.fileno(), 1)
    writer.close()
    serve(defect)


def _serve_with(defect: str) -> None:
    from sandbox.defects import serve_with

    serve_with(None if defect == NO_DEFECT else defect)


def _write_to(file: str, *descriptors: int) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in descriptors:
        os.dup2(opened, descriptor)
    os.close(opened)

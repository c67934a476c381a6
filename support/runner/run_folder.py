"""The folder of a run, below the directory of the reports:

    reports/runs/20261126T174748Z-3fa2c1/    results (`allure-results`, `junit`), and the reports made of them
    reports/latest                           a link to the folder of the last run that has ended

A run never writes into an existing folder, so that results of an earlier run cannot be mistaken for its own.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from redaction import redact
from support.core.errors import EnvironmentBroken, SettingsError
from support.core.files import nearest, owner_and_user, reason
from support.runner.run_record import LOCK, RunRecord, State, read_record

RUNS = "runs"
LATEST = "latest"
NAME_VARIABLE = "FOCUS_RUN"
"""The environment variable that names the folder of a run beforehand, so that a script finds it in any case."""

KEPT = 20
"""How many folders of runs are kept: as many as the history of the Allure site has."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WAYS_OUT = "Or have the reports elsewhere: FOCUS__REPORTS__DIRECTORY=/another/directory."


class RunFolder:
    """The folder of the present run."""

    def __init__(self, reports: Path, path: Path, lock: BinaryIO, record: RunRecord) -> None:
        self.path, self.record = path, record
        self._reports, self._lock = reports, lock

    @classmethod
    def make(cls, reports: Path, *, profile: str, command: Sequence[str], shard: str | None = None) -> RunFolder:
        """Make the folder of a run that starts now, named by `FOCUS_RUN` or else by the time.

        Raises:
            SettingsError: `FOCUS_RUN` cannot be the name of a folder, or a run of that name exists.
            EnvironmentBroken: the folder cannot be made; the message says where, why and what to do.
        """
        started = datetime.now(UTC)
        name = os.environ.get(NAME_VARIABLE) or f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"Expected {NAME_VARIABLE} to be the name of a folder (letters, digits, '.', '_', '-', at most 100), "
                f"seen {name[:120]!r}. Set it right, or leave it unset: then the run finds a name itself."
            )
        path = reports / RUNS / name
        record = RunRecord(
            name=name,
            state=State.RUNNING,
            started=started,
            pid=os.getpid(),
            profile=profile,
            command=tuple(redact(part) for part in command),
            shard=shard,
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _see_that_the_link_can_be_set(reports)
            path.mkdir()
            try:
                lock = (path / LOCK).open("wb")
                fcntl.flock(lock, fcntl.LOCK_EX)
                record.write(path)
                folder = cls(reports, path, lock, record)
                folder.results.mkdir()
            except OSError:
                shutil.rmtree(path, ignore_errors=True)  # Without its record nobody would remove it later.
                raise
        except OSError as error:
            if isinstance(error, FileExistsError) and os.path.lexists(path):
                raise SettingsError(
                    f"There is a run of the name {name} already, in {path}. Leave {NAME_VARIABLE} unset, or choose "
                    "another name: each run has a folder of its own."
                ) from None
            raise EnvironmentBroken(_cannot_be_made(reports, path, error)) from None
        return folder

    @property
    def results(self) -> Path:
        """Where the Allure results go."""
        return self.path / "allure-results"

    @property
    def junit(self) -> Path:
        """Where behave's JUnit files go."""
        return self.path / "junit"

    def lost(self, error: OSError) -> str:
        """The message for results that cannot be written."""
        return (
            f"The results of the run cannot be written to {self.path}: {reason(error)}. They are not complete, so the "
            f"run ends here. Free some space or correct that, and run the features again. {_WAYS_OUT}"
        )

    def end(self, state: State, *, scenarios: Mapping[str, int], passed: bool) -> None:
        """Record the outcome of the run; when it has ended, `latest` leads to it, and the oldest folders are removed.

        Raises:
            EnvironmentBroken: that cannot be written.
        """
        self.record = self.record.model_copy(
            update={"state": state, "ended": datetime.now(UTC), "scenarios": dict(scenarios), "passed": passed}
        )
        try:
            self.record.write(self.path)
            if state is State.ENDED:
                link = self._reports / f"{LATEST}.{self.record.name}"
                link.symlink_to(Path(RUNS, self.record.name))
                os.replace(link, self._reports / LATEST)
        except OSError as error:
            raise EnvironmentBroken(self.lost(error)) from None
        finally:
            self._lock.close()
        _remove_old(self._reports)


def _see_that_the_link_can_be_set(reports: Path) -> None:
    """Checked before the run: at its end it would be too late to report it."""
    link = reports / LATEST
    if os.path.lexists(link) and not link.is_symlink():
        raise FileExistsError(None, "this is where a link to the last run belongs; move it away", str(link))
    if not os.access(reports, os.W_OK | os.X_OK, effective_ids=True):
        raise PermissionError(None, "Permission denied", str(reports))


def _cannot_be_made(reports: Path, path: Path, error: OSError) -> str:
    """The message names the owner of what is in the way: mostly that is another user."""
    at = Path(os.fsdecode(error.filename)) if error.filename else path
    there = nearest(at)
    advice = ""
    if isinstance(error, PermissionError):
        owner, us = os.stat(there, follow_symlinks=False).st_uid, os.geteuid()
        advice = f"{owner_and_user(there)} "
        if owner != us and there.is_relative_to(reports):
            advice += f"Make it yours: sudo chown -R {us} {reports}. "
    elif there.is_symlink() and not there.exists():
        advice = (
            f"{there} is a link that leads nowhere, to {os.readlink(there)}: make that directory, or remove the link. "
        )
    elif not there.is_dir():
        advice = f"{there} is no directory: move it away. "
    return f"The folder of this run, {path}, cannot be made: {at}: {reason(error)}. {advice}{_WAYS_OUT}"


def _remove_old(reports: Path) -> None:
    """Remove the oldest folders of ended runs, if they are ours; never another folder, or that of `latest`."""
    latest = (reports / LATEST).resolve()
    over = [
        (record.started, folder)
        for folder in (reports / RUNS).iterdir()
        if not folder.is_symlink()
        and folder.resolve() != latest
        and os.access(folder, os.W_OK, effective_ids=True)
        and (record := read_record(folder)) is not None
        and record.state is not State.RUNNING
    ]
    for _, folder in sorted(over, reverse=True)[KEPT - 1 :]:
        # Another run may be doing the same at this moment.
        shutil.rmtree(folder, ignore_errors=True)

"""Finding a run: each has a folder of its own in the directory of the reports (`support.runner.run_folder`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.runner.run_folder import LATEST, RUNS
from support.runner.run_record import RECORD, RunRecord, State, read_record


class RunUnknown(Exception):
    """The run does not exist, or cannot be read; the message says what was looked for, and where."""


@dataclass(frozen=True)
class FoundRun:
    """A run and its folder."""

    folder: Path
    record: RunRecord

    @property
    def results(self) -> Path:
        """Where its Allure results are."""
        return self.folder / "allure-results"

    @property
    def is_whole(self) -> bool:
        """Whether it went through all scenarios that it had selected."""
        return self.record.state is State.ENDED

    @property
    def told(self) -> str:
        """The run in one line: name, time, profile, outcome."""
        record = self.record
        ends = {True: "green", False: "red", None: "unknown"}
        end = ends[record.passed] if self.is_whole else record.state.value
        return f"Run {record.name} of {record.started:%Y-%m-%d %H:%M:%S} UTC, profile {record.profile}: {end}"


def find_run(reports: Path, asked: str | None) -> FoundRun | None:
    """The run with this name or folder, or for `latest` the last that has ended.

    By default it is the last run that is over, even if it was interrupted: results of an earlier one would be mistaken
    for its own. None if there was no run yet.

    Raises:
        RunUnknown: there is no such run, or its record cannot be read.
    """
    try:
        if asked is None:
            over = [run for run in _runs(reports) if run.record.state is not State.RUNNING]
            return max(over, key=lambda run: run.record.started, default=None)
        folder = _folder(reports, asked)
        record = read_record(folder)
    except OSError as error:
        raise RunUnknown(f"The runs in {reports / RUNS} cannot be read: {error}.") from None
    if record is None:
        known = ", ".join(run.record.name for run in _runs(reports)) or "none"
        raise RunUnknown(
            f"The run {asked} has left no results: there is no {RECORD} in {folder}. Runs that there are: {known}."
        )
    return FoundRun(folder, record)


def _folder(reports: Path, asked: str) -> Path:
    if asked == LATEST:
        return (reports / LATEST).resolve()
    named = reports / RUNS / asked
    is_path = "/" in asked or (not named.exists() and Path(asked).is_dir())
    return Path(asked).expanduser().absolute() if is_path else named


def _runs(reports: Path) -> list[FoundRun]:
    """All runs, the oldest first."""
    folders = (reports / RUNS).iterdir() if (reports / RUNS).is_dir() else ()
    found = [FoundRun(folder, record) for folder in folders if (record := read_record(folder)) is not None]
    return sorted(found, key=lambda run: run.record.started)

"""One run made of the runs of all shards: `behave -D shard=1/8` to `8/8`, each on a machine of its own.

The merged run has a folder like any other, so that everything that reports on a run works on it.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting.merged_junit import JunitUnreadable, merged_junit
from reporting.results import ResultsUnreadable, RunResults, read_results
from reporting.runs import FoundRun
from support.core import java_properties
from support.core.errors import SettingsError
from support.core.files import reason, write_whole
from support.runner.run_folder import RunFolder
from support.runner.run_record import RECORD, State, read_record
from support.runner.shards import Shard


class NothingToMerge(Exception):
    """The folders do not hold each shard of one run once, or cannot be read; the message says what is wrong."""


@dataclass(frozen=True)
class ShardRun:
    """The run of one shard, and its results."""

    run: FoundRun
    shard: Shard
    results: RunResults

    def __str__(self) -> str:
        return f"{self.shard} ({self.run.folder})"


@dataclass(frozen=True)
class MergedRun:
    """The run that was made."""

    run: FoundRun
    warnings: tuple[str, ...]
    """Why its results are not whole."""


def merge(folders: Iterable[Path], reports: Path, *, command: Sequence[str]) -> MergedRun:
    """Make one run of the shards' runs in these folders or below them, in a new folder below `reports`.

    Raises:
        NothingToMerge: they are not all shards of one run, each once.
        SettingsError, EnvironmentBroken: the folder of the new run cannot be made or written.
    """
    shards = _find(folders)
    _check_each_shard_once(shards)
    _check_each_scenario_once(shards)
    try:
        junit = merged_junit((one.run.folder / "junit", one.results) for one in shards)
    except JunitUnreadable as error:
        raise NothingToMerge(str(error)) from None
    scenarios: Counter[str] = Counter()
    for one in shards:
        scenarios.update(one.run.record.scenarios)
    warnings = [
        f"The shard {one} {_UNFINISHED[one.run.record.state]}: the merged run is interrupted and red."
        for one in shards
        if not one.run.is_whole
    ]
    made = RunFolder.make(reports, profile=shards[0].run.record.profile, command=command)
    try:
        _write(made, shards, junit)
    except OSError as error:
        shutil.rmtree(made.path, ignore_errors=True)
        raise NothingToMerge(
            f"{error.filename or made.path}: {reason(error)}. Free some space or correct that, and merge again."
        ) from None
    has_shown = scenarios.total() > scenarios["skipped"]
    made.end(
        State.INTERRUPTED if warnings else State.ENDED,
        scenarios=scenarios,
        passed=not warnings and all(one.run.record.passed for one in shards) and has_shown,
    )
    if not has_shown:
        warnings.append("No shard has run a scenario, or all were skipped: the merged run is red.")
    return MergedRun(FoundRun(made.path, made.record), tuple(warnings))


_UNFINISHED = {State.RUNNING: "still runs", State.INTERRUPTED: "was interrupted"}


def _find(folders: Iterable[Path]) -> list[ShardRun]:
    """The runs of shards, by their number."""
    found: dict[Path, ShardRun] = {}
    for folder in folders:
        is_run = (folder / RECORD).is_file()
        below = [] if is_run else sorted(record.parent for record in folder.rglob(RECORD))
        runs = [run for path in (below or [folder]) if (run := _read(path)) is not None]
        if not runs:
            what = "only runs of all scenarios" if is_run or below else f"no run ({RECORD})"
            raise NothingToMerge(f"Expected runs of shards (behave -D shard=1/8), seen {what} in {folder}.")
        found.update((run.run.folder.resolve(), run) for run in runs)
    return sorted(found.values(), key=lambda one: one.shard.number)


def _read(folder: Path) -> ShardRun | None:
    """The run of a shard in this folder; None if there is no run, or one of all scenarios."""
    try:
        record = read_record(folder)
        if record is None or record.shard is None:
            return None
        run = FoundRun(folder, record)
        return ShardRun(run, Shard.parse(record.shard), read_results(run.results))
    except (OSError, ResultsUnreadable, SettingsError) as error:
        raise NothingToMerge(f"The run in {folder} cannot be read: {error}") from None


def _check_each_shard_once(shards: Sequence[ShardRun]) -> None:
    """Raises: NothingToMerge."""
    of = sorted({one.shard.of for one in shards})
    if len(of) > 1:
        raise NothingToMerge(
            f"Expected the shards of one run, seen runs in {' and in '.join(map(str, of))} shards: {_listed(shards)}."
        )
    twice = [one for one in shards if [each.shard for each in shards].count(one.shard) > 1]
    if twice:
        raise NothingToMerge(f"Expected each shard once, seen more than one run of a shard: {_listed(twice)}.")
    missing = sorted(set(range(1, of[0] + 1)) - {one.shard.number for one in shards})
    if missing:
        named = ", ".join(str(Shard(number, of[0])) for number in missing)
        raise NothingToMerge(
            f"Expected all {of[0]} shards, seen no run of {named}. Give its folder, too, or run it: behave -D shard=…"
        )
    profiles = sorted({one.run.record.profile for one in shards})
    if len(profiles) > 1:
        raise NothingToMerge(f"Expected the shards of one run, seen the profiles {', '.join(profiles)}.")


def _check_each_scenario_once(shards: Sequence[ShardRun]) -> None:
    """Raises: NothingToMerge."""
    seen: dict[str, ShardRun] = {}
    for one in shards:
        for result in one.results.results:
            other = seen.setdefault(result.history_id, one)
            if other is not one:
                raise NothingToMerge(
                    f"Expected each scenario in one shard, seen results of {result.place} ({result.name}) "
                    f"in {other} and in {one}. Were the shards run with the same features and config/durations.json?"
                )


def _listed(shards: Iterable[ShardRun]) -> str:
    return ", ".join(map(str, shards))


def _write(made: RunFolder, shards: Sequence[ShardRun], junit: Mapping[str, bytes]) -> None:
    """Write results, attachments and JUnit files; raises OSError."""
    environment = java_properties.merged(one.results.environment for one in shards)
    for one in shards:
        for file in one.run.results.iterdir():
            shutil.copyfile(file, made.results / file.name)
    write_whole(made.results / "environment.properties", java_properties.dump(environment))
    made.junit.mkdir()
    for name, content in junit.items():
        write_whole(made.junit / name, content)

"""Removing what killed runs left: the next run does it by itself, `make sweep` at once."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from redaction import protect_output, redact
from support.api.client import FocusServerAPI
from support.checks.promises import Promises
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed, SettingsError
from support.core.files import ROOT
from support.faults import slow_network
from support.faults.outages import NoSuchProxy, restore
from support.faults.store_writes import accept_analyzers, limit_queues, mend_record, remove
from support.faults.workloads import Workloads
from support.load import slow_queries
from support.observers.stores import Stores
from support.profile.profile import chosen_profile, read_profile
from support.profile.settings import Settings
from support.scenario import journal
from support.scenario.journal import JournalContents, of_dead_runs


@dataclass
class SweepResult:
    """What came of a sweep: a line for each thing done or not possible, and whether anything remains here.

    `repaired` are the journals of the runs of which no store is disturbed any more.
    """

    lines: list[str] = field(default_factory=list)
    remains: bool = False
    repaired: set[Path] = field(default_factory=set)


def repair(journals: Path, settings: Settings, stores: Stores, provided: str | None = None) -> SweepResult:
    """Undo what dead runs did to the stores of this environment; the server need not be healthy before that.

    `provided` is the identity of an environment that was made for this run. The result is passed on to `sweep`.
    Raises EnvironmentBroken if the broker or Toxiproxy cannot be told.
    """
    result = SweepResult()
    for dead in of_dead_runs(journals):
        if not _is_of_here(dead, settings, provided):
            continue
        result.repaired.add(dead.path)
        _open_ways(dead, settings, result)  # First, since the server may need its stores to start.
        if parts := _disturbed_parts(dead):
            _bring_back(parts, dead, settings, stores, result)
        if dead.values("broker_limited"):
            limit_queues(stores.broker, None)
            result.lines.append("The broker, which a killed run had told not to, takes queues again.")
        if dead.values("analyzers_refused"):
            accept_analyzers(stores.namespace)
            result.lines.append("Kubernetes, which a killed run had told not to, takes Jobs again.")
        for job_id in sorted(set(dead.values("record_spoilt"))):
            mend_record(stores.database.collection(settings.mongodb.tasks_collection), job_id)
            result.lines.append(f"The record that a killed run had spoilt is whole again: {job_id}")
        if dead.values("profiler_on"):
            slow_queries.forget(stores.database)
            result.lines.append("MongoDB, which a killed run had told to note slow queries, notes nothing any more.")
        for proxy in sorted(set(dead.values("proxy_made"))):
            try:
                slow_network.remove(settings.toxiproxy, proxy)
                result.lines.append(f"The proxy that a killed run had made is gone: {proxy}")
            except NoSuchProxy as error:
                problem = f"The proxy that a killed run had made could not be removed: {proxy}. {error}"
                _leave_to_a_person(dead, result, problem, "it is gone")
    return result


def sweep(
    journals: Path,
    settings: Settings,
    stores: Stores,
    result: SweepResult,
    provided: str | None = None,
    others: Collection[str | None] = (),
) -> None:
    """Cancel the jobs of dead runs in this environment, after `repair`, and add to its result.

    A journal is removed when nothing of it is left. Where the environment was made for that run alone it went with the
    run, and so does its journal; but not when only one worker of a run has died. `others` are the identities of further
    environments that were made for this run. Jobs of other environments are left for a run there.

    Raises EnvironmentBroken if the server or a store cannot be reached.
    """
    for dead in of_dead_runs(journals):
        is_here = _is_of_here(dead, settings, provided)
        if dead.is_settled or (dead.provided and dead.provided not in (provided, *others)):
            journal.remove(dead.path)
        elif dead.provided and not is_here:
            continue  # Of another worker of this run: one that takes its place works in that environment.
        elif not is_here:
            result.lines.append(
                f"A killed run may have left jobs at {dead.base_url} ({dead.path}); a run or sweep with the "
                "profile of that environment removes them."
            )
        elif _sweep_one(dead, settings, stores, result) and dead.path in result.repaired:
            journal.remove(dead.path)
        else:
            result.remains = True


def _open_ways(dead: JournalContents, settings: Settings, result: SweepResult) -> None:
    for proxy in sorted(set(dead.values("way_broken"))):
        try:
            restore(settings.toxiproxy, proxy)
            result.lines.append(f"The way that a killed run had broken is open again: {proxy}")
        except NoSuchProxy as error:
            problem = f"The way that a killed run had broken could not be opened: {proxy}. {error}"
            _leave_to_a_person(dead, result, problem, "its proxy is enabled, or is gone")


def _disturbed_parts(dead: JournalContents) -> dict[str, int]:
    """Each part that a dead run had disturbed, with the number of pods that it had before the first time."""
    replicas: dict[str, int] = {}
    for disturbed in dead.values("part_disturbed"):
        replicas = {**disturbed, **replicas}
    return replicas


def _bring_back(
    parts: Mapping[str, int], dead: JournalContents, settings: Settings, stores: Stores, result: SweepResult
) -> None:
    scaled = {part: replicas for entry in dead.values("part_scaled") for part, replicas in entry.items()}
    with closing(Workloads(settings, stores, lambda *_: None, lambda *_: None)) as workloads:
        impossible = {part: why for part in parts if (why := workloads.impossible(part)) is not None}
        wanted = {part: workloads.state(part).wanted for part in parts if part not in impossible}
        others = {part: now for part, now in wanted.items() if now not in (parts[part], scaled.get(part))}
        workloads.bring_back({part: parts[part] for part in wanted if part not in others})
    for part in sorted(wanted.keys() - others):
        result.lines.append(f"The part that a killed run had disturbed is there: {part}")
    for part, now in others.items():
        result.lines.append(
            f"The part that a killed run had disturbed has been scaled to {now} by somebody else, and stays so: "
            f"{part}. Before that run it had {parts[part]} pods."
        )
    for part, why in impossible.items():
        problem = f"The part that a killed run had disturbed cannot be brought back: {part}. {why}"
        _leave_to_a_person(dead, result, problem, f"it has its {parts[part]} pods")


def _leave_to_a_person(dead: JournalContents, result: SweepResult, problem: str, what_to_see: str) -> None:
    """Tell what cannot be repaired here; the journal stays until somebody has done it."""
    result.repaired.discard(dead.path)
    result.lines.append(f"{problem}\nSee that {what_to_see}, then delete {dead.path}")


def _is_of_here(dead: JournalContents, settings: Settings, provided: str | None) -> bool:
    return dead.base_url == settings.focus_server.base_url and dead.provided == provided


def _sweep_one(dead: JournalContents, settings: Settings, stores: Stores, result: SweepResult) -> bool:
    """Remove what one dead run left; whether all of it could be removed."""
    jobs = {*dead.values("created"), *stores.job_ids_carrying(dead.values("requested"))}
    if settings.exclusive:
        # Its requests carried no mark; but all that runs here is its own.
        jobs |= stores.records.job_ids_not_in(settings.answers.cancelled_status)
    if recordings := set(dead.values("recorded")):
        remove(stores.database.collection(settings.mongodb.recordings_collection), recordings)
        result.lines.append(f"Removed what a killed run had recorded: {', '.join(sorted(recordings))}")
    client, promises, clean = FocusServerAPI(settings), Promises(settings, stores), not dead.unknown_lines
    if dead.unknown_lines:
        lines = ", ".join(map(str, dead.unknown_lines))
        result.lines.append(
            f"What a killed run wrote into {dead.path} is not all of a known form: line {lines}. "
            "Remove what is named there, then delete the file."
        )
    for job_id in sorted(jobs):
        problem = _problem_of_cancelling(job_id, client, promises, settings.answers.unknown_statuses)
        clean = clean and problem is None
        result.lines.append(problem or f"Removed what a killed run had left: {job_id}")
    return clean


def _problem_of_cancelling(
    job_id: str, client: FocusServerAPI, promises: Promises, unknown: Collection[int]
) -> str | None:
    try:
        client.cancel_job(job_id)
        promises.expect_cancelled_jobs([job_id])
    except APIError as error:
        if error.unreachable:
            raise error.judged() from None
        if error.status not in unknown:
            return f"Left by a killed run and not to be cancelled: {job_id} ({error})"
    except ExpectationFailed as error:
        return f"Left by a killed run: {job_id}. {error}"
    # Unknown to the server: it may have been rolled back, but nothing of it may run.
    try:
        promises.expect_nothing_running(job_id)
    except ExpectationFailed as error:
        return f"Left by a killed run, and unknown to the server: {job_id}. {error}"
    return None


def main() -> None:
    """Sweep the environment of the profile (FOCUS_PROFILE, else `local`)."""
    name = chosen_profile()
    try:
        profile = read_profile(name)
        if profile.provider() is not None:
            print(f"The environment of the profile '{name}' is made for each run and goes with it: nothing to sweep.")
            return
        settings = profile.settings()
        redact.learn(settings.secrets())
        stores = Stores.connect(settings)
        result = repair(ROOT / settings.journals, settings, stores)
        try:
            sweep(ROOT / settings.journals, settings, stores, result)
        finally:
            for line in result.lines:
                print(redact(line))
    except (SettingsError, EnvironmentBroken) as error:
        sys.exit(str(error))
    if not result.lines:
        print("No killed run has left anything.")
    sys.exit(1 if result.remains else 0)


if __name__ == "__main__":
    protect_output()
    main()

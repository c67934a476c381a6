"""Removing what killed runs left: the next run does it by itself, `make sweep` at once."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from redaction import protect_output, redact
from support.api.client import FocusServerAPI
from support.checks.promises import Promises
from support.core.errors import APIError, EnvironmentBroken, ExpectationFailed, SettingsError
from support.core.files import ROOT
from support.faults.outages import NoSuchProxy, mend
from support.faults.store_writes import limit_queues, remove
from support.observers.stores import Stores
from support.profile.profile import read_profile
from support.profile.settings import Settings
from support.scenario import journal
from support.scenario.journal import Leftover, of_dead_runs


@dataclass
class Swept:
    """What came of a sweep: a line for each thing done or not possible, and whether anything remains here.

    `healed` are the journals of those runs of which no store is disturbed any more.
    """

    lines: list[str] = field(default_factory=list)
    remains: bool = False
    healed: set[Path] = field(default_factory=set)


def heal(journals: Path, settings: Settings, stores: Stores) -> Swept:
    """Undo what dead runs did to the stores of this environment: before that, the server need not be healthy.

    What came of it is for `sweep` to go on with.

    Raises:
        EnvironmentBroken: the broker or Toxiproxy cannot be told.
    """
    swept = Swept()
    for leftover in of_dead_runs(journals):
        if leftover.provided or leftover.base_url != settings.focus_server.base_url:
            continue
        swept.healed.add(leftover.path)
        if any(requests.broker_limited for requests in leftover.open.values()):
            limit_queues(stores.broker, None)
            swept.lines.append("The broker, which a killed run had told not to, takes queues again.")
        for proxy in sorted({proxy for requests in leftover.open.values() for proxy in requests.ways_broken}):
            try:
                mend(settings.toxiproxy, proxy)
                swept.lines.append(f"The way that a killed run had broken is open again: {proxy}")
            except NoSuchProxy as error:
                swept.healed.discard(leftover.path)
                swept.lines.append(
                    f"The way that a killed run had broken could not be opened: {proxy}. {error}\n"
                    f"See that its proxy is enabled, or is gone, then delete {leftover.path}"
                )
    return swept


def sweep(journals: Path, settings: Settings, stores: Stores, swept: Swept) -> None:
    """Cancel the jobs of dead runs in this environment, after it was healed, and go on with what came of that.

    A journal goes when nothing of it is left. Where the environment was made for that run alone it went with the run,
    and so does its journal. Jobs of other environments are left for a run there.

    Raises:
        EnvironmentBroken: the server or a store cannot be reached.
    """
    for leftover in of_dead_runs(journals):
        if leftover.provided or not leftover.open:
            journal.remove(leftover)
        elif leftover.base_url != settings.focus_server.base_url:
            swept.lines.append(
                f"A killed run may have left jobs at {leftover.base_url} ({leftover.path}); a run or sweep with the "
                "profile of that environment removes them."
            )
        elif _sweep_one(leftover, settings, stores, swept) and leftover.path in swept.healed:
            journal.remove(leftover)
        else:
            swept.remains = True


def _sweep_one(leftover: Leftover, settings: Settings, stores: Stores, swept: Swept) -> bool:
    client = FocusServerAPI(settings)
    promises = Promises(settings, stores)
    jobs = {job_id for requests in leftover.open.values() for job_id in requests.jobs}
    jobs |= stores.job_ids_carrying(key for requests in leftover.open.values() for key in requests.keys)
    if settings.exclusive:
        # Its requests carried no mark; but whatever runs here is nobody else's.
        jobs |= stores.records.job_ids_not_in(settings.answers.cancelled_status)
    clean = True
    if recordings := {recording_id for requests in leftover.open.values() for recording_id in requests.recordings}:
        remove(stores.database.collection(settings.mongodb.recordings_collection), recordings)
        swept.lines.append(f"Removed what a killed run had recorded: {', '.join(sorted(recordings))}")
    for job_id in sorted(jobs):
        try:
            client.cancel_job(job_id)
            promises.expect_cancelled_jobs([job_id])
        except APIError as error:
            if error.unreachable:
                raise error.judged() from None
            if error.status not in settings.answers.unknown_statuses:
                clean = False
                swept.lines.append(f"Left by a killed run and not to be cancelled: {job_id} ({error})")
                continue
        except ExpectationFailed as error:
            clean = False
            swept.lines.append(f"Left by a killed run: {job_id}. {error}")
            continue
        # Unknown to the server: it may have been rolled back, but nothing of it may run.
        try:
            promises.expect_nothing_running(job_id)
        except ExpectationFailed as error:
            clean = False
            swept.lines.append(f"Left by a killed run, and unknown to the server: {job_id}. {error}")
            continue
        swept.lines.append(f"Removed what a killed run had left: {job_id}")
    return clean


def main() -> None:
    """Sweep the environment of the profile (FOCUS_PROFILE, else `local`)."""
    name = os.environ.get("FOCUS_PROFILE") or "local"
    try:
        profile = read_profile(name)
        if profile.provider() is not None:
            print(f"The environment of the profile '{name}' is made for each run and goes with it: nothing to sweep.")
            return
        settings = profile.settings()
        redact.learn(settings.secrets())
        stores = Stores.connect(settings)
        swept = heal(ROOT / settings.journals, settings, stores)
        try:
            sweep(ROOT / settings.journals, settings, stores, swept)
        finally:
            for line in swept.lines:
                print(redact(line))
    except (SettingsError, EnvironmentBroken) as error:
        sys.exit(str(error))
    if not swept.lines:
        print("No killed run has left anything.")
    sys.exit(1 if swept.remains else 0)


if __name__ == "__main__":
    protect_output()
    main()

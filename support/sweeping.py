"""Removing what killed runs left: the next run does it by itself, `make sweep` at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from support.client import FocusServerAPI
from support.errors import APIError, EnvironmentBroken, ExpectationFailed, SettingsError
from support.journal import Leftover, of_dead_runs
from support.profile import ROOT, read_profile
from support.promises import Promises
from support.settings import Settings
from support.stores import Stores


def sweep(journals: Path, settings: Settings, stores: Stores) -> Iterator[str]:
    """Cancel the jobs of dead runs in this environment; a line for each thing done or not possible.

    A journal goes when nothing of it is left. Where the environment was made for that run alone it went with the run,
    and so does its journal. Jobs of other environments are left for a run there.

    Raises:
        EnvironmentBroken: the server or a store cannot be reached.
    """
    for leftover in of_dead_runs(journals):
        if leftover.provided:
            leftover.path.unlink()
        elif leftover.base_url == settings.focus_server.base_url:
            yield from _sweep_one(leftover, settings, stores)
        else:
            yield (
                f"A killed run may have left jobs at {leftover.base_url} ({leftover.path}); a run or sweep with the "
                "profile of that environment removes them."
            )


def _sweep_one(leftover: Leftover, settings: Settings, stores: Stores) -> Iterator[str]:
    client = FocusServerAPI(settings.focus_server, settings.answers, lambda exchange: None)
    variable = settings.naming.analyzer_configuration_variable
    marked = {
        job_id
        for key in leftover.keys
        for job_id in (
            *stores.records.job_ids_carrying(key),
            *stores.analyzers.job_ids_carrying(key, variable),
        )
    }
    promises = Promises(settings, stores)
    remaining = False
    for job_id in sorted((leftover.created | marked) - leftover.removed):
        try:
            client.cancel_job(job_id)
        except APIError as error:
            if error.status not in settings.answers.unknown_statuses:
                remaining = True
                yield f"Left by a killed run and not to be cancelled: {job_id} ({error})"
                continue
        try:
            promises.are_cancelled([job_id])
            yield f"Removed what a killed run had left: {job_id}"
        except ExpectationFailed as error:
            remaining = True
            yield f"Left by a killed run: {job_id}. {error}"
    if not remaining:
        leftover.path.unlink()


def _unanswered(leftover: Leftover, settings: Settings, stores: Stores) -> set[str]:
    """Jobs of requests that the run did not live to see answered."""
    if settings.exclusive:
        return stores.records.job_ids_not_in(settings.answers.cancelled_status)
    variable = settings.naming.analyzer_configuration_variable
    return {
        job_id
        for key in leftover.keys
        for job_id in (*stores.records.job_ids_carrying(key), *stores.analyzers.job_ids_carrying(key, variable))
    }


def main() -> None:
    """Sweep the environment of the profile (FOCUS_PROFILE, else `local`)."""
    name = os.environ.get("FOCUS_PROFILE", "local")
    try:
        profile = read_profile(name)
        if profile.provider() is not None:
            print(f"The environment of the profile '{name}' is made for each run and goes with it: nothing to sweep.")
            return
        settings = profile.settings()
        stores = Stores.connect(settings)
        lines = list(sweep(ROOT / settings.journals, settings, stores))
    except (SettingsError, EnvironmentBroken) as error:
        sys.exit(str(error))
    print("\n".join(lines) if lines else "No killed run has left anything.")


if __name__ == "__main__":
    main()

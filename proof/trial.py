"""A trial of the suite: without a defect all is green; with one the scenarios that must catch it turn red."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proof.catalogue import Entry
from proof.features import scenarios, selecting
from proof.outcomes import Outcome, Ran
from proof.processes import NO_DEFECT, QUICK, RUN_LIMIT_S, run_behave, serving, variables_of
from proof.progress import Advance
from proof.tenants import Tenant, Tenants
from proof.verdicts import Verdict, verdict_on

_SHARE = 12  # Scenarios in one run of those without a defect.
_CLEAN_LIMIT_S = 300


def without_defect(tenants: Tenants, names: Sequence[str], progress: Advance) -> dict[str, Outcome]:
    """Run scenarios against a server without a defect; those that were not green, by their names."""

    def run(share: list[str], tenant: Tenant, place: Path) -> Ran:
        return _ran(share, variables_of(tenant.file, place, {}), place, _CLEAN_LIMIT_S)

    return _red(tenants, names, run, progress)


def as_with_a_defect(tenants: Tenants, names: Sequence[str], progress: Advance) -> dict[str, Outcome]:
    """As `without_defect`, with all else as where there is a defect: how it is served, and the short time limits."""

    def run(share: list[str], tenant: Tenant, place: Path) -> Ran:
        with serving(NO_DEFECT, tenant, place) as server:
            return _ran(share, variables_of(tenant.file, place, QUICK | server), place, _CLEAN_LIMIT_S)

    return _red(tenants, names, run, progress)


def _red(
    tenants: Tenants, names: Sequence[str], run: Callable[[list[str], Tenant, Path], Ran], progress: Advance
) -> dict[str, Outcome]:
    # All of one feature one after another, so that few features are read more than once.
    by_file = sorted(names, key=lambda name: scenarios()[name].files)
    shares = [by_file[start : start + _SHARE] for start in range(0, len(by_file), _SHARE)]
    red: dict[str, Outcome] = {}
    for share, ran in tenants.work(run, shares):
        for name in share:
            outcome = ran.scenarios.get(name, Outcome("not run", None, ran.printed))
            if outcome.status != "passed":
                red[name] = outcome
            progress()
    return red


def _ran(names: Sequence[str], variables: Mapping[str, str], place: Path, limit_s: float) -> Ran:
    """Run scenarios. One that did not run is asked once more: some skip themselves on a busy machine."""
    ran = run_behave(selecting(names), variables, place, limit_s)
    absent = [name for name in names if name not in ran.scenarios]
    if not absent:
        return ran
    again = run_behave(selecting(absent), variables, place, limit_s)
    return replace(again, scenarios=ran.scenarios | again.scenarios)


def with_defects(tenants: Tenants, entries: Sequence[Entry], progress: Advance) -> list[Verdict]:
    """Run for each defect the scenarios that must catch it; in the order of the entries.

    For one that none of them noticed, the others of their features are run as well, to see who did.
    """
    bystanders = sorted(one.name for one in scenarios().values() if "smoke" in one.tags)

    def attempt(entry: Entry, tenant: Tenant, place: Path) -> Verdict:
        with serving(entry.defect.name, tenant, place, restores=entry.defect.restores) as server:
            variables = variables_of(tenant.file, place, QUICK | server)
            verdict = verdict_on(entry, _ran(entry.scenarios, variables, place, RUN_LIMIT_S).scenarios)
            if verdict.seen:
                return verdict
            files = {file for name in entry.scenarios for file in scenarios()[name].files}
            others = [one.name for one in scenarios().values() if files.intersection(one.files)]
            asked = [name for name in dict.fromkeys((*bystanders, *others)) if name not in entry.scenarios]
            found = run_behave(selecting(asked), variables, place, RUN_LIMIT_S).scenarios
        noticed = tuple(name for name, outcome in found.items() if outcome.status != "passed")
        return Verdict(entry, verdict.judged, noticed)

    found: dict[str, Verdict] = {}
    # In reverse: the slowest, those that generated requests show, stand at the end, and would run alone at last.
    for entry, verdict in tenants.work(attempt, entries[::-1]):
        found[entry.defect.name] = verdict
        progress()
    return [found[entry.defect.name] for entry in entries]

"""Runs of the suite without a defect (the baseline: all must be green), and with each of the defects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from proof.behave_runs import BehaveRun, ScenarioOutcome
from proof.catalogue import Entry
from proof.detection import DefectOutcome, outcome_of
from proof.features import is_disruptive, scenarios, selecting
from proof.processes import NO_DEFECT, QUICK, RUN_LIMIT_S, run_behave, serving, variables_of
from proof.progress import Advance
from proof.tenant_pool import LeasedTenant, TenantPool

_BATCH = 12  # Scenarios in one run of those without a defect.
_BASELINE_LIMIT_S = 300


def baseline(tenants: TenantPool, names: Sequence[str], progress: Advance) -> dict[str, ScenarioOutcome]:
    """Run scenarios against a server without a defect; returns those that were not green, by their names."""

    def run(batch: list[str], tenant: LeasedTenant, place: Path) -> BehaveRun:
        return run_behave(selecting(batch), variables_of(tenant.file, place, {}), place, _BASELINE_LIMIT_S)

    return _red(tenants, names, run, progress)


def baseline_of_defects(tenants: TenantPool, names: Sequence[str], progress: Advance) -> dict[str, ScenarioOutcome]:
    """Like `baseline`, but served, and with time limits, as with a defect."""

    def run(batch: list[str], tenant: LeasedTenant, place: Path) -> BehaveRun:
        with serving(NO_DEFECT, tenant, place) as server:
            return run_behave(
                selecting(batch), variables_of(tenant.file, place, QUICK | server), place, _BASELINE_LIMIT_S
            )

    return _red(tenants, names, run, progress)


def _red(
    tenants: TenantPool,
    names: Sequence[str],
    run: Callable[[list[str], LeasedTenant, Path], BehaveRun],
    progress: Advance,
) -> dict[str, ScenarioOutcome]:
    # All of one feature one after another, so that few features are read more than once.
    by_file = sorted(names, key=lambda name: scenarios()[name].files)
    batches = [by_file[start : start + _BATCH] for start in range(0, len(by_file), _BATCH)]
    red: dict[str, ScenarioOutcome] = {}
    for batch, ran in tenants.work(run, batches):
        for name in batch:
            outcome = ran.scenarios.get(name, ScenarioOutcome("not run", None, ran.printed))
            if outcome.status != "passed":
                red[name] = outcome
            progress()
    return red


def ordinary(names: Sequence[str]) -> list[str]:
    """Those of these scenarios that a tenant is enough for: it has no parts that may be stopped."""
    return [name for name in names if not is_disruptive(name)]


def with_defects(tenants: TenantPool, entries: Sequence[Entry], progress: Advance) -> list[DefectOutcome]:
    """Run for each defect the scenarios that must catch it; in the order of the entries.

    If none of them notices a defect, the others of their features are run as well, to see which do.
    """
    smoke = sorted(one.name for one in scenarios().values() if "smoke" in one.tags)

    def attempt(entry: Entry, tenant: LeasedTenant, place: Path) -> DefectOutcome:
        with serving(entry.defect.name, tenant, place, restores=entry.defect.restores) as server:
            variables = variables_of(tenant.file, place, QUICK | server)
            outcome = outcome_of(entry, run_behave(selecting(entry.scenarios), variables, place, RUN_LIMIT_S).scenarios)
            if outcome.seen:
                return outcome
            files = {file for name in entry.scenarios for file in scenarios()[name].files}
            others = ordinary([one.name for one in scenarios().values() if files.intersection(one.files)])
            asked = [name for name in dict.fromkeys((*smoke, *others)) if name not in entry.scenarios]
            found = run_behave(selecting(asked), variables, place, RUN_LIMIT_S).scenarios
        noticed = tuple(name for name, outcome in found.items() if outcome.status != "passed")
        return DefectOutcome(entry, outcome.expectations, noticed)

    found: dict[str, DefectOutcome] = {}
    # In reverse: the slowest, those that generated requests show, stand at the end, and would run alone at last.
    for entry, outcome in tenants.work(attempt, entries[::-1]):
        found[entry.defect.name] = outcome
        progress()
    return [found[entry.defect.name] for entry in entries]

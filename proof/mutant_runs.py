"""Runs of the suite against mutants: each is served, and the scenarios that cover it are run until one fails."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from proof.behave_runs import BehaveRun, ScenarioOutcome
from proof.features import selecting
from proof.kill_history import KillHistory
from proof.mutants import Mutant, MutantId
from proof.mutated_modules import features_for, other_features
from proof.processes import QUICK, run_behave, serving, variables_of
from proof.progress import Advance
from proof.tenant_pool import LeasedTenant, TenantPool
from support.core.files import ROOT

# A mutant makes other decisions, and is no slower: lateness is not its fault, but that of a busy machine.
_LONG_TIME_LIMITS = QUICK | {
    "FOCUS__TIME_LIMITS__EFFECT_APPEARS_S": "5",
    "FOCUS__TIME_LIMITS__ANALYZER_RUNS_S": "5",
    "FOCUS__TIME_LIMITS__EFFECT_DISAPPEARS_S": "5",
    "FOCUS__TIME_LIMITS__JOB_CREATED_S": "20",
    "FOCUS__TIME_LIMITS__HEALTH_ANSWERED_S": "20",
    "FOCUS__TIME_LIMITS__UNAVAILABLE_ANSWERED_S": "20",
    "FOCUS__TIME_LIMITS__ROWS_LATE_S": "10",
    "FOCUS__TIME_LIMITS__RECORD_STORE_ANSWERS_S": "10",
    "FOCUS__TIME_LIMITS__ROWS_APPEAR_S": "5",
    "FOCUS__TIME_LIMITS__PLAYBACK_ENDS_S": "20",
}

_IS_ILL = re.compile(r"^ *- The Focus Server is ill: ", re.MULTILINE)  # why a run has not begun
_BASELINE_LIMIT_S = 300
_TIMES_BASELINE, _PLUS_S = 3, 60  # How much longer than the baseline a run may take: the machine is busy.


class MutantStatus(StrEnum):
    """The status of a mutant after its run."""

    KILLED = "killed"
    NO_START = "killed: does not start"
    TIMED_OUT = "killed: hangs"
    ILL = "killed: the suite finds the server ill, and does not begin"
    SURVIVED = "survived"
    UNCLEAR = "unclear: nothing but errors, or no server"


@dataclass(frozen=True)
class MutantOutcome:
    """The outcome of a mutant; `scenario` killed it, at the step and with the message of `outcome`."""

    mutant: Mutant
    status: MutantStatus
    scenario: str = ""
    outcome: ScenarioOutcome = field(default_factory=lambda: ScenarioOutcome("passed"))

    @property
    def killed(self) -> bool:
        """Whether the suite detected it."""
        return self.status not in (MutantStatus.SURVIVED, MutantStatus.UNCLEAR)


@dataclass(frozen=True)
class BaselineRun:
    """A run without a mutant: what was red, by the name of the scenario, and how long each feature took."""

    red: dict[str, ScenarioOutcome]
    took_s: dict[str, float]


def baseline_run(tenants: TenantPool, features: Sequence[str], module: Mutant, progress: Advance) -> BaselineRun:
    """Run features against a server that has a module loaded as mutants are, but unchanged."""

    def run(feature: str, tenant: LeasedTenant, place: Path) -> tuple[BehaveRun, float]:
        with _serving(module, tenant, place) as server:
            started = time.monotonic()
            ran = run_behave([feature], _variables(tenant, place, server), place, _BASELINE_LIMIT_S)
            return ran, time.monotonic() - started

    baseline = BaselineRun({}, {})
    for feature, (ran, took_s) in tenants.work(run, features):
        baseline.took_s[feature] = took_s
        baseline.red.update({name: one for name, one in ran.scenarios.items() if one.status != "passed"})
        if not ran.scenarios:
            baseline.red[feature] = ScenarioOutcome("not run", None, ran.printed)
        progress()
    return baseline


def run_mutants(
    tenants: TenantPool,
    mutants: Sequence[Mutant],
    accepted: Collection[MutantId],
    baseline_s: Mapping[str, float],
    known: KillHistory,
    ended: Callable[[MutantOutcome], object],
    *,
    briefly: bool = False,
) -> list[MutantOutcome]:
    """Run for each mutant the features that cover its module; if it survives and is not accepted, all others, too.

    With `briefly` these are left out. The first to run are the scenarios that killed it before, or other mutants of
    its module. `baseline_s` is how long each feature takes without a mutant.
    """

    def attempt(mutant: Mutant, tenant: LeasedTenant, place: Path) -> MutantOutcome:
        result = attempt_once(mutant, tenant, place)
        # The environment may have been the reason.
        return attempt_once(mutant, tenant, place) if result.status is MutantStatus.NO_START else result

    def attempt_once(mutant: Mutant, tenant: LeasedTenant, place: Path) -> MutantOutcome:
        file = mutant.id.file
        asked: list[Sequence[str]] = [selecting(names) for names in known.candidates(mutant.id)]
        asked.append(features_for(file))
        if mutant.id not in accepted and not briefly:
            asked.append(other_features(file))
        try:
            with _serving(mutant, tenant, place) as server:
                variables = _variables(tenant, place, server)
                for selected in asked:
                    limit_s = _PLUS_S + _TIMES_BASELINE * sum(baseline_s.get(one, 0) for one in selected)
                    run = partial(run_behave, [*selected, "--stop"], variables, place, limit_s)
                    result = _run(mutant, run, doubt=mutant.id in accepted)
                    if result.status is not MutantStatus.SURVIVED:
                        break
        except TimeoutError as error:
            return MutantOutcome(mutant, MutantStatus.UNCLEAR, outcome=ScenarioOutcome("error", None, str(error)))
        except RuntimeError as error:
            return MutantOutcome(mutant, MutantStatus.NO_START, outcome=ScenarioOutcome("failed", None, str(error)))
        if result.scenario:
            known.add(mutant.id, result.scenario)
        return result

    results: dict[MutantId, MutantOutcome] = {}
    for mutant, result in tenants.work(attempt, mutants):
        results[mutant.id] = result
        ended(result)
    return [results[mutant.id] for mutant in mutants]


def _run(mutant: Mutant, run: Callable[[], BehaveRun], *, doubt: bool) -> MutantOutcome:
    """Run once, and again if there were only errors, or a time-out: the environment may be the reason.

    Again, too, if it killed a mutant that is accepted as a survivor (`doubt`).
    """
    result = mutant_outcome(mutant, run())
    again = result.status in (MutantStatus.UNCLEAR, MutantStatus.TIMED_OUT, MutantStatus.ILL) or (
        doubt and result.killed
    )
    return mutant_outcome(mutant, run()) if again else result


def mutant_outcome(mutant: Mutant, ran: BehaveRun) -> MutantOutcome:
    """The outcome of a mutant's run: a failed step kills it, a time-out, or a server that is of no use at all."""
    if ran.status == -signal.SIGKILL:
        return MutantOutcome(mutant, MutantStatus.TIMED_OUT)
    for name, outcome in ran.scenarios.items():
        if outcome.status == "failed":
            return MutantOutcome(mutant, MutantStatus.KILLED, name, outcome)
    if ran.status == 0 and ran.scenarios:
        return MutantOutcome(mutant, MutantStatus.SURVIVED)
    if not ran.scenarios and _IS_ILL.search(ran.printed):
        return MutantOutcome(mutant, MutantStatus.ILL, outcome=ScenarioOutcome("error", None, ran.printed))
    broken = next((outcome for outcome in ran.scenarios.values() if outcome.status != "passed"), None)
    return MutantOutcome(mutant, MutantStatus.UNCLEAR, outcome=broken or ScenarioOutcome("error", None, ran.printed))


def _variables(tenant: LeasedTenant, place: Path, server: Mapping[str, str]) -> dict[str, str]:
    return variables_of(tenant.file, place, {**_LONG_TIME_LIMITS, **server})


def _serving(mutant: Mutant, tenant: LeasedTenant, place: Path) -> AbstractContextManager[dict[str, str]]:
    serve = partial(_serve, mutant.module, str(ROOT / mutant.id.file), mutant.source)
    return serving(str(mutant), tenant, place, serve)


def _serve(module: str, file: str, source: str, _: str) -> None:
    from proof.mutated_server import serve_mutated

    serve_mutated(module, file, source)

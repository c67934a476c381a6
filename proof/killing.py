"""Killing mutants: each is served, and the scenarios that show what it decides are run until one fails."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path

from proof.decisions import features_for, other_features
from proof.features import selecting
from proof.killers import Killers
from proof.mutants import Identity, Mutant
from proof.outcomes import Outcome, Ran
from proof.processes import QUICK, run_behave, serving, variables_of
from proof.progress import Advance
from proof.tenants import Tenant, Tenants
from support.core.files import ROOT

# A mutant decides otherwise, and is no slower: what comes late is not its fault, but that of a busy machine.
_UNHURRIED = QUICK | {
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

_CLEAN_LIMIT_S = 300
_MOST_TIMES_AS_LONG, _AND_S = 3, 60  # As long as without a mutant a run may take; the machine is busy.


class Fate(StrEnum):
    """What becomes of a mutant."""

    KILLED = "killed"
    NO_START = "killed: does not start"
    TIMED_OUT = "killed: hangs"
    SURVIVED = "survived"
    UNCLEAR = "unclear: nothing but errors, or no server"


@dataclass(frozen=True)
class End:
    """How a mutant ended; `scenario` killed it, at the step and with the message of the outcome."""

    mutant: Mutant
    fate: Fate
    scenario: str = ""
    outcome: Outcome = field(default_factory=lambda: Outcome("passed"))

    @property
    def killed(self) -> bool:
        """Whether the suite noticed it."""
        return self.fate in (Fate.KILLED, Fate.NO_START, Fate.TIMED_OUT)


@dataclass(frozen=True)
class Clean:
    """A run without a mutant: what was red, by the name of the scenario, and how long each feature took."""

    red: dict[str, Outcome]
    took_s: dict[str, float]


def without_mutant(tenants: Tenants, features: Sequence[str], module: Mutant, progress: Advance) -> Clean:
    """Run features against a server that has a module loaded as mutants are, but as it is."""

    def run(feature: str, tenant: Tenant, place: Path) -> tuple[Ran, float]:
        with _serving(module, tenant, place) as server:
            started = time.monotonic()
            ran = run_behave([feature], _variables(tenant, place, server), place, _CLEAN_LIMIT_S)
            return ran, time.monotonic() - started

    clean = Clean({}, {})
    for feature, (ran, took_s) in tenants.work(run, features):
        clean.took_s[feature] = took_s
        clean.red.update({name: one for name, one in ran.scenarios.items() if one.status != "passed"})
        if not ran.scenarios:
            clean.red[feature] = Outcome("not run", None, ran.printed)
        progress()
    return clean


def kill(
    tenants: Tenants,
    mutants: Sequence[Mutant],
    excused: Collection[Identity],
    clean_s: Mapping[str, float],
    known: Killers,
    ended: Callable[[End], object],
    *,
    briefly: bool = False,
) -> list[End]:
    """Run the features that show what a mutant's module decides; all others too, if it lives and is not excused.

    No others are asked if it is to be done `briefly`. Asked first is what is known to have killed it before, and
    what has killed others of its module. `clean_s` is how long each feature takes without a mutant.
    """

    def attempt(mutant: Mutant, tenant: Tenant, place: Path) -> End:
        end = attempt_once(mutant, tenant, place)
        # The reason may have been the environment.
        return attempt_once(mutant, tenant, place) if end.fate is Fate.NO_START else end

    def attempt_once(mutant: Mutant, tenant: Tenant, place: Path) -> End:
        file = mutant.identity.file
        asked: list[Sequence[str]] = [selecting(names) for names in known.likely(mutant.identity)]
        asked.append(features_for(file))
        if mutant.identity not in excused and not briefly:
            asked.append(other_features(file))
        try:
            with _serving(mutant, tenant, place) as server:
                variables = _variables(tenant, place, server)
                for selected in asked:
                    limit_s = _AND_S + _MOST_TIMES_AS_LONG * sum(clean_s.get(one, 0) for one in selected)
                    run = partial(run_behave, [*selected, "--stop"], variables, place, limit_s)
                    end = _run(mutant, run, doubt=mutant.identity in excused)
                    if end.fate is not Fate.SURVIVED:
                        break
        except TimeoutError as error:
            return End(mutant, Fate.UNCLEAR, outcome=Outcome("error", None, str(error)))
        except RuntimeError as error:
            return End(mutant, Fate.NO_START, outcome=Outcome("failed", None, str(error)))
        if end.scenario:
            known.enter(mutant.identity, end.scenario)
        return end

    ends: dict[Identity, End] = {}
    for mutant, end in tenants.work(attempt, mutants):
        ends[mutant.identity] = end
        ended(end)
    return [ends[mutant.identity] for mutant in mutants]


def _run(mutant: Mutant, run: Callable[[], Ran], *, doubt: bool) -> End:
    """A run, and once more if it ended in errors only, or not at all: the reason may be the environment.

    Once more, too, if it killed one of which that is doubted.
    """
    end = end_of(mutant, run())
    again = end.fate in (Fate.UNCLEAR, Fate.TIMED_OUT) or (doubt and end.killed)
    return end_of(mutant, run()) if again else end


def end_of(mutant: Mutant, ran: Ran) -> End:
    """What a run says of a mutant: only a step that failed kills it, or the time that it took."""
    if ran.status == -signal.SIGKILL:
        return End(mutant, Fate.TIMED_OUT)
    for name, outcome in ran.scenarios.items():
        if outcome.status == "failed":
            return End(mutant, Fate.KILLED, name, outcome)
    if ran.status == 0 and ran.scenarios:
        return End(mutant, Fate.SURVIVED)
    broken = next((outcome for outcome in ran.scenarios.values() if outcome.status != "passed"), None)
    return End(mutant, Fate.UNCLEAR, outcome=broken or Outcome("error", None, ran.printed))


def _variables(tenant: Tenant, place: Path, server: Mapping[str, str]) -> dict[str, str]:
    return variables_of(tenant.file, place, {**_UNHURRIED, **server})


def _serving(mutant: Mutant, tenant: Tenant, place: Path) -> AbstractContextManager[dict[str, str]]:
    serve = partial(_serve, mutant.module, str(ROOT / mutant.identity.file), mutant.source)
    return serving(str(mutant), tenant, place, serve)


def _serve(module: str, file: str, source: str, _: str) -> None:
    from proof.mutated_server import serve_mutated

    serve_mutated(module, file, source)

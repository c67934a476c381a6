"""One history check from its beginning to its end: environment, clients and faults, recovery, judgement, clean-up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from consistency.checkers import (
    Violation,
    answer_violations,
    final_states,
    id_violations,
    order_violations,
    store_violations,
)
from consistency.clients import Client, KnownJobs
from consistency.faults import Conductor, PartFaults
from consistency.operations import AFTERWARDS, BETWEEN, Decision
from consistency.recording import Recording
from consistency.result import Result
from consistency.schedule import decisions_of, faults_of, probes
from consistency.seen import Mark, Seen, StoreLook
from consistency.timeline import Told, tell
from support.core.errors import EnvironmentBroken, ExpectationFailed, SettingsError
from support.profile.profile import Profile
from support.profile.provider import ProvidedEnvironment
from support.profile.settings import Settings
from support.scenario.disposable import maker_of
from support.scenario.session import ScenarioSession
from support.scenario.suite_run import SuiteRun

_BETWEEN_LOOKS_S = 0.5
_AN_OPERATION_S, _AT_LEAST_S = 1.0, 120.0
LEFT = "something is left behind"
NOT_BACK = "a part did not come back"
NOT_DONE = "not all was done"


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    seed: int
    operations: int
    clients: int
    defect: str | None = None
    """A defect that the environment is to have, if its provider makes such environments."""

    @property
    def limit_s(self) -> float:
        """How long the clients may take, s."""
        return max(_AT_LEAST_S, _AN_OPERATION_S * self.operations)

    @property
    def replay(self) -> str:
        """The command that takes the same decisions again."""
        defect = f' ARGS="--defect {self.defect}"' if self.defect else ""
        clients = f" CLIENTS={self.clients}"
        return f"make history SEED={self.seed} OPERATIONS={self.operations}{clients}{defect}"


def refusal(settings: Settings, *, is_provided: bool) -> str | None:
    """Why parts of this environment may not be disturbed; None where they may."""
    if is_provided or settings.workloads.disposable:
        return None
    return "its parts may not be disturbed; the profile does not say that it is disposable (workloads.disposable)"


def check_history(profile: Profile, plan: Plan, say: Callable[[str], object]) -> Result:
    """Carry out a plan, and hold the history against the stores.

    Raises:
        SettingsError: the profile can't be used, or does not allow it.
        EnvironmentBroken: the environment is not healthy, or can't be disturbed.
    """
    with ExitStack() as parts:
        provided = parts.enter_context(_provided(profile, plan.defect))
        endpoints = provided.endpoints()[0] if provided is not None else None
        settings = profile.settings(endpoints)
        if why := refusal(settings, is_provided=provided is not None):
            raise SettingsError(f"There is no history check of this environment: {why}.")
        run = SuiteRun.start(profile, provided, endpoints)
        parts.callback(run.close)
        session = run.open_scenario(lambda _: None)
        check = _Check(settings, session, StoreLook(settings, run.stores), plan, say)
        try:
            told = check.carry_out()
            if not told:
                check.recover()
                told = check.judge()
        finally:
            left = _left_behind(session)
        return Result(
            seed=plan.seed,
            wanted=plan.operations,
            clients=plan.clients,
            environment=profile.name,
            started=check.recording.started,
            took_s=check.recording.now(),
            replay=plan.replay,
            operations=check.recording.operations,
            disturbed=check.recording.disturbed,
            unseen=[*check.impossible, *session.promises.unseen],
            violations=told + left,
        )


@contextmanager
def _provided(profile: Profile, defect: str | None) -> Iterator[ProvidedEnvironment | None]:
    """The environment that the profile's provider makes for this run alone, a disposable one if it makes such."""
    maker = maker_of(profile) or profile.provider()
    profile.check_variables()
    if maker is None:
        if defect is not None:
            raise SettingsError("Only an environment that is made for the run can have a defect (--defect).")
        yield None
        return
    command = (*maker.command, *(("--defect", defect) if defect else ()))
    provided = ProvidedEnvironment(maker.model_copy(update={"command": command}))
    try:
        yield provided
    finally:
        provided.close()


def _once(told: Sequence[Told]) -> list[Told]:
    """What was told before and after is told once."""
    return list({(one.promise, one.job_id or one.problem): one for one in reversed(told)}.values())[::-1]


def _left_behind(session: ScenarioSession) -> list[Told]:
    try:
        session.leave_nothing_behind()
    except (ExpectationFailed, EnvironmentBroken) as failure:
        return [Told(promise=LEFT, problem=str(failure), job_id=None, timeline=[])]
    return []


class _Check:
    """What is known of one run while it goes on."""

    def __init__(
        self, settings: Settings, session: ScenarioSession, look: StoreLook, plan: Plan, say: Callable[[str], object]
    ) -> None:
        self._settings, self._session, self._look, self._plan = settings, session, look, plan
        self._jobs = KnownJobs(settings.naming.unknown_job_id)
        self._stop = threading.Event()
        self.recording = Recording()
        faults = PartFaults(session.disturbances)
        possible, self.impossible = faults.possible()
        planned = faults_of(plan.seed, plan.operations, possible)
        self._probes = probes(plan.seed, settings.limits)
        self._between, self._told = self._client(BETWEEN), list[Told]()
        self._conductor = Conductor(planned, faults, self.recording, self._check_between, say)

    def carry_out(self) -> list[Told]:
        """Have the clients do what they decide, while parts fail. Gives what has ended that; the rest is not judged."""
        plan, limits = self._plan, self._settings.limits
        each = [len(range(client, plan.operations, plan.clients)) for client in range(plan.clients)]
        decided = [decisions_of(plan.seed, one, plan.clients, number, limits) for one, number in enumerate(each)]
        until = time.monotonic() + plan.limit_s
        with ThreadPoolExecutor(plan.clients) as pool:
            try:
                at_work = [pool.submit(self._work, str(one), todo, until) for one, todo in enumerate(decided)]
                for client in at_work:
                    client.result()
                self._conductor.end()
            except ExpectationFailed as failure:
                return [Told(promise=NOT_BACK, problem=str(failure), job_id=None, timeline=[])]
            finally:
                self._stop.set()
        return []

    def _work(self, name: str, decisions: Sequence[Decision], until: float) -> None:
        client = self._client(name)
        try:
            for decision in decisions:
                if self._stop.is_set() or time.monotonic() > until:
                    return
                self._conductor.admit()
                client.do(decision)
        except BaseException:
            self._stop.set()
            raise

    def _check_between(self) -> None:
        """When no operation is under way: see that jobs can be made, and hold the history to the stores up to now."""
        self._prove_recovery(self._between)
        self._told += self._tell(*self._settled())

    def _prove_recovery(self, client: Client) -> None:
        """Make a job, and cancel it; one that is refused is asked for again until it must not be refused any more."""
        until_s = self.recording.now() + self._settings.time_limits.recovered_s
        while True:
            invoked_s = self.recording.now()
            made = client.create(next(self._probes))
            if made.outcome == "ok" and made.job_id is not None:
                client.ask("cancel", made.job_id)
                return
            if invoked_s > until_s:
                return
            time.sleep(_BETWEEN_LOOKS_S)

    def recover(self) -> None:
        """When the faults are over: make a job again, repeat cancellations that may be half done, look at every job."""
        client = self._client(AFTERWARDS)
        self._prove_recovery(client)
        self._told += self._tell(*self._settled())
        done = self.recording.operations
        cancelled = {one.job_id for one in done if one.kind == "cancel" and one.told == "cancelled"}
        doubtful = {one.job_id for one in done if one.kind == "cancel" and one.outcome == "info"} - cancelled
        for job_id in sorted(one for one in doubtful if one is not None):
            client.ask("cancel", job_id)
        for job_id in sorted({one.job_id for one in done if one.kind == "create" and one.job_id is not None}):
            client.ask("look", job_id)

    def judge(self) -> list[Told]:
        """Hold the whole history against what the stores show at last; gives all that was found, each once."""
        recording, settings = self.recording, self._settings
        of_stores, seen, at_s = self._settled()
        states = final_states(recording.operations, seen, settings, at_s)
        found = [
            *answer_violations(recording.operations, recording.disturbed, settings),
            *id_violations(recording.operations),
            *of_stores,
            *order_violations(recording.operations, states),
            *self._not_done(),
        ]
        return _once([*self._told, *self._tell(found, seen, at_s)])

    def _settled(self) -> tuple[list[Violation], Seen, float]:
        """What the stores show wrongly when they had their time, all that they show, and when."""
        limits = self._settings.time_limits
        until = time.monotonic() + max(limits.effect_appears_s, limits.analyzer_runs_s, limits.effect_disappears_s)
        while True:
            seen, at_s = self._seen(), self.recording.now()
            wrong = list(store_violations(self.recording.operations, seen, self._settings))
            if not wrong or time.monotonic() > until:
                return wrong, seen, at_s
            time.sleep(_BETWEEN_LOOKS_S)

    def _seen(self) -> Seen:
        created = [one for one in self.recording.operations if one.kind == "create"]
        marks = {mark for one in created if (mark := Mark.of(one.payload)) is not None}
        return self._look.look({one.job_id for one in created if one.job_id is not None}, marks)

    def _tell(self, found: Sequence[Violation], seen: Seen, at_s: float) -> list[Told]:
        recording, ledger = self.recording, self._session.ledger
        ledger.read_history()
        beside = (recording.operations, recording.disturbed, ledger.happened, recording.started, seen, at_s)
        return [tell(one, *beside) for one in found]

    def _not_done(self) -> list[Violation]:
        done = sum(one.client not in (BETWEEN, AFTERWARDS) for one in self.recording.operations)
        if done == self._plan.operations:
            return []
        return [Violation(NOT_DONE, f"{done} of {self._plan.operations} operations within {self._plan.limit_s:g} s")]

    def _client(self, name: str) -> Client:
        session, ledger = self._session, self._session.ledger

        def announce(key: Any) -> None:
            session.journal.requested(key)
            if not self._settings.exclusive:  # Else all that is there is its own.
                ledger.enter_request(key)

        subscribers = (session.journal.enter_exchange, ledger.enter_exchange)
        return Client(name, self._settings, self._jobs, self.recording, announce, *subscribers)

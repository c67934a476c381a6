"""One history check from its beginning to its end: environment, clients and faults, recovery, judgement, clean-up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

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
from support.observers.request_marks import TraceKey
from support.profile.profile import Profile
from support.profile.provider import provide
from support.profile.settings import Provider, Settings
from support.scenario.disposable import maker_of, why_lasting
from support.scenario.session import ScenarioSession
from support.scenario.suite_run import SuiteRun

_BETWEEN_LOOKS_S = 0.5
_AN_OPERATION_S, _AT_LEAST_S = 1.0, 120.0
LEFT = "something is left behind"
NOT_BACK = "a part did not come back"


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
        """How long the clients may take where nothing is disturbed, s."""
        return max(_AT_LEAST_S, _AN_OPERATION_S * self.operations)

    @property
    def replay(self) -> str:
        """The command that takes the same decisions again."""
        defect = f' ARGS="--defect {self.defect}"' if self.defect else ""
        clients = f" CLIENTS={self.clients}"
        return f"make history SEED={self.seed} OPERATIONS={self.operations}{clients}{defect}"


def refusal(settings: Settings, *, is_provided: bool) -> str | None:
    """Why parts of this environment may not be disturbed; None where they may."""
    if why := why_lasting(settings, is_made=is_provided):
        return why
    return None if settings.exclusive else "others use this environment, too, and would feel it: exclusive is not set"


def check_history(profile: Profile, plan: Plan, say: Callable[[str], object]) -> Result:
    """Carry out a plan, and hold the history against the stores.

    What breaks when clients have begun stands in the result: what was recorded until then is not lost.

    Raises:
        SettingsError: the profile can't be used, or does not allow it.
        EnvironmentBroken: the environment is not healthy.
    """
    with ExitStack() as parts:
        provided = provide(profile, _maker(profile, plan.defect))
        if provided is not None:
            parts.callback(provided.close)
        endpoints = provided.endpoints()[0] if provided is not None else None
        settings = profile.settings(endpoints)
        if why := refusal(settings, is_provided=provided is not None):
            raise SettingsError(f"There is no history check here: {why}.")
        run = SuiteRun.start(profile, provided, endpoints)
        parts.callback(run.close)
        session = run.open_scenario(lambda _: None)
        check = _Check(settings, session, StoreLook(settings, run.stores), plan, say)
        try:
            check.carry_out_and_judge()
        finally:
            check.leave_nothing_behind()
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
            violations=check.told,
            no_verdict=check.no_verdict(),
        )


def _maker(profile: Profile, defect: str | None) -> Provider | None:
    """What makes the environment for this run alone, a disposable one if the profile's provider makes such."""
    maker = maker_of(profile) or profile.provider()
    if defect is None:
        return maker
    if maker is None:
        raise SettingsError("Only an environment that is made for the run can have a defect (--defect).")
    return maker.model_copy(update={"command": (*maker.command, "--defect", defect)})


def _once(told: Sequence[Told]) -> list[Told]:
    """What was told before and after is told once."""
    return list({(one.promise, one.job_id or one.problem): one for one in reversed(told)}.values())[::-1]


class _Check:
    """What is known of one run while it goes on; `told` is what was found until now."""

    def __init__(
        self, settings: Settings, session: ScenarioSession, look: StoreLook, plan: Plan, say: Callable[[str], object]
    ) -> None:
        self._settings, self._session, self._look, self._plan = settings, session, look, plan
        self._jobs = KnownJobs(settings.naming.unknown_job_id)
        self._stop = threading.Event()
        self.recording = Recording()
        faults = PartFaults(session.disturbances)
        self._possible, self.impossible = faults.possible()
        planned = faults_of(plan.seed, plan.operations, self._possible)
        self._limit_s = plan.limit_s + len(planned) * settings.time_limits.part_recovers_s
        self._probes = probes(plan.seed, settings.limits)
        self._between, self.told, self._broken = self._client(BETWEEN), list[Told](), list[str]()
        self._conductor = Conductor(planned, faults, self.recording, self._check_between, say)

    def carry_out_and_judge(self) -> None:
        """Do all that is planned. A part that does not come back ends it, and so does a store that cannot be asked."""
        try:
            self.carry_out()
            self._broken += self._not_done()
            self.recover()
            self.judge()
        except ExpectationFailed as failure:
            self.told.append(Told(promise=NOT_BACK, problem=str(failure), job_id=None, timeline=[]))
        except EnvironmentBroken as broken:
            self._broken.append(str(broken))

    def leave_nothing_behind(self) -> None:
        """When nothing is done to parts any more: bring them back, and take away all that is left."""
        self._conductor.drain()
        try:
            self._session.leave_nothing_behind()
        except ExpectationFailed as failure:
            self.told.append(Told(promise=LEFT, problem=str(failure), job_id=None, timeline=[]))
        except EnvironmentBroken as broken:
            self._broken.append(f"not all could be cleaned up: {broken}")

    def no_verdict(self) -> list[str]:
        """Why what was done does not show that every promise was kept."""
        undisturbed = []
        if not self.recording.disturbed:
            why = "; ".join(self.impossible) if not self._possible else "there were too few operations for a fault"
            undisturbed = [f"nothing {'was' if self._possible else 'could be'} disturbed: {why}"]
        return [*self._broken, *undisturbed]

    def carry_out(self) -> None:
        """Have the clients do what they decide, while parts fail. Raises ExpectationFailed: one does not come back."""
        plan, limits = self._plan, self._settings.limits
        each = [len(range(client, plan.operations, plan.clients)) for client in range(plan.clients)]
        decided = [decisions_of(plan.seed, one, plan.clients, number, limits) for one, number in enumerate(each)]
        until = time.monotonic() + self._limit_s
        with ThreadPoolExecutor(plan.clients) as pool:
            try:
                at_work = [pool.submit(self._work, str(one), todo, until) for one, todo in enumerate(decided)]
                for client in at_work:
                    client.result()
                self._conductor.end()
            finally:
                self._stop.set()

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
        self.told += self._tell(*self._settled())

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
        self.told += self._tell(*self._settled())
        done = self.recording.operations
        cancelled = {one.job_id for one in done if one.kind == "cancel" and one.told == "cancelled"}
        doubtful = {one.job_id for one in done if one.kind == "cancel" and one.outcome == "info"} - cancelled
        self._repeat_cancellations(client, sorted(one for one in doubtful if one is not None))
        for job_id in sorted({one.job_id for one in done if one.kind == "create" and one.job_id is not None}):
            client.ask("look", job_id)

    def _repeat_cancellations(self, client: Client, job_ids: Sequence[str]) -> None:
        """Repeat each until it is answered, or until it must have been."""
        until_s = self.recording.now() + self._settings.time_limits.recovered_s
        while left := [job_id for job_id in job_ids if client.ask("cancel", job_id).outcome != "ok"]:
            if self.recording.now() > until_s:
                return
            job_ids = left
            time.sleep(_BETWEEN_LOOKS_S)

    def judge(self) -> None:
        """Hold the whole history against what the stores show at last; all that was found is told once."""
        recording, settings = self.recording, self._settings
        of_stores, seen, at_s = self._settled(is_last=True)
        states = final_states(recording.operations, seen, settings, at_s)
        found = [
            *answer_violations(recording.operations, recording.disturbed, settings),
            *id_violations(recording.operations),
            *of_stores,
            *order_violations(recording.operations, states),
        ]
        self.told = _once([*self.told, *self._tell(found, seen, at_s)])

    def _settled(self, *, is_last: bool = False) -> tuple[list[Violation], Seen, float]:
        """What the stores show wrongly when they had their time, all that they show, and when."""
        limits = self._settings.time_limits
        until = time.monotonic() + max(limits.effect_appears_s, limits.analyzer_runs_s, limits.effect_disappears_s)
        while True:
            seen, at_s = self._seen(), self.recording.now()
            wrong = list(store_violations(self.recording.operations, seen, self._settings, is_last=is_last))
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

    def _not_done(self) -> list[str]:
        done = sum(one.client not in (BETWEEN, AFTERWARDS) for one in self.recording.operations)
        if done == self._plan.operations:
            return []
        return [f"{done} of {self._plan.operations} operations were done, in at most {self._limit_s:g} s"]

    def _client(self, name: str) -> Client:
        session, ledger = self._session, self._session.ledger

        def announce(key: TraceKey) -> None:
            session.journal.requested(key)
            if not self._settings.exclusive:  # Else all that is there is its own.
                ledger.enter_request(key)

        subscribers = (session.journal.enter_exchange, ledger.enter_exchange)
        return Client(name, self._settings, self._jobs, self.recording, announce, *subscribers)

"""The effect ledger of one scenario: what it changed in the stores, compared with what it states.

They are compared twice. Before clean-up the stores must show exactly the side effects that the scenario states (none,
if it states none); after clean-up only cancelled records may be left.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from support.api.exchange import Exchange
from support.checks.job_effects import content_problems
from support.checks.promises import Promises
from support.core.errors import EnvironmentBroken, ExpectationFailed, require
from support.core.eventually import consistently, eventually
from support.observers import obstacles
from support.observers.happenings import Happening
from support.observers.history import History
from support.observers.kubernetes import holds
from support.observers.manifests import configuration_of
from support.observers.request_marks import TraceKey
from support.observers.side_effects import (
    KINDS,
    EffectKind,
    Snapshot,
    deletion_problems,
    effects_of,
    new_of,
    no_effects,
    surplus_problems,
    take_snapshot,
    unstated_problems,
)
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.observers.surroundings import Things, change_problems
from support.profile.settings import Settings, object_name_of
from support.scenario.passing_effects import Allowance, of_ours, passing_problems

_NOT_THE_CLIENTS_FAULT = 500
_NOT_THE_SERVERS_ANSWER = (None, 502, 504)  # no answer, or that of a gateway before it


class EffectLedger:
    """Compares what the stores show with the snapshot `before`, which is taken when the ledger is opened."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        promises: Promises,
        sightings: SightingLog,
        surroundings: Things | None = None,
        history: History | None = None,
    ) -> None:
        """Open it, when all that is being deleted has gone; raises EnvironmentBroken if it does not go.

        What the `history` tells of before is in `happened_before`. `surroundings` are those that the scenario before
        has closed with; without them they are looked at now.
        """
        self._settings, self._stores, self._promises, self._sightings = settings, stores, promises, sightings
        self._keys: list[TraceKey] = []
        self._answered: dict[str, None] = {}
        self._answered_at = -math.inf  # monotonic; where nothing was requested nothing can come late
        self._cancelled: set[str] = set()
        self._stated: Mapping[str, int] = no_effects()
        self._disturbed: set[str] = set()
        self._something_goes = False
        self._recorder_was_told = False
        self._settled: Snapshot | None = None  # what was seen when it was too late for late effects
        self._history = History() if history is None else history
        self._undone = 0  # requests for jobs that were answered neither with a job nor as wrong
        self._in_doubt = False  # whether a request for a job got no answer of the server
        self._happened: list[Happening] = []
        self.before = self._snapshot_of_what_stays()
        self.happened_before = self._history.read()
        if settings.exclusive and surroundings is None:
            surroundings = self._stores.surroundings.look()
        self._surroundings = surroundings or {}
        self.last_surroundings: Things | None = None  # the surroundings at its end; None before that

    @property
    def own_jobs(self) -> tuple[str, ...]:
        """The ids that the server has answered with in this scenario, in order."""
        return tuple(self._answered)

    def enter_request(self, key: TraceKey) -> None:
        """A request that can be recognised by this key is about to be sent."""
        self._keys.append(key)

    def enter_exchange(self, exchange: Exchange) -> None:
        """A request was answered: it may have made a job, or cancelled one."""
        if exchange.requested_job is not None:
            self._answered[exchange.requested_job] = None
        elif exchange.asks_for_job and (exchange.status is None or exchange.status >= _NOT_THE_CLIENTS_FAULT):
            self._undone += 1
            self._in_doubt = self._in_doubt or exchange.status in _NOT_THE_SERVERS_ANSWER
        if exchange.cancelled_job is not None:
            self._cancelled.add(exchange.cancelled_job)
        self._answered_at = time.monotonic()

    def enter_disturbance(self, job_id: str | None = None, part: str | None = None) -> None:
        """Something is about to be taken away, which takes time; the job of that id can't keep all its promises.

        Or that `part` of the product is about to be started, stopped or killed.
        """
        self._something_goes = True
        self._recorder_was_told = self._recorder_was_told or part == "recorder"
        if job_id is not None:
            self._disturbed.add(job_id)

    @property
    def is_recorded(self) -> bool:
        """Whether a recorder is, or was, at work meanwhile, so that recordings come of which nobody can tell whose."""
        return self._recorder_was_told or self._stores.blind_spots.recordings is not None

    def snapshot(self, kinds: Collection[EffectKind] | None = None) -> Snapshot:
        """What there is now: everything where the run is alone, else what belongs to the scenario's requests."""
        own, settings = {*self._answered, *self._marked_jobs()}, self._settings
        return take_snapshot(
            self._stores, settings.naming, own, self._sightings, exclusive=settings.exclusive, kinds=kinds
        )

    def _snapshot_of_what_stays(self) -> Snapshot:
        try:
            return eventually(
                "what is being deleted to have gone before the scenario begins",
                self.snapshot,
                deletion_problems,
                self._settings.time_limits.wait_policy("effect_disappears_s"),
            )
        except ExpectationFailed as error:
            raise EnvironmentBroken(
                f"{error}\nSee what holds it: its metadata.finalizers, its grace period, a node that does not answer."
            ) from None

    def expect_effects(self, changes: Mapping[str, int]) -> None:
        """State what the scenario changes, kind by kind, and wait until it is so. What is not named stays zero.

        Too much of a kind is a failure at once, even if it would vanish again; only after a cancel or a disturbance
        may it vanish in time. Raises ExpectationFailed if the stores show something else.
        """
        self._stated = {**no_effects(), **changes}
        may_go = self._something_goes or bool(self._cancelled)
        with self._explaining_failures():
            eventually(
                "these side effects and no others",
                self.snapshot,
                self._unstated_problems,
                self._settings.time_limits.wait_policy("analyzer_runs_s"),
                fail_fast=lambda seen: (
                    [] if may_go else surplus_problems(self.before, seen, self._stated, self.own_jobs)
                ),
            )

    def expect_whole_or_absent(self, payload: Mapping[str, Any], is_known: Callable[[str], bool]) -> None:
        """State that each accepted job is there as a whole, and the one that no answer told of so, too, or not at all.

        A whole one has all effects, its record says what was asked for with this payload, and the server knows its id:
        one that is being undone may look whole for a moment. It is the scenario's own from then on. Raises
        ExpectationFailed if there is more, or half of one, in the end; or one although each request was answered.
        """

        def expected(jobs: Collection[str]) -> dict[str, int]:
            return effects_of(len(self._answered) + bool(jobs), self._settings.effects_of_a_job)

        def told_wrongly(job_id: str) -> list[str]:
            records = self._stores.records.of_job(job_id)
            return [problem for record in records for problem in content_problems(payload, record, self._settings)]

        def half_problems(seen: Snapshot) -> list[str]:
            jobs = self._unnamed(seen)
            if jobs and not self._in_doubt:
                return [f"{job_id} is there, and its request was refused" for job_id in sorted(jobs)]
            there = sorted({*self._answered, *jobs})
            missing = unstated_problems(self.before, seen, expected(jobs), there)
            return missing or [
                *(f"the record of {job_id}: {problem}" for job_id in there for problem in told_wrongly(job_id)),
                *(f"the server does not know {job_id}" for job_id in jobs if not is_known(job_id)),
            ]

        limit = self._settings.time_limits.wait_policy("analyzer_runs_s")
        jobs = self._unnamed(
            eventually("each job to be there as a whole, or not at all", self.snapshot, half_problems, limit)
        )
        self._stated = expected(jobs)
        self._answered |= dict.fromkeys(jobs)

    def expect_records_alone(self) -> None:
        """State that of every job only the cancelled record remains; raise ExpectationFailed unless it gets so."""
        self._promises.expect_cancelled_jobs(self._answered)
        self.expect_effects({"task record": self._settings.effects_of_a_job.task_record * len(self._answered)})

    def expect_begun(self, kind: str) -> None:
        """Raise ExpectationFailed unless an effect of this kind shows of a job that is not answered yet."""
        kinds = [one for one in KINDS if one.name == kind]  # No more, so that it is seen at once.
        eventually(
            f"a {kind} of a job that is being made",
            lambda: self.snapshot(kinds),
            lambda seen: [] if self._of_others(kind, seen) else [f"there is no {kind} of one"],
            self._settings.time_limits.wait_policy("unavailable_answered_s"),  # By then it must be answered.
        )

    def expect_nothing_else(self) -> None:
        """Raise ExpectationFailed unless the stores go on showing what was stated, and promises still hold.

        It is looked until late effects would have come: for `time_limits.settling_s` after the last answer.
        """
        limits, answered_s_ago = self._settings.time_limits, time.monotonic() - self._answered_at
        settling = limits.wait_policy("settling_s", limits.between_settling_looks_s)
        with self._explaining_failures():
            self._settled = consistently(
                "no side effects but those that the scenario states, and its promises to hold still",
                self.snapshot,
                lambda seen: [
                    *self._unstated_problems(seen),
                    *self._promises.broken_problems(self._cancelled | self._disturbed),
                ],
                replace(settling, limit_s=max(0.0, settling.limit_s - answered_s_ago)),
            )
            self._expect_surroundings_untouched()
            self._expect_nothing_came_and_went()

    @property
    def happened(self) -> Sequence[Happening]:
        """What has happened in the stores since it was opened, as far as it was read."""
        return self._happened

    def read_history(self) -> None:
        """Have the times of what was seen up to now, unless all was read when it had settled."""
        if self._settled is None:
            self._read_history()

    def _read_history(self) -> None:
        happened = self._history.read()
        self._happened += happened
        for one in happened:
            for sight, identity in one.sights():
                self._sightings.enter_coming(sight, identity, one.at)

    def _expect_nothing_came_and_went(self) -> None:
        self._read_history()
        happened: Sequence[Happening] = self._happened
        if not self._settings.exclusive:
            happened = of_ours(happened, self._answered, self._is_marked)
        allowed = Allowance(
            self.own_jobs, self._undone, is_disturbed=self._something_goes, is_recorded=self.is_recorded
        )
        problems = passing_problems(happened, allowed, self._settings.effects_of_a_job)
        require("no side effects but those that the scenario states, not even for a moment", problems)

    def _is_marked(self, one: Happening) -> bool:
        if one.content is None or not self._keys:
            return False
        variable = self._settings.naming.analyzer_configuration_variable
        content = dict(one.content)
        configuration = content.get("config") if one.kind == "task record" else configuration_of(content, variable)
        return any(holds(configuration, key) for key in self._keys)

    def _expect_surroundings_untouched(self) -> None:
        if self._settings.exclusive:
            seen = self._stores.surroundings.look()
            # The recorder is stopped after this, and ends its recording: the next scenario looks anew.
            self.last_surroundings = None if self._recorder_was_told else seen
            problems = change_problems(self._surroundings, seen, is_recorded=self.is_recorded)
            require("nothing but side effects to have changed in the stores since the scenario before", problems)

    def jobs_to_cancel(self, unanswered: Collection[str]) -> list[str]:
        """The jobs of this scenario, also those that are `unanswered`, that were not cancelled."""
        return sorted({*self._answered, *unanswered} - self._cancelled)

    def untouched(self) -> Snapshot | None:
        """The snapshot, if nothing at all has changed and there is no job to cancel; else None."""
        if self._answered:
            return None
        now = self._settled if self._settled is not None else self.snapshot()
        return now if now == self.before else None

    def expect_nothing_left(self, unanswered: Collection[str]) -> Snapshot:
        """Raise ExpectationFailed unless only cancelled records are left; returns the snapshot that shows it.

        `unanswered` are the jobs that no answer named, as they were before anything was cancelled.
        """
        if self._answered:
            self._promises.expect_cancelled_jobs(self._answered)
        for job_id in unanswered:
            self._promises.expect_nothing_running(job_id)
        # A job that no answer named has failed the scenario already; it may have left a record or none.
        uncounted = {kind: change for kind, change in no_effects().items() if kind != "task record"}
        each = self._settings.effects_of_a_job.task_record
        counted = uncounted if unanswered else {**uncounted, "task record": each * len(self._answered)}
        left = eventually(
            "only the records of the scenario's jobs to be left",
            self.snapshot,
            lambda seen: [
                *unstated_problems(self.before, seen, counted, {*self._answered, *unanswered}),
                *deletion_problems(seen),
            ],
            self._settings.time_limits.wait_policy("effect_disappears_s"),
        )
        self._expect_nothing_came_and_went()
        return left

    @contextmanager
    def _explaining_failures(self) -> Iterator[None]:
        """Add to a failure what Kubernetes says about analyzers that should run and do not."""
        try:
            yield
        except ExpectationFailed as failure:
            running = [job_id for job_id in self._answered if job_id not in self._cancelled | self._disturbed]
            raise obstacles.explained(failure, self._stores.analyzers, running) from None

    def _unstated_problems(self, seen: Snapshot) -> list[str]:
        return unstated_problems(self.before, seen, self._stated, self.own_jobs)

    def jobs_carrying(self, key: TraceKey) -> set[str]:
        """Ids of the jobs, in any store, of the request with this key."""
        return self._stores.job_ids_carrying([key])

    def _marked_jobs(self) -> set[str]:
        return self._stores.job_ids_carrying(self._keys)

    def unanswered(self) -> set[str]:
        """Jobs of this scenario that no answer named: they carry its marks, or are new where the run is alone."""
        if not self._settings.exclusive:
            return self._marked_jobs() - set(self._answered)
        return self._unnamed(self.snapshot())

    def _unnamed(self, seen: Snapshot) -> set[str]:
        """Ids of the jobs that have new effects and that no answer named."""
        return {job_id for kind in seen for job_id in self._of_others(kind, seen)}

    def _of_others(self, kind: str, seen: Snapshot) -> set[str]:
        """Ids of the jobs that have new effects of a kind and that no answer named."""
        new = {effect.job_id for effect in new_of(kind, self.before, seen)}
        known = {*self._answered, *map(object_name_of, self._answered)}
        return {job_id for job_id in new if job_id is not None} - known

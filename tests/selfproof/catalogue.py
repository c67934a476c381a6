"""Instruments of the suite, each spoilt in one way, and the test that must notice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

from tests.selfproof.trials import Spoiling

TESTS = "tests/support/test_"


def always(value: Any) -> Callable[[Any], Any]:
    """Whatever it is called with, it gives this."""
    return lambda there: lambda *_, **__: value


def spoilt(what: str, place: str, make: Callable[[Any], Any], witness: str, told: str) -> Spoiling:
    """A row of the catalogue: places are within `support`, witnesses within its tests."""
    return Spoiling(what, f"support.{place}", make, f"{TESTS}{witness}", told)


def never(there: Any) -> Any:
    """It does nothing, and says that nothing is wrong."""
    return lambda *_, **__: None


def nothing_wrong(there: Any) -> Any:
    """It finds nothing."""
    return lambda *_, **__: []


def but(keep: Callable[[str], bool]) -> Callable[[Any], Any]:
    """It overlooks the problems that are not to be kept."""
    return lambda there: lambda *of: [problem for problem in there(*of) if keep(problem)]


def at_the_first_look(eventually):
    return lambda expected, look, problems, policy, fail_fast=None: look()


def with_a_limit_of(limit_s):
    """A wait of another length; `limit_s` gives it, from the policy."""

    def make(wait):
        def other(expected, look, problems, policy, **more):
            return wait(expected, look, problems, replace(policy, limit_s=limit_s(policy)), **more)

        return other

    return make


def whatever_breaks(eventually):
    def calm(expected, look, problems, policy, **more):
        def look_calmly():
            try:
                return look()
            except Exception:  # noqa: BLE001 - that is what is wrong with it
                return None

        return eventually(expected, look_calmly, problems, policy, **more)

    return calm


def without_failing_fast(eventually):
    return lambda expected, look, problems, policy, fail_fast=None: eventually(expected, look, problems, policy)


def with_nothing_wrong(consistently):
    return lambda expected, look, problems, policy: consistently(expected, look, lambda seen: [], policy)


ONCE, NEVER_HOLDS = (
    "test_what_comes_to_hold_is_returned_as_seen",
    "test_what_never_holds_is_reported_with_the_last_look",
)
WAITING = [
    spoilt(
        *("a wait that does not even look", "core.eventually:eventually", never),
        *(f"eventually.py::{ONCE}", "assert None == 4"),
    ),
    spoilt(
        *("a wait that takes what it sees first for right", "core.eventually:eventually", at_the_first_look),
        *(f"eventually.py::{NEVER_HOLDS}_the_wait_and_the_setting", "DID NOT RAISE"),
    ),
    spoilt(
        *("a wait that looks once only", "core.eventually:eventually", with_a_limit_of(lambda policy: 0)),
        *(f"eventually.py::{ONCE}", "look 1 is too early"),
    ),
    spoilt(
        *("a wait that never gives up", "core.eventually:eventually", with_a_limit_of(lambda policy: 1e9)),
        *("eventually.py::test_the_waiting_ends_soon_after_its_limit", "it is still looked for"),
    ),
    spoilt(
        *("a wait that gives up half way", "core.eventually:eventually", with_a_limit_of(lambda p: p.limit_s / 2)),
        *(f"eventually.py::{NEVER_HOLDS}_the_wait_and_the_setting", "waited 0.1 s"),
    ),
    spoilt(
        *("a wait that waits while the environment is broken", "core.eventually:eventually", whatever_breaks),
        *("eventually.py::test_a_look_that_cannot_be_made_ends_the_waiting_at_once", "DID NOT RAISE"),
    ),
    spoilt(
        *("a wait that waits for what cannot become right", "core.eventually:eventually", without_failing_fast),
        *("eventually.py::test_what_cannot_become_right_ends_the_waiting_at_once", "DID NOT RAISE"),
    ),
    spoilt(
        *(
            "a look at what should stay that looks once only",
            "core.eventually:consistently",
            with_a_limit_of(lambda p: 0),
        ),
        *("eventually.py::test_what_holds_for_a_moment_is_found_not_to_stay", "DID NOT RAISE"),
    ),
    spoilt(
        "a look at what should stay that does not look at the end",
        *("core.eventually:consistently", with_a_limit_of(lambda p: p.limit_s // p.interval_s * p.interval_s)),
        *("eventually.py::test_the_last_look_is_at_the_end_of_the_settling_time", ">= 0.2"),
    ),
    spoilt(
        *("a look at what should stay that finds nothing wrong", "core.eventually:consistently", with_nothing_wrong),
        *("eventually.py::test_what_holds_for_a_moment_is_found_not_to_stay", "DID NOT RAISE"),
    ),
]


def served_by_one(state_of):
    def look(self, name):
        state = state_of(self, name)
        return state and replace(state, consumers=1)

    return look


def there_whatever_is_asked(state_of):
    def look(self, name):
        from support.observers.rabbitmq import QueueState

        return state_of(self, name) or QueueState(name, 0, 1)

    return look


def all_taken(state_of):
    def look(self, name):
        state = state_of(self, name)
        return state and replace(state, ready=0)

    return look


def running(of_job):
    def look(self, job_id):
        seen = of_job(self, job_id)
        for pod in seen.pods:
            pod["status"]["phase"] = "Running"
        return seen

    return look


def empty_where_it_cannot_look(look):
    def calm(*of, **more):
        from support.core.errors import EnvironmentBroken

        try:
            return look(*of, **more)
        except EnvironmentBroken:
            return []

    return calm


QUEUE, RECORDS = "test_a_queue_is_told_as_it_is", "test_records_of_a_job_are_all_of_it_and_no_others"
ANALYZER = "test_an_analyzer_is_told_as_it_is_and_apart_from_others"
UNSEEN = "test_what_cannot_be_looked_at_is_never_taken_for_empty"
LOOKING = [
    spoilt(
        "a queue observer that reports one consumer whatever is there",
        *("observers.rabbitmq:WorkQueues.state_of", served_by_one, f"observers.py::{QUEUE}", "consumers: 1 != 0"),
    ),
    spoilt(
        "a queue observer that finds every queue that it is asked for",
        *("observers.rabbitmq:WorkQueues.state_of", there_whatever_is_asked, f"observers.py::{QUEUE}", "is None"),
    ),
    spoilt(
        "a queue observer to whom no message ever waits",
        *("observers.rabbitmq:WorkQueues.state_of", all_taken, f"observers.py::{QUEUE}", "ready: 0 != 1"),
    ),
    spoilt(
        "a queue observer that lists no queues",
        *("observers.rabbitmq:WorkQueues.names", nothing_wrong, f"observers.py::{QUEUE}", "in []"),
    ),
    spoilt(
        "a queue observer that takes every message for acknowledged",
        *("observers.rabbitmq:WorkQueues.consumed", always(1)),
        *("observers.py::test_what_was_taken_is_consumed_when_it_was_acknowledged", "assert 1 == 0"),
    ),
    spoilt(
        "a queue observer that takes a broken broker for an empty one",
        *("observers.rabbitmq:WorkQueues.state_of", empty_where_it_cannot_look),
        *(f"observers.py::{UNSEEN}[RabbitMQ]", "DID NOT RAISE"),
    ),
    spoilt(
        "a record observer that always finds the one right record",
        "observers.mongodb:TaskRecords.of_job",
        lambda of_job: lambda self, job_id: of_job(self, job_id) or self._records.find({}, limit=1),
        *(f"observers.py::{RECORDS}", "== []"),
    ),
    spoilt(
        "a record observer that sees only the first of several",
        "observers.mongodb:TaskRecords.of_job",
        lambda of_job: lambda self, job_id: of_job(self, job_id)[:1],
        *(f"observers.py::{RECORDS}", "'status': 'error'"),
    ),
    spoilt(
        "a record observer that lists no records",
        *("observers.mongodb:TaskRecords.all", nothing_wrong, f"observers.py::{RECORDS}", "[] == ['job_"),
    ),
    spoilt(
        "a record observer that takes a broken database for an empty one",
        *("observers.mongodb:Documents.find", empty_where_it_cannot_look),
        *(f"observers.py::{UNSEEN}[MongoDB]", "DID NOT RAISE"),
    ),
    spoilt(
        "a recording observer that sees nothing recorded",
        *("observers.mongodb:Recordings.between", nothing_wrong),
        *("observers.py::test_recordings_are_those_that_touch_a_time", "is True"),
    ),
    spoilt(
        "an analyzer observer that always says Running",
        *("observers.kubernetes:Analyzers.of_job", running, f"observers.py::{ANALYZER}", "== ['Pending']"),
    ),
    spoilt(
        "an analyzer observer that gives each job all that there is",
        "observers.kubernetes:Analyzers._list",
        lambda look: lambda self, path, selector=None: look(self, path),
        *(f"observers.py::{ANALYZER}", "['jobs', 'pods']"),
    ),
    spoilt(
        "an analyzer observer that finds its marks in every configuration",
        *("observers.kubernetes:holds", always(True), f"observers.py::{ANALYZER}", "Extra items in the left set"),
    ),
    spoilt(
        "an analyzer observer that takes a broken cluster for an empty one",
        *("observers.kubernetes_api:Namespace.items", empty_where_it_cannot_look),
        *(f"observers.py::{UNSEEN}[Kubernetes]", "DID NOT RAISE"),
    ),
    spoilt(
        "a stream observer to whom every stream is served",
        *("observers.stream:health_of", always("SERVING")),
        *("stream.py::test_a_server_tells_what_it_serves", "'SERVING' == 'NOT_SERVING'"),
    ),
    spoilt(
        "a machine observer that gets onto every machine",
        *("observers.machines:login_problems", nothing_wrong),
        "machines.py::test_a_machine_that_does_not_answer_is_waited_for_no_longer_than_the_limit",
        "no answer within 0.3 s",
    ),
]


def always_empty(take_snapshot):
    def snapshot(*_, **__):
        from support.observers.side_effects import no_effects

        return dict.fromkeys(no_effects(), frozenset())

    return snapshot


def always_the_first(take_snapshot):
    taken = []

    def snapshot(*of, **more):
        taken.append(take_snapshot(*of, **more))
        return taken[0]

    return snapshot


def without_queues(take):
    from support.observers.side_effects import KINDS  # Here: nothing may be loaded before it is spoilt.

    kinds = [replace(kind, all=lambda look: []) if kind.name == "work queue" else kind for kind in KINDS]
    return lambda *arguments, **more: take(*arguments, **more, kinds=kinds)


MARKED = "test_where_it_is_shared_what_carries_a_mark_of_ours_counts_and_what_is_others_does_not"
COUNTS = "test_a_snapshot_counts_every_kind_and_where_it_is_shared_our_own_only"
COUNTING = [
    spoilt(
        "a snapshot that is always empty",
        "observers.side_effects:take_snapshot",
        always_empty,
        f"effect_ledger.py::{COUNTS}",
        "'task record': 0",
    ),
    spoilt(
        *("a snapshot that is always the first one", "observers.side_effects:take_snapshot", always_the_first),
        *("effect_ledger.py::test_what_is_stated_is_waited_for", "task record: +0 instead of +1"),
    ),
    spoilt(
        "a snapshot that leaves out the work queues",
        *("observers.side_effects:take_snapshot", without_queues, f"effect_ledger.py::{COUNTS}", "{'work queue': 0}"),
    ),
    spoilt(
        "a snapshot that counts what is others', too",
        "observers.side_effects:take_snapshot",
        lambda take: lambda stores, naming, own, exclusive: take(stores, naming, own, exclusive=True),
        *(f"effect_ledger.py::{COUNTS}", "'work queue': 3"),
    ),
    spoilt(
        *("a comparison that finds all as it was stated", "observers.side_effects:unstated_problems", nothing_wrong),
        *("side_effects.py::test_a_stray_effect_of_any_kind_is_named", "+1 instead of +0; new: name of stray"),
    ),
    spoilt(
        "a comparison that lets one that is new stand for one that is gone",
        *("observers.side_effects:unstated_problems", but(lambda problem: "+0 instead of +0" not in problem)),
        *("side_effects.py::test_an_effect_that_replaced_another_does_not_balance_it", "gone: name of theirs"),
    ),
    spoilt(
        "a comparison that does not ask whose an effect is",
        *("observers.side_effects:unstated_problems", but(lambda problem: "carries no id" not in problem)),
        *("side_effects.py::test_the_right_effect_under_a_wrong_id_is_wrong", "carries no id"),
    ),
    spoilt(
        *("a comparison to which nothing is too much", "observers.side_effects:surplus_problems", nothing_wrong),
        *("effect_ledger.py::test_too_much_is_a_failure_at_once_but_may_go_after_a_cancel", "DID NOT RAISE"),
    ),
    spoilt(
        *("a ledger that takes what is stated for true", "scenario.effect_ledger:EffectLedger.expect_effects", never),
        *("effect_ledger.py::test_what_is_missing_is_told", "DID NOT RAISE"),
    ),
    spoilt(
        *(
            "a ledger that does not look for what comes late",
            "scenario.effect_ledger:EffectLedger.expect_nothing_else",
            never,
        ),
        *("effect_ledger.py::test_what_comes_late_is_seen", "DID NOT RAISE"),
    ),
    spoilt(
        "a ledger that does not read what came and went",
        *("scenario.effect_ledger:passing_problems", nothing_wrong),
        *("effect_ledger.py::test_what_came_and_went_between_two_looks_is_told", "DID NOT RAISE"),
    ),
    spoilt(
        "a ledger to which a recorder is always at work",
        "scenario.effect_ledger:change_problems",
        lambda there: lambda *looks, is_recorded: there(*looks, is_recorded=True),
        "effect_ledger.py::test_recordings_are_compared_unless_a_recorder_is_at_work[before the run]",
        "DID NOT RAISE",
    ),
    spoilt(
        "a look that takes each document for one of the suite's own",
        *("observers.surroundings:Surroundings._documents", nothing_wrong),
        "surroundings.py::test_a_recording_that_the_suite_has_put_may_come_and_go_and_none_beside_it",
        "not enough values to unpack",
    ),
    spoilt(
        "a ledger that takes what others do for its own",
        *("scenario.effect_ledger:of_ours", lambda there: lambda happened, *_: happened),
        *(f"effect_ledger.py::{MARKED}", "ExpectationFailed"),
    ),
    spoilt(
        "a run that does not read what came late",
        *("scenario.suite_run:late_problems", nothing_wrong),
        *("suite_run.py::test_what_comes_and_goes_late_is_told_with_the_scenario_that_caused_it", "DID NOT RAISE"),
    ),
    spoilt(
        "a run that does not look for what comes after its last scenario",
        *("scenario.suite_run:SuiteRun.expect_no_late_changes", never),
        *("suite_run.py::test_what_comes_after_the_last_scenario_is_told_with_its_name", "DID NOT RAISE"),
    ),
    spoilt(
        *("a run to which every environment is healthy", "scenario.suite_run:expect_healthy_environment", never),
        *("suite_run.py::test_each_part_that_is_ill_is_named", "DID NOT RAISE"),
    ),
]


def unkept(what, place, make, told):
    """A promise that is not kept, and is not seen to be."""
    return spoilt(
        *(what, f"checks.{place}", make),
        *(f"promises.py::test_a_promise_that_is_not_kept_is_told[{told}]", "DID NOT RAISE"),
    )


def types_aside(differences):
    return lambda path, wanted, seen: [] if str(wanted) == str(seen) else differences(path, wanted, seen)


PROMISES = [
    spoilt(
        *("a comparison to which '1' is 1", "checks.job_effects:differences", types_aside),
        *("promises.py::test_configurations_differ_by_fields_types_and_values", "c.a is '1' instead of 1"),
    ),
    unkept(
        "a look at records that takes the first of several",
        "job_effects:record_problems",
        lambda look: lambda job, records, settings: look(job, records[:1], settings),
        "there are 2 records instead of 1",
    ),
    unkept(
        "a look at a record that believes any time of creation",
        *("job_effects:creation_time_problems", nothing_wrong, "created_at is '2005', not a date"),
    ),
    unkept(
        "a look at an analyzer to which a pending pod is as good as a running one",
        *("job_effects:analyzer_problems", but(lambda problem: "instead of Running" not in problem)),
        "the analyzer pod is Pending instead of Running",
    ),
    unkept(
        "a look at an analyzer that does not ask what it was given",
        *("job_effects:container_problems", nothing_wrong, "configuration of the analyzer pod is None"),
    ),
    unkept(
        "a look at a queue to which two consumers are as good as one",
        *("job_effects:consumer_problems", but(lambda problem: "2 consumers" not in problem)),
        "2 consumers instead of 1",
    ),
    spoilt(
        "a look at a queue that does not ask whether the message was consumed",
        *("checks.job_effects:message_problems", nothing_wrong),
        *("promises.py::test_without_statistics_a_message_that_is_held_is_not_acknowledged", "DID NOT RAISE"),
    ),
    spoilt(
        "a look at a queue that does not wait for the broker's statistics",
        *("checks.promises:Promises._await_statistics", nothing_wrong),
        *("promises.py::test_statistics_that_come_late_and_show_no_acknowledgement_are_heeded", "DID NOT RAISE"),
    ),
    unkept(
        "a look at the first moment that misses nothing",
        "promises:Promises.expect_there",
        never,
        "there was no analyzer",
    ),
    unkept(
        "a look at pods that finds every pod healthy",
        "job_effects:pod_health_problems",
        nothing_wrong,
        "there is no pod",
    ),
    spoilt(
        *("promises that are not looked at once more", "checks.promises:Promises.broken_problems", nothing_wrong),
        *(
            "effect_ledger.py::test_a_promise_that_held_is_looked_at_once_more_unless_its_job_was_cancelled",
            "DID NOT RAISE",
        ),
    ),
    spoilt(
        *(
            "a look at a cancelled job that looks at its record alone",
            "checks.promises:Promises._running_of",
            nothing_wrong,
        ),
        *("promises.py::test_what_is_left_of_a_cancelled_job_is_told", "DID NOT RAISE"),
    ),
    spoilt(
        "a look at cancelled jobs that looks at the first alone",
        "checks.promises:Promises.expect_cancelled_jobs",
        lambda look: lambda self, job_ids: look(self, list(job_ids)[:1]),
        *("promises.py::test_each_of_several_jobs_is_looked_at", "DID NOT RAISE"),
    ),
]


def tried_once(leave_nothing_behind):
    tried = set()

    def once(self):
        if id(self) not in tried:
            tried.add(id(self))
            leave_nothing_behind(self)

    return once


def forgotten(close):
    def forget(self):
        self._file.close()
        self._path.unlink()

    return forget


def with_nothing_meanwhile(request_job_meanwhile):
    return lambda self, request, meanwhile: self.request_job(request)


def with_it_afterwards(request_job_meanwhile):
    return lambda self, request, meanwhile: (self.request_job(request), meanwhile())[0]


CUT_OFF = "test_who_is_cut_off_cannot_connect_until_the_end"
DROPPED = "test_what_is_dropped_or_late_is_so_in_one_direction_and_no_connection_is_closed"
RESTORED = "test_a_proxy_that_another_run_has_broken_is_restored_and_an_operators_toxics_stay"
MEANWHILE = "test_something_is_done_while_the_server_is_at_a_request"
BEING_MADE = "test_a_job_that_is_being_made_is_waited_for_and_one_that_was_answered_is_none"
AS_BEFORE = "test_at_the_end_all_parts_are_as_they_were_and_that_once"
WITHOUT_A_COMMAND = "test_without_a_command_it_is_the_ordinary_one_if_that_is_disposable"
ENDS = "test_what_was_being_recorded_ends_is_still_there_and_leaves_one_other_open_at_most"
ASKED_AGAIN = "test_after_an_outage_it_is_asked_again_until_it_is_answered_and_not_for_ever"
OUTAGES = [
    spoilt(
        *("an outage that cuts nobody off", "faults.outages:Outages.cut_off", never),
        *(f"outages.py::{CUT_OFF}", "{'way-to-mongodb': True"),
    ),
    spoilt(
        *("an outage that drops and delays nothing", "faults.outages:Outages._add", never),
        *(f"outages.py::{DROPPED}", "not enough values to unpack"),
    ),
    spoilt(
        *("an outage that does not end", "faults.outages:Outages.end", never),
        *(f"outages.py::{CUT_OFF}", "{'way-to-mongodb': False"),
    ),
    spoilt(
        *("a stopped part that stays so", "faults.workloads:Workloads.bring_back", never),
        *(f"workloads.py::{AS_BEFORE}", "assert [] == [('statefulsets/mongo', 1)]"),
    ),
    spoilt(
        *("a part that is back before it answers", "faults.workloads:Workloads._silence_of", nothing_wrong),
        *("workloads.py::test_a_part_that_is_restarted_has_another_pod_and_answers_when_it_is_back", "assert 2 == 0"),
    ),
    spoilt(
        *("a pod that is always another one", "faults.workloads:Workloads.expect_another_pod", never),
        *("workloads.py::test_that_a_part_runs_in_the_pod_from_before_or_in_none_is_told", "DID NOT RAISE"),
    ),
    spoilt(
        *("an environment that lets every part be stopped", "scenario.disposable:Disposable.refusal", never),
        *(f"disposable.py::{WITHOUT_A_COMMAND}", "'NoneType' is not iterable"),
    ),
    spoilt(
        *("a recording that need not end", "checks.record_store:expect_ended", never),
        *(f"record_store.py::{ENDS}", "assert None == [{"),
    ),
    spoilt(
        *("a restoring of ways that restores nothing", "faults.outages:restore", never),
        *(f"outages.py::{RESTORED}", "assert False"),
    ),
    spoilt(
        *(
            "a wait for a job that is being made that does not wait",
            "scenario.effect_ledger:EffectLedger.expect_begun",
            never,
        ),
        *(f"effect_ledger.py::{BEING_MADE}", "assert 1 == 4"),
    ),
    spoilt(
        *("a recovery that is not waited for", "scenario.timing:Timing.expect_recovery", never),
        *(f"timing.py::{ASKED_AGAIN}", "=="),
    ),
    spoilt(
        "a request with nothing done meanwhile",
        *(
            "scenario.scenario_client:ScenarioClient.request_job_meanwhile",
            with_nothing_meanwhile,
            f"scenario_client.py::{MEANWHILE}",
            "BrokenBarrierError",
        ),
    ),
    spoilt(
        "a request with something done afterwards",
        *(
            "scenario.scenario_client:ScenarioClient.request_job_meanwhile",
            with_it_afterwards,
            f"scenario_client.py::{MEANWHILE}",
            "BrokenBarrierError",
        ),
    ),
]


def nothing_repaired(repair):
    def calm(*_):
        from support.scenario.sweeping import SweepResult

        return SweepResult()

    return calm


KILLED = "test_a_run_that_may_have_left_something_leaves_its_journal"
SWEPT = "test_recordings_of_a_killed_run_are_removed_and_those_of_others_stay"
JOBS_TO_CANCEL = "test_jobs_to_cancel_are_all_that_were_answered_or_came_by_themselves_but_those_that_were_cancelled"
CLEANING = [
    spoilt(
        *("a clean-up that does nothing", "scenario.session:ScenarioSession.leave_nothing_behind", never),
        *("session.py::test_every_job_is_cancelled_and_then_the_journal_says_so", "'configured'"),
    ),
    Spoiling(
        "a clean-up that does nothing, in a run of the suite",
        "support.scenario.session:ScenarioSession.leave_nothing_behind",
        never,
        *("tests/acceptance/test_runs.py::test_a_scenario_that_fails_half_way_leaves_nothing", "uncancelled"),
    ),
    spoilt(
        "a clean-up that believes the server's word",
        *("scenario.effect_ledger:EffectLedger.expect_nothing_left", lambda look: lambda self, _: self.snapshot()),
        "session.py::test_a_server_that_does_not_cancel_is_found_out_and_the_journal_stays_open[deaf-"
        "the queue grpc-job-job_00000002 is still there]",
        "DID NOT RAISE",
    ),
    spoilt(
        "a clean-up that does not mind a refusal",
        *(
            "scenario.scenario_client:ScenarioClient.cancelling_problems",
            lambda cancel: lambda self, job_ids: cancel(self, job_ids) and [],
        ),
        "session.py::test_a_server_that_does_not_cancel_is_found_out_and_the_journal_stays_open",
        "'cancelling DELETE",
    ),
    spoilt(
        "a clean-up that forgets the last job",
        *("scenario.effect_ledger:EffectLedger.jobs_to_cancel", lambda jobs: lambda *args: jobs(*args)[:-1]),
        *(f"effect_ledger.py::{JOBS_TO_CANCEL}", "job_unanswered"),
    ),
    spoilt(
        "a clean-up that forgets jobs that no answer named",
        *(
            "scenario.effect_ledger:EffectLedger.unanswered",
            lambda there: lambda self: set(),
            f"effect_ledger.py::{JOBS_TO_CANCEL}",
            "unanswered",
        ),
    ),
    spoilt(
        "a clean-up that thinks that nothing was touched",
        *("scenario.effect_ledger:EffectLedger.untouched", lambda there: lambda self: self.before),
        *("effect_ledger.py::test_only_what_did_not_change_is_untouched", "is None"),
    ),
    spoilt(
        *("a clean-up that is not tried again", "scenario.session:ScenarioSession.leave_nothing_behind", tried_once),
        *("session.py::test_a_clean_up_that_the_environment_broke_is_tried_again", "'metadata'"),
    ),
    spoilt(
        *("a clean-up that leaves recordings", "faults.recorder:remove", never),
        *("recorder.py::test_all_that_were_put_are_taken_away_and_no_others", "Left contains 2 more items"),
    ),
    spoilt(
        "a clean-up that does not see what became of recordings",
        *("faults.recorder:Recorder.take_away", lambda take: lambda self: take(self) and []),
        *("recorder.py::test_what_was_changed_or_removed_is_told_and_all_the_rest_is_removed", "was changed or remo"),
    ),
    spoilt(
        *("a disturbance that is not undone", "faults.disturbances:Disturbances.undo", never),
        "disturbances.py::test_ledger_and_journal_know_of_a_limit_before_it_is_set_and_it_is_taken_away_once",
        "('limit', None)",
    ),
    spoilt(
        *("a journal that writes nothing", "scenario.journal:Journal._write", never),
        *(f"journal.py::{KILLED}", "Right contains one more item: {1: [{"),
    ),
    spoilt(
        *("a journal that is thrown away unsettled", "scenario.journal:Journal.close", forgotten),
        *(f"journal.py::{KILLED}", "Right contains one more item: {1: [{"),
    ),
    spoilt(
        *("a journal that never settles", "scenario.journal:ScenarioJournal.settled", never),
        *("journal.py::test_a_run_that_left_nothing_leaves_no_journal", "== []"),
    ),
    spoilt(
        *("a journal that takes the living for dead", "scenario.journal:_lockable", always(True)),
        "journal.py::test_a_killed_run_leaves_what_it_made_and_a_living_one_is_left_alone",
        "more item: JournalContents(",
    ),
    spoilt(
        *("a sweep that removes nothing", "scenario.sweeping:_sweep_one", always(True)),
        *(f"sweeping.py::{SWEPT}", "['r_1', 'r_2', 'theirs'] == ['theirs']"),
    ),
    spoilt(
        *("a sweep that leaves ways broken", "scenario.sweeping:repair", nothing_repaired),
        *("sweeping.py::test_ways_that_were_broken_are_open_again", "assert [] == [(Toxiproxy("),
    ),
    spoilt(
        *("a run that asks for health while ways are broken", "scenario.suite_run:repair", nothing_repaired),
        "suite_run.py::test_what_a_killed_run_broke_is_repaired_before_anybody_has_to_be_healthy",
        "the server is ill while its ways are broken",
    ),
    spoilt(
        "a sweep that believes the server's word",
        *("scenario.sweeping:Promises", lambda promises: lambda *_: Mock()),
        *("sweeping.py::test_a_job_of_a_killed_run_is_cancelled_and_seen_to_be_gone", "is still there"),
    ),
]


def unmatched(there):
    return re.compile(r"(?!)(?P<scheme>)")


def any_reason(refused):
    def check(exchange, because_of, answers):
        from support.checks.refusals import error_problems
        from support.core.errors import require

        require("a refusal", error_problems(exchange, answers.refused_statuses), exchange)

    return check


def any_status(error_problems):
    def check(exchange, statuses):
        from support.checks.refusals import error_form_problems

        return error_form_problems(exchange)

    return check


def blind(what, place, witness, make=never):
    """A check that finds nothing wrong."""
    return spoilt(what, place, make, witness, "DID NOT RAISE")


def met_but_for(expected):
    """A requirement that is checked if it expects this, and else is always met."""
    return lambda require: lambda said, *seen: require(said, *seen) if said == expected else None


REFUSAL = "refusals.py::test_a_refusal_that_is_none"
JUDGING = [
    Spoiling(
        "a redaction that hides nothing",
        "redaction.redactor:Redactor.__call__",
        lambda there: lambda self, text: text,
        f"{TESTS}redaction.py::test_secrets_are_masked",
        "'s3cr3t/word' is contained here",
    ),
    Spoiling(
        "a redaction that hides only what it was told",
        "redaction.redactor:_IN_ADDRESS",
        unmatched,
        f"{TESTS}redaction.py::test_secrets_are_masked",
        "unknown-to-us",
    ),
    Spoiling(
        "an error that shows what it was told to hide",
        "redaction.errors:Masked.__str__",
        lambda there: Exception.__str__,
        f"{TESTS}redaction.py::test_what_is_learnt_later_is_masked_in_errors_too",
        "learnt-word",
    ),
    blind("a requirement that is always met", "core.errors:require", REFUSAL),
    blind("a refusal check that accepts any status", "checks.refusals:error_problems", REFUSAL, any_status),
    blind("a refusal check that accepts any reason", "checks.refusals:expect_refusal", REFUSAL, any_reason),
    blind("a refusal check that accepts a stack trace", "checks.refusals:INSIDES", REFUSAL, lambda there: ()),
    blind(
        "a refusal check that accepts any field beside the wrong ones",
        "checks.named_fields:needless_problems",
        "refusals.py::test_a_reason_that_names_too_much_or_not_to_the_leaf",
        nothing_wrong,
    ),
    blind(
        "a check of outages that accepts any store",
        "checks.refusals:store_problems",
        "refusals.py::test_of_the_stores_those_are_named_that_cannot_be_used",
        nothing_wrong,
    ),
    blind(
        "a verdict on generated requests that accepts any reason",
        "fuzzing.verdicts:misnaming",
        "verdicts.py::test_a_request_with_one_mistake_is_refused_because_of_that_and_nothing_else",
        nothing_wrong,
    ),
    spoilt(
        *("a check of a refused region that accepts any reason", "checks.region_of_interest:_reason_problems"),
        nothing_wrong,
        "region_of_interest.py::test_a_refusal_that_names_what_is_right_with_the_region_is_the_products_failure",
        "==",
    ),
    blind(
        "a check of acceptance that minds nothing but the status",
        "checks.answers:require",
        "answers.py::test_a_job_is_not_accepted_with_less",
        met_but_for("the job to be accepted"),
    ),
    blind(
        "a stopwatch to which nothing is late",
        "checks.answers:expect_in_time",
        "answers.py::test_answers_in_time_are_all_in_time",
    ),
    blind(
        "a check of ids that lets two be one",
        "checks.answers:expect_distinct_ids",
        "answers.py::test_jobs_have_ids_of_their_own",
    ),
    blind(
        *("a check of cancelling that any answer passes", "checks.answers:expect_cancelled"),
        "answers.py::test_a_cancelling_is_confirmed_with_the_job_and_its_status",
    ),
    blind(
        "a figure check that any figure passes",
        "checks.figures:expect_figure",
        "figures.py::test_a_figure_that_is_a_little_wrong_is_found",
    ),
    spoilt(
        *("a reading of rows that finds none wrong", "checks.waterfall:row_problems", nothing_wrong),
        *("waterfall.py::test_one_row_among_others_whose_content_is_wrong_is_found", "False = any("),
    ),
    spoilt(
        *("a reading of rows that does not mind their order", "checks.waterfall:order_problems", nothing_wrong),
        *("waterfall.py::test_a_row_that_is_missing_doubled_or_out_of_order_is_found", "assert "),
    ),
    blind(
        "a reading of rows to which none comes too early",
        "checks.waterfall:Waterfall.expect_none_before_their_time",
        "waterfall.py::test_a_row_is_too_early_before_a_first_window_can_be_full_and_not_after_that",
    ),
    blind(
        "a search for secrets that finds none",
        "checks.exposure:expect_nothing_secret",
        "exposure.py::test_what_must_not_be_shown_is_found_in_text_and_headers",
    ),
    blind(
        "a health check that everybody passes",
        "checks.health:expect_healthy",
        "health.py::test_one_answer_of_many_that_does_not_say_so_is_found",
    ),
    blind(
        "a look at answers without TLS that takes each for a refusal",
        "checks.health:expect_no_plaintext_response",
        "health.py::test_an_answer_in_the_clear_is_found_whatever_it_tells",
    ),
    spoilt(
        *("a client that may report what failed as late as it likes", "checks.client_reports:_lateness_problems"),
        nothing_wrong,
        "client_reports.py::test_what_failed_on_the_way_is_reported_within_the_clients_time_limit",
        "DID NOT RAISE",
    ),
    blind(
        "a check of metadata that any metadata pass",
        "checks.metadata:expect_metadata_of",
        "metadata.py::test_metadata_that_differ_are_found",
    ),
    blind(
        "a check of listed recordings that any list passes",
        "checks.discovery:expect_recordings",
        "discovery.py::test_recordings_that_are_not_those_of_the_time",
    ),
    blind(
        "a check of recordings to which all are complete",
        "checks.record_store:expect_complete_recordings",
        "record_store.py::test_a_recording_that_is_incomplete_is_found_among_others",
    ),
    blind(
        "a look at the places of jobs and recordings that finds them right",
        "checks.record_store:expect_kept_apart",
        "record_store.py::test_jobs_and_recordings_are_kept_apart",
    ),
    blind(
        "a region check that any region passes",
        "checks.region_of_interest:RegionOfInterest.expect_in_force",
        "region_of_interest.py::test_a_change_that_record_or_metadata_does_not_show_is_the_products_failure",
    ),
    blind(
        "a verdict on generated requests that is always good",
        "fuzzing.verdicts:RequestVerdicts.expect_right_answer",
        "verdicts.py::test_a_request_that_is_answered_wrongly_is_found_and_leaves_nothing_running",
    ),
    blind(
        "a gateway that does not count what it was asked",
        "faults.gateway:Gateway.expect_asked_once",
        "gateway.py::test_a_gateway_that_was_not_asked_was_not_asked_once",
    ),
    spoilt(
        *("a report in which everything passed", "evidence.allure_report:_verdict", always(("passed", None))),
        *("allure_report.py::test_status_and_message", "'passed' == 'failed'"),
    ),
]

SPOILINGS = [*WAITING, *LOOKING, *COUNTING, *PROMISES, *OUTAGES, *CLEANING, *JUDGING]

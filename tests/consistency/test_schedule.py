"""The decisions of a run: the same for the same seed, and of every kind."""

from itertools import pairwise

import pytest

from consistency.operations import Creation
from consistency.schedule import decisions_of, faults_of, probes
from consistency.seen import Mark
from support.contract.configuration import ConfigureRequest
from support.contract.limits import Limits

LIMITS = Limits()
POSSIBLE = [("MongoDB", "cut"), ("RabbitMQ", "stall"), ("Kubernetes", "slow"), ("MongoDB", "kill")]
CRASH = ("Focus Server", "kill")


@pytest.fixture
def decided():
    return [decisions_of(7, client, 4, 250, LIMITS) for client in range(4)]


def test_the_same_seed_decides_the_same(decided):
    assert [decisions_of(7, client, 4, 250, LIMITS) for client in range(4)] == decided
    assert faults_of(7, 1000, POSSIBLE) == faults_of(7, 1000, POSSIBLE)


def test_another_seed_decides_otherwise(decided):
    assert decisions_of(8, 0, 4, 250, LIMITS) != decided[0]
    assert faults_of(8, 1000, POSSIBLE) != faults_of(7, 1000, POSSIBLE)


def test_each_client_has_a_stream_of_its_own(decided):
    """What one decides does not depend on how much another does."""
    assert decisions_of(7, 1, 4, 50, LIMITS) == decided[1][:50]
    assert [one.kind for one in decided[0]] != [one.kind for one in decided[1]]


def test_a_client_first_makes_a_job_and_does_all_kinds_of_things(decided):
    for client in decided:
        assert client[0].kind == "create"
        kinds = [one.kind for one in client]
        assert min(kinds.count(kind) for kind in ("create", "look", "cancel")) > 40


def test_jobs_of_others_are_looked_at_too(decided):
    owners = {one.creation.client for one in decided[0] if one.kind == "look"}
    assert owners == {0, 1, 2, 3}


def test_what_is_looked_at_was_made_or_is_being_made(decided):
    for client in decided:
        made = -1
        for one in client:
            made += one.kind == "create"
            assert 0 <= one.creation.number <= made
            if one.kind == "create":
                assert one.creation == Creation(one.client, made)


def test_every_job_is_asked_for_with_a_valid_payload_and_a_mark_of_its_own(decided):
    payloads = [one.payload for client in decided for one in client if one.payload]
    late = probes(7, LIMITS)
    payloads += [next(late) for _ in range(3)]
    for payload in payloads:
        ConfigureRequest.model_validate(payload, context=LIMITS)
    marks = [Mark.of(payload) for payload in payloads]
    assert None not in marks
    assert len(set(marks)) == len(marks)


def test_faults_come_one_after_another_and_end_before_the_operations_do():
    faults = faults_of(7, 1000, POSSIBLE)
    assert len(faults) > 30
    assert faults[0].begins > 0
    assert all(one.begins < one.ends < following.begins for one, following in pairwise(faults))
    assert faults[-1].ends <= 1000


def test_every_fault_comes_before_any_comes_again():
    faults = [(one.part, one.what) for one in faults_of(7, 1000, POSSIBLE)]
    for first in range(0, len(faults) - len(POSSIBLE), len(POSSIBLE)):
        assert sorted(faults[first : first + len(POSSIBLE)]) == sorted(POSSIBLE)


def test_the_focus_server_crashes_while_the_way_to_a_store_is_slow():
    faults = faults_of(7, 1000, [*POSSIBLE, CRASH])
    crashes = [(before, crash) for before, crash in pairwise(faults) if (crash.part, crash.what) == CRASH]
    assert len(crashes) > 5
    for before, crash in crashes:
        assert (before.part, before.what, before.ends) == ("Kubernetes", "slow", crash.ends)
        assert before.begins < crash.begins
        assert before.after_recovery
    assert {one.what for one in faults_of(7, 100, [CRASH])} == {"kill"}, "also where no way can be slow"


def test_some_faults_wait_for_a_recovery_and_others_do_not():
    waiting = [one.after_recovery for one in faults_of(7, 1000, POSSIBLE)]
    assert min(waiting.count(True), waiting.count(False)) > 10


def test_where_nothing_can_be_disturbed_nothing_is():
    assert faults_of(7, 1000, []) == []

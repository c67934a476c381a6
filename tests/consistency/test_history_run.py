"""A run that does not come to its end, and what is told of one that does."""

from types import SimpleNamespace

import pytest
from histories import SETTINGS

from consistency import run
from consistency.run import NOT_BACK, NOT_DONE, Plan, refusal
from consistency.timeline import Told
from support.core.errors import ExpectationFailed

PLAN = Plan(seed=7, operations=8, clients=2)


def nothing(*_):
    """Nobody listens."""


@pytest.fixture
def check():
    """A run of an environment of which nothing can be disturbed."""
    ways = dict.fromkeys(("cut_off", "slow_down", "silence", "lose_answers", "kill", "restart", "stop"), nothing)
    means = SimpleNamespace(impossible=lambda part: "it is not set", **ways)
    session = SimpleNamespace(
        disturbances=SimpleNamespace(outages=means, workloads=means),
        journal=SimpleNamespace(requested=nothing, enter_exchange=nothing),
        ledger=SimpleNamespace(enter_exchange=nothing, enter_request=nothing),
    )
    return run._Check(SETTINGS, session, None, PLAN, nothing)


def test_all_operations_are_done_by_their_clients(check):
    assert check.carry_out() == []
    done = check.recording.operations
    assert sorted(one.client for one in done) == ["0"] * 4 + ["1"] * 4
    assert list(check._not_done()) == []


def test_a_part_that_does_not_come_back_ends_it(check):
    def admit():
        raise ExpectationFailed("expected MongoDB to be back")

    check._conductor.admit = admit
    (told,) = check.carry_out()
    assert (told.promise, told.problem) == (NOT_BACK, "expected MongoDB to be back")
    assert check.recording.operations == []


def test_operations_that_had_no_time_are_told(check, monkeypatch):
    monkeypatch.setattr(run, "_AT_LEAST_S", 0.0)
    monkeypatch.setattr(run, "_AN_OPERATION_S", 0.0)
    assert check.carry_out() == []
    (found,) = check._not_done()
    assert (found.promise, found.problem) == (NOT_DONE, "0 of 8 operations within 0 s")


def test_what_was_told_before_and_at_the_end_is_told_once_as_it_was_first():
    def told(problem, job_id):
        return Told(promise="p", problem=problem, job_id=job_id, timeline=[])

    before, after, late = told("no queue", "job_1"), told("no queue and no pod", "job_1"), told("too late", None)
    assert run._once([before, late, after, late]) == [before, late]


def test_only_what_was_made_for_the_run_or_is_marked_may_be_disturbed():
    marked = SETTINGS.model_copy(update={"workloads": SETTINGS.workloads.model_copy(update={"disposable": True})})
    assert refusal(SETTINGS, is_provided=True) is None
    assert refusal(marked, is_provided=False) is None
    assert "workloads.disposable" in refusal(SETTINGS, is_provided=False)

"""Faults begin and end when so many operations were admitted."""

import threading

import pytest
from histories import Disturbed

from consistency.faults import Conductor, PartFaults
from consistency.operations import Fault
from consistency.recording import Recording
from support.core.errors import ExpectationFailed

PLANNED = [
    Fault(part="MongoDB", what="cut", begins=2, ends=4),
    Fault(part="RabbitMQ", what="kill", begins=6, ends=8),
]


def nothing(*_):
    """Nobody has to be told or waited for."""


class Kept:
    """Keeps what is done, in order."""

    def __init__(self):
        self.done = []

    def begin(self, fault):
        self.done.append(("begin", fault.part))

    def end(self, fault):
        self.done.append(("end", fault.part))


@pytest.fixture
def kept():
    return Kept()


def test_a_fault_is_there_for_as_many_operations_as_were_planned(kept):
    recording, seen = Recording(), []
    conductor = Conductor(PLANNED, kept, recording, nothing, nothing)
    for _ in range(9):
        conductor.admit()
        seen.append(kept.done[-1] if kept.done else None)
    conductor.end()
    begin, other = ("begin", "MongoDB"), ("begin", "RabbitMQ")
    assert seen[:4] == [None, None, begin, begin]
    assert seen[6:8] == [other, other]
    assert kept.done == [begin, ("end", "MongoDB"), other, ("end", "RabbitMQ")]
    assert [one.fault for one in recording.disturbed] == PLANNED
    assert all(one.begun_s <= one.ended_s for one in recording.disturbed)


def test_several_are_there_at_once(kept):
    both = [Fault(part="MongoDB", what="slow", begins=1, ends=3), Fault(part="RabbitMQ", what="cut", begins=2, ends=3)]
    conductor = Conductor(both, kept, Recording(), nothing, nothing)
    for _ in range(3):
        conductor.admit()
    assert kept.done == [("begin", "MongoDB"), ("begin", "RabbitMQ")]
    conductor.admit()
    conductor.end()
    assert kept.done[2:] == [("end", "MongoDB"), ("end", "RabbitMQ")]


def test_one_that_comes_after_recovery_waits_for_it(kept):
    late = PLANNED[1].model_copy(update={"after_recovery": True})
    recover = lambda: kept.done.append("recovered")  # noqa: E731
    conductor = Conductor([PLANNED[0], late], kept, Recording(), recover, nothing)
    for _ in range(7):
        conductor.admit()
    assert kept.done == [("begin", "MongoDB"), ("end", "MongoDB"), "recovered", ("begin", "RabbitMQ")]


def test_what_is_there_at_the_end_is_ended_once(kept):
    conductor = Conductor(PLANNED, kept, Recording(), nothing, nothing)
    for _ in range(3):
        conductor.admit()
    conductor.end()
    conductor.end()
    assert kept.done == [("begin", "MongoDB"), ("end", "MongoDB")]


class Slow(Kept):
    """What is disturbed comes back when the test says so."""

    def __init__(self):
        super().__init__()
        self.may_return = threading.Event()

    def end(self, fault):
        assert self.may_return.wait(5)
        super().end(fault)


def test_operations_go_on_while_a_part_comes_back_and_the_next_fault_waits_for_it():
    slow = Slow()
    conductor = Conductor(PLANNED, slow, Recording(), nothing, nothing)
    for _ in range(6):
        conductor.admit()  # The fifth ended the first fault, and did not wait.
    assert slow.done == [("begin", "MongoDB")]
    waiting = threading.Thread(target=conductor.admit)
    waiting.start()
    assert slow.done == [("begin", "MongoDB")]
    slow.may_return.set()
    waiting.join()
    assert slow.done == [("begin", "MongoDB"), ("end", "MongoDB"), ("begin", "RabbitMQ")]
    conductor.end()


def test_a_part_that_does_not_come_back_is_told_to_those_who_wait_for_it(kept):
    def fail(fault):
        raise ExpectationFailed("it is not back")

    kept.end = fail
    conductor = Conductor(PLANNED, kept, Recording(), nothing, nothing)
    for _ in range(6):
        conductor.admit()
    with pytest.raises(ExpectationFailed, match="it is not back"):
        conductor.admit()


def test_when_it_is_drained_nothing_is_done_to_a_part_any_more():
    slow = Slow()
    conductor = Conductor(PLANNED, slow, Recording(), nothing, nothing)
    for _ in range(5):
        conductor.admit()  # The fifth ended the first fault.
    drained = threading.Thread(target=conductor.drain)
    drained.start()
    drained.join(0.05)
    assert drained.is_alive(), "the part is not back yet"
    slow.may_return.set()
    drained.join()
    assert slow.done == [("begin", "MongoDB"), ("end", "MongoDB")]
    for _ in range(5):
        conductor.admit()
    conductor.end()
    assert len(slow.done) == 2, "no fault begins or ends any more"


def test_faults_are_told(kept):
    told = []
    conductor = Conductor(PLANNED, kept, Recording(), nothing, told.append)
    for _ in range(3):
        conductor.admit()
    assert told == ["After 2 operations: MongoDB: cut, for 2 operations"]


class Means:
    """Outages or workloads: keeps what is called, with the part."""

    def __init__(self, why=None):
        self.called, self._why = [], why

    def impossible(self, part):
        return self._why

    def __getattr__(self, name):
        return lambda part: self.called.append((name, part))


class Disturbances:
    def __init__(self, why=None):
        self.outages, self.workloads = Means(why), Means(why)


@pytest.mark.parametrize(
    ("part", "what", "outages", "workloads"),
    [
        ("MongoDB", "cut", ["cut_off", "reopen"], []),
        ("RabbitMQ", "slow", ["slow_down", "reopen"], []),
        ("Kubernetes", "stall", ["silence", "reopen"], []),
        ("MongoDB", "lose answers", ["lose_answers", "reopen"], []),
        ("Focus Server", "kill", [], ["kill", "await_return"]),
        ("MongoDB", "restart", [], ["delete", "await_return"]),
        ("RabbitMQ", "scale", [], ["stop", "start"]),
    ],
)
def test_each_fault_is_carried_out_by_its_means(part, what, outages, workloads):
    disturbances, fault = Disturbances(), Fault(part=part, what=what, begins=0, ends=1)
    faults = PartFaults(disturbances)
    assert (part, what) in faults.possible()[0]
    faults.begin(fault)
    faults.end(fault)
    assert disturbances.outages.called == [(name, part) for name in outages]
    assert disturbances.workloads.called == [(name, part) for name in workloads]


def test_what_cannot_be_disturbed_is_told_with_the_reason():
    possible, reasons = PartFaults(Disturbances("it is not set")).possible()
    assert possible == []
    assert "the way to Kubernetes is not disturbed: it is not set" in reasons
    assert "Focus Server is not stopped: it is not set" in reasons


def test_a_disturbance_without_an_end_overlaps_all_that_comes():
    one = Disturbed(fault=PLANNED[0], begun_s=5)
    assert [one.overlaps(*span) for span in ((0, 4), (0, 5), (7, 8))] == [False, True, True]

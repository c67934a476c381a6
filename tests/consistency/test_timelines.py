"""The timeline of a violation: what concerns its job, with the faults beside it, and nothing else."""

from datetime import timedelta

from histories import ONE, OTHER, STARTED, InStores, cancel, create, disturbed, look

from consistency.checkers import NOBODYS, NOT_WHOLE, Violation
from consistency.seen import Seen
from consistency.timeline import tell
from support.observers.happenings import Happening
from support.observers.side_effects import Effect

EMPTY, NOTHING = Seen(), "no record, no analyzer, no queue"


def happening(at_s, event, kind="work queue", job_id=ONE):
    return Happening(STARTED + timedelta(seconds=at_s), event, kind, Effect("x", job_id, "x"))


def told(violation, *, faults=(), happened=(), operations=(), seen=EMPTY):
    return tell(violation, operations, faults, happened, STARTED, seen, 30.0)


def test_it_has_the_operations_the_faults_beside_them_and_what_is_there_at_the_end():
    about = (create(1, 2), cancel(10, 11, "info", detail="RabbitMQ is not available"))
    stores = InStores().whole()
    del stores.queues[ONE]
    early = [disturbed(-9, -8, "Kubernetes", "slow"), disturbed(-5, -4, "RabbitMQ")]
    faults = [*early, disturbed(1.5, 3), disturbed(5, 8, "Kubernetes"), disturbed(9.5, 14, "RabbitMQ", "stall")]
    one = told(Violation(NOT_WHOLE, "no queue", ONE, about), faults=faults, seen=stores.seen())
    assert [(moment.at_s, moment.who, moment.what) for moment in one.timeline] == [
        (-5, "RabbitMQ", "cut"),
        (1, "client 0", "create :ok, 200, configured"),
        (1.5, "MongoDB", "cut"),
        (9.5, "RabbitMQ", "stall"),
        (10, "client 0", "cancel :info, no answer, RabbitMQ is not available"),
        (30, "at the end", "a record (configured), an analyzer, a pod (Running), no queue"),
    ]
    assert str(one) == f"{NOT_WHOLE}, {ONE}: no queue"


def test_it_has_what_the_stores_tell_of_that_job_alone():
    happened = [happening(1.5, "came"), happening(20, "went"), happening(3, "came", job_id=OTHER)]
    happened += [happening(4, "changed", "analyzer pod"), happening(5, "changed", "task record")]
    faults = [disturbed(19.5, 20.5, "RabbitMQ", "kill")]
    one = told(Violation(NOT_WHOLE, "no queue", ONE, (create(1, 2),)), faults=faults, happened=happened)
    assert [moment.what for moment in one.timeline] == [
        "create :ok, 200, configured",
        "work queue came",
        "task record was changed",
        "kill",
        "work queue went",
        NOTHING,
    ]


def test_beside_an_effect_of_nobody_are_the_creations_that_were_under_way():
    operations = [create(1, 2, "fail"), create(1, 2, number=2), create(5, 6, "fail"), look(1, 2, "configured")]
    one = told(
        Violation(NOBODYS, "work queue", OTHER),
        operations=operations,
        happened=[happening(1.5, "came", "work queue", "job-00000002")],
    )
    assert [moment.what for moment in one.timeline] == ["create :fail, 503", "work queue came", NOTHING]


def test_a_violation_of_no_job_has_its_operation_alone():
    one = told(Violation("an answer is too late", "late", None, (create(1, 7, "fail"),)))
    assert len(one.timeline) == 1
    assert str(one.timeline[0]) == "   1.000 s to    7.000 s  client 0      create :fail, 503"

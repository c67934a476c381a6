"""Every promise: the right history is clean, and each way to break it is found."""

import pytest
from histories import (
    ONE,
    OTHER,
    SETTINGS,
    InStores,
    cancel,
    create,
    disturbed,
    look,
    operation,
)

from consistency import checkers
from consistency.checkers import (
    answer_violations,
    final_states,
    id_violations,
    order_violations,
    store_violations,
)
from consistency.seen import New, Seen
from support.observers.rabbitmq import QueueState
from support.observers.side_effects import Effect


def of_stores(operations, stores, **more):
    return [(one.promise, one.job_id) for one in store_violations(operations, stores.seen(), SETTINGS, **more)]


def answers(operations, faults=()):
    return [one.promise for one in answer_violations(operations, faults, SETTINGS)]


class TestTheRightHistory:
    def test_is_clean(self):
        stores = InStores().whole(ONE, 1).gone(OTHER, 2)
        operations = [
            create(job_id=ONE, number=1),
            create(job_id=OTHER, number=2),
            look(1, 2, "configured"),
            cancel(3, 4, job_id=OTHER),
            create(5, 6, "fail", number=3),
            create(7, 8, "info", number=4),
        ]
        faults = [disturbed(4.5, 9, "Focus Server", "kill")]
        assert of_stores(operations, stores) == []
        assert answers(operations, faults) == []
        assert list(id_violations(operations)) == []
        assert list(order_violations(operations, final_states(operations, stores.seen(), SETTINGS, 20))) == []

    def test_may_have_made_whole_what_was_never_answered(self):
        assert of_stores([create(outcome="info")], InStores().whole()) == []

    def test_may_have_half_a_cancellation_that_nobody_has_repeated(self):
        stores = InStores().whole()
        del stores.queues[ONE]
        operations = [create(), cancel(1, 2, "info")]
        assert of_stores(operations, stores) == []
        assert of_stores(operations, InStores().gone()) == []

    def test_may_have_a_cancellation_without_an_answer_that_was_done_or_was_not(self):
        operations = [create(), cancel(1, 2, "info")]
        assert of_stores(operations, InStores().whole(), is_last=True) == []
        assert of_stores(operations, InStores().gone(), is_last=True) == []


LOST = {
    "record": lambda stores: stores.records.pop(ONE),
    "analyzer": lambda stores: stores.analyzers.pop(ONE),
    "queue": lambda stores: stores.queues.pop(ONE),
    "consumer": lambda stores: stores.queues.update({ONE: QueueState("grpc-job", 0, 0)}),
    "status": lambda stores: stores.records[ONE][0].update(status="cancelled"),
    "configuration": lambda stores: stores.records[ONE][0].update(config={}),
}


class TestWhatStoresShow:
    @pytest.mark.parametrize("lose", LOST.values(), ids=LOST.keys())
    def test_an_acknowledged_job_that_lost_something(self, lose):
        stores = InStores().whole()
        lose(stores)
        assert of_stores([create()], stores) == [(checkers.NOT_WHOLE, ONE)]

    @pytest.mark.parametrize("lose", LOST.values(), ids=LOST.keys())
    def test_half_of_a_job_that_was_never_answered(self, lose):
        stores = InStores().whole()
        lose(stores)
        assert of_stores([create(outcome="info")], stores) == [(checkers.HALF, ONE)]

    def test_a_refused_job_that_is_there(self):
        assert of_stores([create(outcome="fail")], InStores().whole()) == [(checkers.NOT_ABSENT, ONE)]

    def test_a_refused_job_of_which_a_cancelled_record_is_there(self):
        assert of_stores([create(outcome="fail")], InStores().gone()) == [(checkers.NOT_ABSENT, ONE)]

    @pytest.mark.parametrize("what", ["analyzers", "queues"])
    def test_a_cancelled_job_that_still_runs(self, what):
        stores, whole = InStores().gone(), InStores().whole()
        getattr(stores, what).update(getattr(whole, what))
        assert of_stores([create(), cancel(1, 2)], stores) == [(checkers.NOT_GONE, ONE)]

    def test_a_cancelled_job_whose_record_does_not_say_so_or_is_gone(self):
        stores = InStores().gone()
        stores.records[ONE][0]["status"] = "configured"
        assert of_stores([create(), cancel(1, 2)], stores) == [(checkers.NOT_GONE, ONE)]
        stores.records.clear()
        assert of_stores([create(), cancel(1, 2)], stores) == [(checkers.NOT_GONE, ONE)]

    def test_a_job_whose_cancellation_was_not_confirmed_and_whose_record_says_that_it_is_over(self):
        stores, whole = InStores().gone(), InStores().whole()
        stores.queues.update(whole.queues)
        assert of_stores([create(), cancel(1, 2, "info")], stores) == [(checkers.NOT_GONE, ONE)]

    @pytest.mark.parametrize("what", ["records", "analyzers", "queues"])
    def test_half_of_a_job_at_the_end_whose_cancellation_was_never_answered(self, what):
        stores = InStores().whole()
        getattr(stores, what).clear()
        assert of_stores([create(), cancel(1, 2, "info")], stores, is_last=True) == [(checkers.HALF_GONE, ONE)]

    def test_a_cancellation_that_found_no_job_makes_it_none_the_less_whole(self):
        operations = [create(), cancel(1, 2, told="absent")]
        assert of_stores(operations, InStores().gone()) == [(checkers.NOT_WHOLE, ONE)]

    def test_two_jobs_of_one_request(self):
        stores = InStores().whole(ONE, 1).whole(OTHER, 1)
        assert of_stores([create()], stores) == [(checkers.TWICE, ONE)]
        assert of_stores([create(outcome="info")], stores) == [(checkers.TWICE, None)]

    def test_an_effect_of_nobody(self):
        stores = InStores().whole()
        stores.new.append(New("work queue", Effect("q", OTHER, f"grpc-job-{OTHER}")))
        stores.new.append(New("stream service", Effect("s", "job-00000001", "grpc-service-job-00000001")))
        stores.new.append(New("analyzer pod", Effect("p", None, "a pod that goes", goes=True)))
        (found,) = store_violations([create()], stores.seen(), SETTINGS)
        assert (found.promise, found.job_id) == (checkers.NOBODYS, OTHER)
        assert found.problem == f"work queue grpc-job-{OTHER}"

    def test_a_violation_has_the_operations_about_its_job(self):
        operations = [create(), look(1, 2, "configured"), look(1, 2, "absent", job_id=OTHER)]
        (found,) = store_violations(operations, Seen(), SETTINGS)
        assert found.operations == tuple(operations[:2])


class TestAnswers:
    def test_one_that_is_wrong_by_itself(self):
        assert answers([create(wrong="status is empty")]) == [checkers.ANSWER]

    def test_one_that_is_too_late(self):
        late = create(0, SETTINGS.time_limits.unavailable_answered_s + 0.1)
        assert answers([late], [disturbed(0, 9)]) == [checkers.LATE]
        assert answers([late], [disturbed(0, 9, "Focus Server", "restart")]) == []
        assert answers([late], [disturbed(0, 2), disturbed(3, 4, "RabbitMQ")]) == [], "each part may cost as much"

    def test_one_whose_lateness_is_excused_by_nothing_but_what_was_disturbed_before_it_was_due(self):
        limit_s = SETTINGS.time_limits.unavailable_answered_s
        late = create(0, limit_s + 3)
        after = limit_s + 1
        assert answers([late], [disturbed(0, 2), disturbed(3, 4)]) == [checkers.LATE], "it is the same part"
        assert answers([late], [disturbed(0, 2), disturbed(after, 9, "RabbitMQ")]) == [checkers.LATE]
        assert answers([late], [disturbed(0, 2), disturbed(after, 9, "Focus Server", "kill")]) == [checkers.LATE]

    def test_none_at_all(self):
        unanswered = create(0, 1, "info")
        assert answers([unanswered], [disturbed(0, 9)]) == [checkers.NONE]
        assert answers([unanswered], [disturbed(0, 9, "Focus Server", "kill")]) == []
        assert answers([unanswered], [disturbed(1.1, 9, "Focus Server", "kill")]) == [checkers.NONE]

    def test_a_refusal_although_nothing_is_disturbed(self):
        recovered_s = SETTINGS.time_limits.recovered_s
        refused = create(100, 101, "fail")
        assert answers([refused]) == [checkers.REFUSED]
        assert answers([refused], [disturbed(90, 100.5)]) == []
        assert answers([refused], [disturbed(90, 100 - recovered_s + 0.1)]) == []
        assert answers([refused], [disturbed(80, 100 - recovered_s - 0.1)]) == [checkers.REFUSED]
        assert answers([operation("cancel", 100, 101, "info", status=503)]) == [checkers.REFUSED]

    def test_a_fault_that_has_not_ended_is_there(self):
        assert answers([create(100, 101, "fail")], [disturbed(1, None)]) == []


def test_an_id_that_is_given_out_twice():
    operations = [create(), create(1, 2, number=2), create(job_id=OTHER)]
    assert [(one.promise, one.job_id) for one in id_violations(operations)] == [(checkers.TWICE, ONE)]


class TestOrder:
    def test_an_answer_that_no_order_explains_is_told(self):
        operations = [create(0, 1), look(2, 3, "absent", client="2"), create(0, 1, job_id=OTHER)]
        (found,) = order_violations(operations, {})
        assert (found.promise, found.job_id) == (checkers.UNEXPLAINED, ONE)
        assert found.problem == "the look by client 2 at 3.000 s was answered: absent"

    def test_the_stores_have_the_last_word(self):
        operations, stores = [create(0, 1), cancel(2, 3)], InStores().whole()
        (found,) = order_violations(operations, final_states(operations, stores.seen(), SETTINGS, 20))
        assert found.problem == "the stores show it as configured"

from datetime import UTC, datetime

import pytest
from product import ALONE, OTHER, Product, configured
from stand_ins import JOB_ID, cancelled, exchange, requested, settings

from support.checks.promises import Promises
from support.core.errors import ExpectationFailed
from support.observers.happenings import Happening
from support.observers.side_effects import Effect, effects_of, no_effects, take_snapshot
from support.observers.sightings import SightingLog
from support.scenario.effect_ledger import EffectLedger

ONE = effects_of(1, ALONE.effects_of_a_job)
QUEUE = f"grpc-job-{JOB_ID}"


@pytest.fixture
def product():
    product = Product()
    product.add_queue("theirs")
    return product


@pytest.fixture
def promises(product):
    return Promises(ALONE, product.stores)


@pytest.fixture
def ledger(product, promises):
    return EffectLedger(ALONE, product.stores, promises, SightingLog())


@pytest.fixture
def job(ledger, product):
    """A job that was answered after the ledger was opened."""
    ledger.enter_exchange(requested(JOB_ID))
    return product.make(configured())


def told(call, *arguments):
    with pytest.raises(ExpectationFailed) as failure:
        call(*arguments)
    return str(failure.value)


def test_a_snapshot_counts_every_kind_and_where_it_is_shared_our_own_only(product):
    product.make(configured())
    product.make(configured(OTHER))
    everything = take_snapshot(product.stores, ALONE.naming, (), exclusive=True)
    counts = {kind: len(effects) for kind, effects in everything.items()}
    assert counts == effects_of(2, ALONE.effects_of_a_job) | {"work queue": 3, "queue consumer": 3}
    ours = take_snapshot(product.stores, ALONE.naming, [JOB_ID], exclusive=False)
    assert {kind: len(effects) for kind, effects in ours.items()} == ONE
    assert {effect.job_id for effects in ours.values() for effect in effects} == {JOB_ID}


def test_what_is_stated_is_waited_for(ledger, product):
    ledger.enter_exchange(requested(JOB_ID))
    product.at_look[3] = lambda: product.make(configured())
    ledger.expect_effects(ONE)
    assert product.looks == 3
    ledger.expect_nothing_else()


def test_what_is_missing_is_told(ledger, job, product):
    product.queues.pop(QUEUE)
    assert "work queue: +0 instead of +1" in told(ledger.expect_effects, ONE)


def test_too_much_is_a_failure_at_once_but_may_go_after_a_cancel(ledger, job, product):
    product.at_look[4] = lambda: product.cancel(JOB_ID)
    stated = no_effects() | {"task record": 1}
    assert "work queue: +1 instead of +0" in told(ledger.expect_effects, stated)
    assert product.looks == 2
    ledger.enter_exchange(cancelled(JOB_ID))
    ledger.expect_effects(stated)


def test_what_is_of_no_kind_must_not_change(ledger, job, product):
    ledger.expect_effects(ONE)
    ledger.expect_nothing_else()
    product.elsewhere["exchange", "job-1"] = "{}"
    assert "there is a new exchange, job-1: {}" in told(ledger.expect_nothing_else)


def test_what_is_of_no_kind_is_compared_with_the_end_of_the_scenario_before(ledger, product, promises):
    ledger.expect_nothing_else()
    product.elsewhere["exchange", "late"] = "{}"
    following = EffectLedger(ALONE, product.stores, promises, SightingLog(), ledger.last_surroundings)
    assert "there is a new exchange, late" in told(following.expect_nothing_else)
    assert following.last_surroundings == product.elsewhere
    EffectLedger(ALONE, product.stores, promises, SightingLog(), following.last_surroundings).expect_nothing_else()


@pytest.mark.parametrize("begins", ["in the scenario", "before the run"])
def test_recordings_are_compared_unless_a_recorder_is_at_work(product, promises, history, begins):
    ledger = ledger_with(history, product, promises)
    product.elsewhere["recording", "theirs"] = "{}"
    assert "there is a new recording, theirs: {}" in told(ledger.expect_nothing_else)
    assert ledger.last_surroundings == product.elsewhere
    if begins == "in the scenario":
        ledger.enter_disturbance(part="recorder")
    else:
        product.stores.blind_spots.recordings = "one is being recorded"
    history.untold = [happening(event, "recording", "theirs", None) for event in ("came", "changed")]
    ledger.expect_nothing_else()
    # A recorder that the scenario has started ends its recording when it is stopped, after this look.
    assert (ledger.last_surroundings is None) is (begins == "in the scenario")
    product.elsewhere["document of the collection recordings", "odd"] = "{}"
    assert "recordings, odd" in told(ledger.expect_nothing_else)


def test_another_part_that_is_disturbed_makes_no_recordings(product, promises, history):
    ledger = ledger_with(history, product, promises)
    ledger.enter_disturbance(part="MongoDB")
    history.untold = [happening("came", "recording", "theirs", None, uuid="of nobody")]
    assert "the recording theirs came at " in (said := told(ledger.expect_nothing_else))
    assert "{'uuid': 'of nobody'}" in said


def test_in_a_shared_environment_what_is_of_no_kind_is_not_looked_at(product, promises):
    shared = settings(exclusive=False)
    ledger = EffectLedger(shared, product.stores, promises, SightingLog())
    product.elsewhere["exchange", "theirs"] = "{}"
    ledger.expect_nothing_else()


def test_what_comes_late_is_seen(ledger, product):
    ledger.enter_exchange(exchange())
    product.at_look[3] = lambda: product.add_queue("stray")
    assert "work queue: +1 instead of +0; new: grpc-job-stray" in told(ledger.expect_nothing_else)


def test_a_promise_that_held_is_looked_at_once_more_unless_its_job_was_cancelled(ledger, job, product, promises):
    ledger.expect_effects(ONE)
    promises.expect_fulfilled([job])
    ledger.expect_nothing_else()
    product.records[0]["status"] = "error"
    assert "no longer: status is 'error'" in told(ledger.expect_nothing_else)
    ledger.enter_exchange(cancelled(JOB_ID))
    ledger.expect_nothing_else()


def test_jobs_to_cancel_are_all_that_were_answered_or_came_by_themselves_but_those_that_were_cancelled(ledger, product):
    for number in range(3):
        ledger.enter_exchange(requested(product.make(configured(f"job_{number:08x}")).job_id))
    product.make(configured("job_unanswered"))
    ledger.enter_exchange(cancelled("job_00000001"))
    assert ledger.jobs_to_cancel(ledger.unanswered()) == ["job_00000000", "job_00000002", "job_unanswered"]


def test_a_job_that_is_being_made_is_waited_for_and_one_that_was_answered_is_none(ledger, product):
    ledger.enter_exchange(requested(product.make(configured(OTHER)).job_id))
    product.at_look[4] = lambda: product.make(configured())
    ledger.expect_begun("task record")
    assert product.looks == 4
    assert ledger.unanswered() == {JOB_ID}


def test_that_no_effect_of_a_job_being_made_shows_is_told(ledger, product):
    product.make(configured())
    product.jobs.clear()
    ledger.expect_begun("task record")
    assert "there is no analyzer of one" in told(ledger.expect_begun, "analyzer")


UNANSWERED = exchange(method="POST", path="/configure", status=None)
REFUSED = exchange(method="POST", path="/configure", status=503)
PAYLOAD = configured().payload


def test_a_job_that_no_answer_named_is_whole_or_absent_and_half_of_one_is_waited_for(ledger, product):
    ledger.enter_exchange(UNANSWERED)
    ledger.expect_whole_or_absent(PAYLOAD, lambda job_id: False)
    ledger.expect_effects({})
    product.make(configured())
    pods, product.pods[:] = list(product.pods), []
    product.at_look[product.looks + 3] = lambda: product.pods.extend(pods)
    ledger.expect_whole_or_absent(PAYLOAD, lambda job_id: job_id == JOB_ID)
    assert product.pods
    ledger.expect_nothing_else()
    assert ledger.own_jobs == (JOB_ID,)


def test_half_a_job_two_of_them_and_one_that_the_server_does_not_know_are_told(ledger, product):
    ledger.enter_exchange(UNANSWERED)
    product.make(configured())
    assert f"the server does not know {JOB_ID}" in told(ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: False)
    product.make(configured(OTHER))
    assert "task record: +2 instead of +1" in told(ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: True)
    del product.queues[QUEUE], product.queues[f"grpc-job-{OTHER}"]
    assert "work queue: +0 instead of +1" in told(ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: True)


@pytest.mark.parametrize("answer", [UNANSWERED, requested(JOB_ID)], ids=["unanswered", "accepted"])
def test_a_job_with_half_a_record_is_no_whole_one(ledger, product, answer):
    ledger.enter_exchange(answer)
    product.make(configured())
    del product.records[0]["status"]
    said = told(ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: True)
    assert f"the record of {JOB_ID}: status is None instead of 'configured'" in said


def test_accepted_jobs_are_whole_beside_one_that_no_answer_named_and_one_that_was_refused_is_absent(ledger, product):
    ledger.enter_exchange(REFUSED)
    ledger.enter_exchange(requested(OTHER))
    assert "task record: +0 instead of +1" in told(ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: True)
    product.make(configured(OTHER))
    ledger.expect_whole_or_absent(PAYLOAD, lambda job_id: True)
    ledger.expect_nothing_else()
    product.make(configured())
    assert f"{JOB_ID} is there, and its request was refused" in told(
        ledger.expect_whole_or_absent, PAYLOAD, lambda job_id: True
    )
    ledger.enter_exchange(UNANSWERED)
    ledger.expect_whole_or_absent(PAYLOAD, lambda job_id: True)
    ledger.expect_nothing_else()
    assert set(ledger.own_jobs) == {JOB_ID, OTHER}


def test_where_it_is_shared_what_no_answer_named_is_found_by_its_mark(product, promises):
    ledger = EffectLedger(settings(), product.stores, promises, SightingLog())
    product.stores.job_ids_carrying = lambda keys: {f"job_of_{key}" for key in keys}
    product.make(configured(OTHER))
    ledger.enter_request("this key")
    assert ledger.jobs_to_cancel(ledger.unanswered()) == ["job_of_this key"]


@pytest.mark.parametrize("change", ["a stray queue", "a job"])
def test_only_what_did_not_change_is_untouched(ledger, product, change):
    assert ledger.untouched() == ledger.before
    if change == "a job":
        ledger.enter_exchange(requested(JOB_ID))
    else:
        product.add_queue("stray")
    assert ledger.untouched() is None


def test_a_cancelled_record_may_be_left_and_is_in_the_snapshot_that_is_given(ledger, job, product):
    product.cancel(JOB_ID)
    snapshot = ledger.expect_nothing_left(ledger.unanswered())
    assert [effect.job_id for effect in snapshot["task record"]] == [JOB_ID]
    assert snapshot["work queue"] == ledger.before["work queue"]


@pytest.mark.parametrize(
    ("leave", "said"),
    [
        (lambda product: product.add_queue(JOB_ID), f"the queue {QUEUE} is still there"),
        (lambda product: product.records[0].update(status="configured"), "the record says 'configured'"),
        (lambda product: product.records.append(dict(product.records[0], _id="2")), "task record: +2 instead of +1"),
        (lambda product: product.add_queue(OTHER), f"the queue grpc-job-{OTHER} is still there"),
        (
            lambda product: product.queues.update(stray=product.queues["grpc-job-theirs"]),
            "work queue: +1 instead of +0",
        ),
        (lambda product: product.queues.pop("grpc-job-theirs"), "gone: grpc-job-theirs"),
    ],
)
def test_whatever_else_is_left_or_gone_is_told(ledger, job, product, leave, said):
    product.cancel(JOB_ID)
    leave(product)
    assert said in told(ledger.expect_nothing_left, ledger.unanswered())


def happening(event, kind, identity, job_id, **content):
    return Happening(datetime.now(UTC), event, kind, Effect(identity, job_id, identity), content or None)


class Told:
    """A history that tells what a test has put into it, once."""

    def __init__(self):
        self.untold = []

    def read(self, *, is_last=False):
        told, self.untold = self.untold, []
        return told


@pytest.fixture
def history():
    return Told()


def ledger_with(history, product, promises, settings=ALONE):
    return EffectLedger(settings, product.stores, promises, SightingLog(), history=history)


def test_what_came_and_went_between_two_looks_is_told(product, promises, history):
    ledger = ledger_with(history, product, promises)
    history.untold = [happening(event, "work queue", "passing", None) for event in ("came", "went")]
    assert "the work queue passing came at " in told(ledger.expect_nothing_else)


def test_what_comes_and_goes_while_a_job_is_cancelled_is_told_too(product, promises, history):
    ledger = ledger_with(history, product, promises)
    ledger.enter_exchange(requested(product.make(configured()).job_id))
    product.cancel(JOB_ID)
    history.untold = [happening(event, "analyzer", "clean-up", None) for event in ("came", "went")]
    assert "the analyzer clean-up came at " in told(ledger.expect_nothing_left, ledger.unanswered())


def test_what_happened_before_the_scenario_is_none_of_its(product, promises, history):
    history.untold = [happening("came", "work queue", "late", None)]
    ledger = ledger_with(history, product, promises)
    assert [one.effect.name for one in ledger.happened_before] == ["late"]
    ledger.expect_nothing_else()


@pytest.mark.parametrize(("status", "is_allowed"), [(None, True), (503, True), (500, True), (422, False), (400, False)])
def test_a_request_that_was_refused_may_begin_nothing_and_one_that_failed_may(
    product, promises, history, status, is_allowed
):
    ledger = ledger_with(history, product, promises)
    ledger.enter_exchange(exchange({}, status, method="POST", path="/configure"))
    history.untold = [happening(event, "task record", "r", OTHER) for event in ("came", "went")]
    if is_allowed:
        ledger.expect_nothing_else()
    else:
        assert "the task record r came at " in told(ledger.expect_nothing_else)


def test_after_a_disturbance_a_consumer_may_come_anew(product, promises, history):
    ledger = ledger_with(history, product, promises)
    ledger.enter_exchange(requested(product.make(configured()).job_id))
    ledger.expect_effects(ONE)
    history.untold = [happening("came", "queue consumer", f"c{number}", JOB_ID, queue=QUEUE) for number in range(2)]
    ledger.enter_disturbance()
    ledger.expect_nothing_else()


def test_where_it_is_shared_what_carries_a_mark_of_ours_counts_and_what_is_others_does_not(product, promises, history):
    ledger = ledger_with(history, product, promises, settings())
    ledger.enter_request({"displayInfo.height": 777})
    history.untold = [
        happening("came", "task record", "theirs", OTHER, config={"displayInfo": {"height": 1}}),
        happening("came", "exchange", "theirs too", None),
    ]
    ledger.expect_nothing_else()
    history.untold = [happening("came", "task record", "ours", OTHER, config={"displayInfo": {"height": 777}})]
    assert "the task record ours came at " in told(ledger.expect_nothing_else)


def test_the_moments_at_which_effects_came_are_entered(product, promises, history):
    sightings = SightingLog()
    ledger = EffectLedger(ALONE, product.stores, promises, sightings, history=history)
    came = happening("came", "analyzer", "uid", None)
    history.untold = [came]
    ledger.read_history()
    assert sightings.came("object", "uid") == came.at
